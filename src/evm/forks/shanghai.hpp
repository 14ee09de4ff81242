#pragma once

// Shanghai: PUSH0 (EIP-3855), limit and price of init code (EIP-3860).

#include "evm/forks/paris.hpp"

namespace mega::evm {

struct ShanghaiRules : ParisRules {
    static constexpr Fork fork = Fork::shanghai;
    static constexpr InstructionSet instructions =
        InstructionSet(ParisRules::instructions).set(Opcode::PUSH0, 2, 0, 1);
    static constexpr bool limits_init_code = true;
};

}  // namespace mega::evm
