#pragma once

// London: BASEFEE (EIP-3198), smaller refunds (EIP-3529).

#include "evm/forks/berlin.hpp"

namespace mega::evm {

struct LondonRules : BerlinRules {
    static constexpr Fork fork = Fork::london;
    static constexpr InstructionSet instructions =
        InstructionSet(BerlinRules::instructions).set(Opcode::BASEFEE, 2, 0, 1);
    static constexpr StorageGas storage_gas{
        .is_net_metered = true,
        .needs_stipend_reserve = true,
        .unchanged = 100,
        .reset = 2900,
        .clear_refund = 4800
    };
    static constexpr int64_t selfdestruct_refund = 0;
};

}  // namespace mega::evm
