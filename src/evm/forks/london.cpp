#include "evm/forks/london.hpp"

#include "evm/interpreter.hpp"

namespace mega::evm {

template struct Interpreter<LondonRules, false>;
template struct Interpreter<LondonRules, true>;

}  // namespace mega::evm
