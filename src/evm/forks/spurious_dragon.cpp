#include "evm/forks/spurious_dragon.hpp"

#include "evm/interpreter.hpp"

namespace mega::evm {

template struct Interpreter<SpuriousDragonRules, false>;
template struct Interpreter<SpuriousDragonRules, true>;

}  // namespace mega::evm
