#pragma once

// A block that L1 dictates, ready to be executed: what derivation gives, with the senders
// recovered.

#include "mempool/pool.hpp"
#include "rollup/derivation.hpp"

namespace mega::sequencer {

struct DictatedBlock {
    uint64_t number = 0;
    uint64_t timestamp = 0;
    uint64_t gas_limit = 0;
    Address beneficiary;
    rollup::L1Position position;
    std::vector<mempool::TxPtr> from_l1;       // L1 attributes first
    std::vector<mempool::TxPtr> transactions;  // those that cannot be executed are skipped
};

/// Recovers the senders of the block's transactions; those that nobody signed are left out. Takes
/// most of the time of following L1: blocks may be prepared on several threads.
[[nodiscard]] DictatedBlock dictated_block(rollup::DerivedBlock block);

}  // namespace mega::sequencer
