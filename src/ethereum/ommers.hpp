#pragma once

// Ommers: headers of blocks beside the chain that a block of proof of work may list (Yellow Paper
// section 11.1).

#include "ethereum/block_fault.hpp"
#include "ethereum/chain_config.hpp"

namespace mega::ethereum {

inline constexpr size_t max_ommers = 2;
/// How far back an ommer's parent may lie, and how many ancestors it takes to check that.
inline constexpr size_t ommer_ancestors = 7;

/// A block before the one that lists the ommers, with those that it lists itself.
struct Ancestor {
    Hash256 hash;
    const BlockHeader* header = nullptr;  // never null
    std::span<const Hash256> ommer_hashes;
};

/// `ancestors`: the parent first, `ommer_ancestors` of them or as many as there are.
[[nodiscard]] Result<void, BlockFault> check_ommers(
    const ChainConfig& config,
    std::span<const BlockHeader> ommers,
    std::span<const Ancestor> ancestors
);

}  // namespace mega::ethereum
