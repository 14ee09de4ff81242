#include "evm/forks/homestead.hpp"

#include "evm/interpreter.hpp"

namespace mega::evm {

template struct Interpreter<HomesteadRules, false>;
template struct Interpreter<HomesteadRules, true>;

}  // namespace mega::evm
