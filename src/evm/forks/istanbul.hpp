#pragma once

// Istanbul: CHAINID (EIP-1344), SELFBALANCE and dearer state reads (EIP-1884), net gas metering
// (EIP-2200).

#include "evm/forks/petersburg.hpp"

namespace mega::evm {

struct IstanbulRules : PetersburgRules {
    static constexpr Fork fork = Fork::istanbul;
    static constexpr InstructionSet instructions = InstructionSet(PetersburgRules::instructions)
                                                       .set(Opcode::CHAINID, 2, 0, 1)
                                                       .set(Opcode::SELFBALANCE, 5, 0, 1)
                                                       .reprice(Opcode::BALANCE, 700)
                                                       .reprice(Opcode::EXTCODEHASH, 700)
                                                       .reprice(Opcode::SLOAD, 800);
    static constexpr StorageGas storage_gas{
        .is_net_metered = true, .needs_stipend_reserve = true, .unchanged = 800
    };
};

}  // namespace mega::evm
