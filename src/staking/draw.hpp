#pragma once

// Draws without replacement, weighted by stake: who leads a slot, who stands by, who is in an
// epoch's committee. The same as contracts/src/staking/lib/Draw.sol, which says the last word
// (docs/staking.md, "Seeds, leaders, committees"). Pure.

#include "base/bytes.hpp"
#include "types/u256.hpp"

#include <span>
#include <vector>

namespace mega::staking {

/// Candidates of a slot, at most.
inline constexpr size_t max_ranks = 8;

/// Places in `weights` of those drawn, in the order of the draw: `count` of them, or all that have
/// a weight when these are fewer. Weights are below 2^96, so that no sum of a table overflows.
[[nodiscard]] std::vector<size_t> order(
    std::span<const u256> weights, const Hash256& seed, size_t count
);

struct SeedFacts {
    uint64_t l1_chain_id = 0;
    uint64_t l2_chain_id = 0;
    uint64_t epoch = 0;
    Hash256 prev_randao;
    Hash256 block_hash;  // of the epoch's first L1 block, as prev_randao
};
[[nodiscard]] Hash256 epoch_seed(const SeedFacts& facts);

/// Places in the table of a slot's candidates, the one in charge first.
[[nodiscard]] std::vector<size_t> slot_order(
    std::span<const u256> stakes, const Hash256& seed, uint64_t slot
);
/// Places in the table of the committee's members, in the committee's order: the whole table when
/// it is not larger than `size`.
[[nodiscard]] std::vector<size_t> committee_order(
    std::span<const u256> stakes, const Hash256& seed, size_t size
);

}  // namespace mega::staking
