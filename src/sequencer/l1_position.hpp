#pragma once

// What a sealed block has seen of L1, read back from its transactions: a block in which the
// position moved begins with an L1 attributes deposit, and all others inherit their parent's.

#include "rollup/l1.hpp"
#include "storage/chain_store.hpp"

namespace mega::sequencer {

/// The position after block `number`; `genesis` is that of block 0. Walks back to the last block
/// that moved, which is a few blocks while L1 goes on.
[[nodiscard]] Result<rollup::L1Position> l1_position_after(
    const storage::ChainStore& blocks, uint64_t number, const rollup::L1Position& genesis
);
/// The last block, not after `number`, whose origin is not after L1 block `l1_number`.
[[nodiscard]] Result<uint64_t> last_block_of_origin(
    const storage::ChainStore& blocks,
    uint64_t number,
    uint64_t l1_number,
    const rollup::L1Position& genesis
);

/// How many transactions of the block came from L1: its first mini-block holds them alone.
[[nodiscard]] size_t count_from_l1(const storage::StoredBlock& block);

}  // namespace mega::sequencer
