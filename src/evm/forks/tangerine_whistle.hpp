#pragma once

// Tangerine Whistle: instructions that read state cost more, calls keep one 64th of the gas
// (EIP-150).

#include "evm/forks/homestead.hpp"

namespace mega::evm {

struct TangerineWhistleRules : HomesteadRules {
    static constexpr Fork fork = Fork::tangerine_whistle;
    static constexpr InstructionSet instructions = InstructionSet(HomesteadRules::instructions)
                                                       .reprice(Opcode::BALANCE, 400)
                                                       .reprice(Opcode::EXTCODESIZE, 700)
                                                       .reprice(Opcode::EXTCODECOPY, 700)
                                                       .reprice(Opcode::SLOAD, 200)
                                                       .reprice(Opcode::CALL, 700)
                                                       .reprice(Opcode::CALLCODE, 700)
                                                       .reprice(Opcode::DELEGATECALL, 700)
                                                       .reprice(Opcode::SELFDESTRUCT, 5000);
    static constexpr bool keeps_one_64th = true;
    static constexpr bool selfdestruct_pays_for_account = true;
};

}  // namespace mega::evm
