#pragma once

// The block that L1 vouches for, for those who begin to verify a chain: the last one under a claim
// that is final, or else the last one of the newest batch, which nobody can change any more than
// L1, though whether its state is right has not been claimed or not been waited for yet.

#include "base/bytes.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <filesystem>
#include <string>

namespace mega::node {

struct L1Trust {
    uint64_t block_number = 0;
    Hash256 block_hash;
    std::string reason;  // why it is trusted, for people
    /// The last block of the newest batch that names it: no chain without it is the one on L1. The
    /// trusted block itself when there is none after it.
    uint64_t anchor_number = 0;
    Hash256 anchor_hash;
};

/// `rollup_file`: rollup.json of the chain. An error when L1 is another one, or cannot be asked.
[[nodiscard]] Result<L1Trust> trusted_by_l1(
    const std::string& l1_url, const std::filesystem::path& rollup_file
);

}  // namespace mega::node
