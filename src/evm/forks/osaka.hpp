#pragma once

// Osaka: CLZ (EIP-7939).

#include "evm/forks/prague.hpp"

namespace mega::evm {

struct OsakaRules : PragueRules {
    static constexpr Fork fork = Fork::osaka;
    static constexpr InstructionSet instructions =
        InstructionSet(PragueRules::instructions).set(Opcode::CLZ, 5, 1, 1);
};

}  // namespace mega::evm
