#include "evm/forks/frontier.hpp"

#include "evm/interpreter.hpp"

namespace mega::evm {

template struct Interpreter<FrontierRules, false>;
template struct Interpreter<FrontierRules, true>;

}  // namespace mega::evm
