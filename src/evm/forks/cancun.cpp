#include "evm/forks/cancun.hpp"

#include "evm/interpreter.hpp"

namespace mega::evm {

template struct Interpreter<CancunRules, false>;
template struct Interpreter<CancunRules, true>;

}  // namespace mega::evm
