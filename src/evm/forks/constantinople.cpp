#include "evm/forks/constantinople.hpp"

#include "evm/interpreter.hpp"

namespace mega::evm {

template struct Interpreter<ConstantinopleRules, false>;
template struct Interpreter<ConstantinopleRules, true>;

}  // namespace mega::evm
