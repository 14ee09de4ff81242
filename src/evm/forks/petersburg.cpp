#include "evm/forks/petersburg.hpp"

#include "evm/interpreter.hpp"

namespace mega::evm {

template struct Interpreter<PetersburgRules, false>;
template struct Interpreter<PetersburgRules, true>;

}  // namespace mega::evm
