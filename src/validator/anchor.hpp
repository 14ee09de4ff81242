#pragma once

// The newest block that L1 names. Headers below it may be believed by their hashes, because the
// chain that they make must come to it; above it nothing is believed without a witness.

#include "base/bytes.hpp"

#include <cstdint>

namespace mega::validator {

struct Anchor {
    uint64_t block_number = 0;
    Hash256 block_hash;
};

enum class Passage : uint8_t { ahead, reached, missed };

/// What taking the block `number` means for an anchor that was ahead.
[[nodiscard]] inline Passage passage(const Anchor& anchor, uint64_t number, const Hash256& hash) {
    if (number < anchor.block_number) {
        return Passage::ahead;
    }
    return number == anchor.block_number && hash == anchor.block_hash ? Passage::reached
                                                                      : Passage::missed;
}

}  // namespace mega::validator
