#pragma once

// Berlin: warm and cold access (EIP-2929). The table holds the warm price; instructions add the
// cold surcharge.

#include "evm/forks/istanbul.hpp"

namespace mega::evm {

struct BerlinRules : IstanbulRules {
    static constexpr Fork fork = Fork::berlin;
    static constexpr InstructionSet instructions = InstructionSet(IstanbulRules::instructions)
                                                       .reprice(Opcode::BALANCE, 100)
                                                       .reprice(Opcode::EXTCODESIZE, 100)
                                                       .reprice(Opcode::EXTCODECOPY, 100)
                                                       .reprice(Opcode::EXTCODEHASH, 100)
                                                       .reprice(Opcode::SLOAD, 100)
                                                       .reprice(Opcode::CALL, 100)
                                                       .reprice(Opcode::CALLCODE, 100)
                                                       .reprice(Opcode::DELEGATECALL, 100)
                                                       .reprice(Opcode::STATICCALL, 100);
    static constexpr StorageGas storage_gas{
        .is_net_metered = true, .needs_stipend_reserve = true, .unchanged = 100, .reset = 2900
    };
    static constexpr bool has_access_lists = true;
};

}  // namespace mega::evm
