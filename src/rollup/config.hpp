#pragma once

// What of rollup.json the rules of derivation depend on: it is the same for everyone who follows
// the chain.

#include "base/bytes.hpp"

namespace mega::rollup {

struct RollupConfig {
    uint64_t l1_chain_id = 0;
    uint64_t l2_chain_id = 0;
    uint64_t l1_start_block = 0;  // which holds the contracts' deployment
    Hash256 l2_genesis_hash{};
    Address deposit_queue{};
    Address batch_inbox{};

    // Of block 0.
    uint64_t genesis_timestamp = 0;
    uint64_t genesis_gas_limit = 0;
    Address genesis_beneficiary{};
};

/// A batch with a block outside these derives as one with hostile data does: a block must have room
/// for a forced batch's deposits, and an end.
inline constexpr uint64_t min_block_gas_limit = 22'000'000;
inline constexpr uint64_t max_block_gas_limit = 100'000'000'000;

}  // namespace mega::rollup
