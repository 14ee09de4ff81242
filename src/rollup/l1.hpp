#pragma once

// What the chain sees of L1: blocks to which L2 blocks refer as their origin, and the entries of
// the DepositQueue. docs/settlement.md draws how they hang together.

#include "types/transaction.hpp"

#include <optional>
#include <vector>

namespace mega::rollup {

/// What an L2 block knows of an L1 block.
struct L1Ref {
    uint64_t number = 0;
    Hash256 hash{};
    uint64_t timestamp = 0;  // seconds
    u256 base_fee{};
    u256 blob_base_fee{};
    friend bool operator==(const L1Ref&, const L1Ref&) = default;
};

/// How far into L1 an L2 block has seen.
struct L1Position {
    L1Ref origin;
    /// Entries of the queue that were consumed up to and with this block.
    uint64_t cursor = 0;
    friend bool operator==(const L1Position&, const L1Position&) = default;
};

/// Of block 0: the L1 block before the one that holds the contracts, of which only the number is
/// known. A chain that has seen nothing of L1 yet stays there, without L1 attributes.
[[nodiscard]] inline L1Position genesis_position(uint64_t l1_start_block) {
    L1Position position;
    position.origin.number = l1_start_block == 0 ? 0 : l1_start_block - 1;
    return position;
}

enum class EntryKind : uint8_t { deposit = 0, forced_transaction = 1 };

/// An entry of the DepositQueue.
struct QueueEntry {
    uint64_t index = 0;
    EntryKind kind = EntryKind::deposit;
    Bytes envelope;
    /// After this entry, as L1 has it.
    Hash256 rolling_hash{};
    friend bool operator==(const QueueEntry&, const QueueEntry&) = default;
};

/// An L1 block with what it appended to the queue, ascending.
struct L1Block {
    L1Ref ref;
    Hash256 parent_hash{};
    std::vector<QueueEntry> entries;
};

}  // namespace mega::rollup
