#pragma once

// Cancun: transient storage (EIP-1153), BLOBHASH (EIP-4844), MCOPY (EIP-5656), BLOBBASEFEE
// (EIP-7516).

#include "evm/forks/shanghai.hpp"

namespace mega::evm {

struct CancunRules : ShanghaiRules {
    static constexpr Fork fork = Fork::cancun;
    static constexpr InstructionSet instructions = InstructionSet(ShanghaiRules::instructions)
                                                       .set(Opcode::TLOAD, 100, 1, 1)
                                                       .set(Opcode::TSTORE, 100, 2, 0)
                                                       .set(Opcode::MCOPY, 3, 3, 0)
                                                       .set(Opcode::BLOBHASH, 3, 1, 1)
                                                       .set(Opcode::BLOBBASEFEE, 2, 0, 1);
};

}  // namespace mega::evm
