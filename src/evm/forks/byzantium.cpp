#include "evm/forks/byzantium.hpp"

#include "evm/interpreter.hpp"

namespace mega::evm {

template struct Interpreter<ByzantiumRules, false>;
template struct Interpreter<ByzantiumRules, true>;

}  // namespace mega::evm
