#include "evm/forks/paris.hpp"

#include "evm/interpreter.hpp"

namespace mega::evm {

template struct Interpreter<ParisRules, false>;
template struct Interpreter<ParisRules, true>;

}  // namespace mega::evm
