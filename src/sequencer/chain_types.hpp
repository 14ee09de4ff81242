#pragma once

// What the chain consists of once executed: shared, immutable objects that the sequencer makes and
// every reader (RPC, subscriptions, database writer) holds without copying.

#include "mempool/pool.hpp"
#include "rollup/l1.hpp"
#include "state/diff.hpp"
#include "types/block.hpp"
#include "types/mini_block.hpp"
#include "types/receipt.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace mega::sequencer {

struct ExecutedTransaction {
    mempool::TxPtr tx;
    Receipt receipt;
    uint64_t gas_used = 0;
    u256 effective_gas_price;
    std::optional<Address> created;
    uint64_t block_number = 0;
    uint32_t index = 0;            // within the block
    uint64_t first_log_index = 0;  // within the block
};
using ExecutedPtr = std::shared_ptr<const ExecutedTransaction>;
using DiffPtr = std::shared_ptr<const state::StateDiff>;

struct MiniBlock {
    MiniBlockHeader header;
    std::vector<ExecutedPtr> transactions;
    DiffPtr diff;
};
using MiniBlockPtr = std::shared_ptr<const MiniBlock>;

struct SealedBlock {
    BlockHeader header;
    Hash256 hash;
    /// The name that the block had while it was open (see OpenBlock): it keeps leading here.
    Hash256 opening_hash;
    /// How far into L1 it has seen; absent on a chain without L1.
    std::optional<rollup::L1Position> l1{};
    std::vector<ExecutedPtr> transactions;
    std::vector<MiniBlockPtr> mini_blocks;
    DiffPtr diff;
    /// The part of it that is in no mini-block; null for a block out of the database.
    DiffPtr closing_diff;
};
using SealedPtr = std::shared_ptr<const SealedBlock>;

}  // namespace mega::sequencer
