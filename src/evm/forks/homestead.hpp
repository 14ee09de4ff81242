#pragma once

// Homestead: DELEGATECALL (EIP-7).

#include "evm/forks/frontier.hpp"

namespace mega::evm {

struct HomesteadRules : FrontierRules {
    static constexpr Fork fork = Fork::homestead;
    static constexpr InstructionSet instructions =
        InstructionSet(FrontierRules::instructions).set(Opcode::DELEGATECALL, 40, 6, 1);
};

}  // namespace mega::evm
