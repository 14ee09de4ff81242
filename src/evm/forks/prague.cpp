#include "evm/forks/prague.hpp"

#include "evm/interpreter.hpp"

namespace mega::evm {

template struct Interpreter<PragueRules, false>;
template struct Interpreter<PragueRules, true>;

}  // namespace mega::evm
