#include "evm/forks/berlin.hpp"

#include "evm/interpreter.hpp"

namespace mega::evm {

template struct Interpreter<BerlinRules, false>;
template struct Interpreter<BerlinRules, true>;

}  // namespace mega::evm
