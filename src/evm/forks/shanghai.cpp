#include "evm/forks/shanghai.hpp"

#include "evm/interpreter.hpp"

namespace mega::evm {

template struct Interpreter<ShanghaiRules, false>;
template struct Interpreter<ShanghaiRules, true>;

}  // namespace mega::evm
