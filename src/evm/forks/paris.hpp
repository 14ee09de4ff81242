#pragma once

// Paris: proof of stake; 0x44 gives PREVRANDAO (EIP-4399), which the block context already holds in
// that place.

#include "evm/forks/london.hpp"

namespace mega::evm {

struct ParisRules : LondonRules {
    static constexpr Fork fork = Fork::paris;
};

}  // namespace mega::evm
