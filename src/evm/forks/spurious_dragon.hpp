#pragma once

// Spurious Dragon: EXP bytes cost more (EIP-160), empty accounts do not exist (EIP-161).

#include "evm/forks/tangerine_whistle.hpp"

namespace mega::evm {

struct SpuriousDragonRules : TangerineWhistleRules {
    static constexpr Fork fork = Fork::spurious_dragon;
    static constexpr int64_t exp_byte_gas = 50;
    static constexpr bool has_empty_accounts = false;
};

}  // namespace mega::evm
