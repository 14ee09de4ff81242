#include "evm/forks/tangerine_whistle.hpp"

#include "evm/interpreter.hpp"

namespace mega::evm {

template struct Interpreter<TangerineWhistleRules, false>;
template struct Interpreter<TangerineWhistleRules, true>;

}  // namespace mega::evm
