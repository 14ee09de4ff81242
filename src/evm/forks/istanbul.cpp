#include "evm/forks/istanbul.hpp"

#include "evm/interpreter.hpp"

namespace mega::evm {

template struct Interpreter<IstanbulRules, false>;
template struct Interpreter<IstanbulRules, true>;

}  // namespace mega::evm
