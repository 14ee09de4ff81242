#pragma once

// Byzantium: REVERT (EIP-140), RETURNDATASIZE and RETURNDATACOPY (EIP-211), STATICCALL (EIP-214).

#include "evm/forks/spurious_dragon.hpp"

namespace mega::evm {

struct ByzantiumRules : SpuriousDragonRules {
    static constexpr Fork fork = Fork::byzantium;
    static constexpr InstructionSet instructions = InstructionSet(SpuriousDragonRules::instructions)
                                                       .set(Opcode::RETURNDATASIZE, 2, 0, 1)
                                                       .set(Opcode::RETURNDATACOPY, 3, 3, 0)
                                                       .set(Opcode::STATICCALL, 700, 6, 1)
                                                       .set(Opcode::REVERT, 0, 2, 0);
};

}  // namespace mega::evm
