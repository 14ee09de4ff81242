#include "evm/forks/osaka.hpp"

#include "evm/interpreter.hpp"

namespace mega::evm {

template struct Interpreter<OsakaRules, false>;
template struct Interpreter<OsakaRules, true>;

}  // namespace mega::evm
