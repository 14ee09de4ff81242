#pragma once

// Prague: calls follow, and pay for, code delegations (EIP-7702).

#include "evm/forks/cancun.hpp"

namespace mega::evm {

struct PragueRules : CancunRules {
    static constexpr Fork fork = Fork::prague;
    static constexpr bool has_delegations = true;
};

}  // namespace mega::evm
