#pragma once

// Constantinople: shifts (EIP-145), CREATE2 (EIP-1014), EXTCODEHASH (EIP-1052), net gas metering
// (EIP-1283).

#include "evm/forks/byzantium.hpp"

namespace mega::evm {

struct ConstantinopleRules : ByzantiumRules {
    static constexpr Fork fork = Fork::constantinople;
    static constexpr InstructionSet instructions = InstructionSet(ByzantiumRules::instructions)
                                                       .set(Opcode::SHL, 3, 2, 1)
                                                       .set(Opcode::SHR, 3, 2, 1)
                                                       .set(Opcode::SAR, 3, 2, 1)
                                                       .set(Opcode::EXTCODEHASH, 400, 1, 1)
                                                       .set(Opcode::CREATE2, 0, 4, 1);
    static constexpr StorageGas storage_gas{.is_net_metered = true, .unchanged = 200};
};

}  // namespace mega::evm
