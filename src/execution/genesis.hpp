#pragma once

// The first block of a chain: a state out of an allocation, and the header above it. Reading JSON
// is the caller's business.

#include "evm/fork.hpp"
#include "state/diff.hpp"
#include "types/block.hpp"

#include <map>

namespace mega::execution {

struct GenesisAccount {
    uint64_t nonce = 0;
    u256 balance;
    Bytes code;
    std::map<u256, u256> storage;  // zeros are left out
};

struct GenesisSpec {
    std::map<Address, GenesisAccount> alloc;
    uint64_t number = 0;
    uint64_t timestamp = 0;  // seconds
    uint64_t gas_limit = 30'000'000;
    uint64_t gas_used = 0;
    Hash256 parent_hash;
    Address beneficiary;
    u256 difficulty;
    Hash256 prev_randao;  // mix hash
    FixedBytes<8> nonce;
    Bytes extra_data;
    /// EIP-1559's 1 gwei when absent under London and later.
    std::optional<u256> base_fee_per_gas;
    std::optional<uint64_t> blob_gas_used;    // zero when absent under Cancun and later
    std::optional<uint64_t> excess_blob_gas;  // the same
};

struct Genesis {
    state::StateDiff diff;  // from nothing
    BlockHeader header;
};

/// The header has the fields that `fork` knows, and the root of the allocation.
[[nodiscard]] Genesis make_genesis(Fork fork, const GenesisSpec& spec);

/// The diff alone.
[[nodiscard]] state::StateDiff allocate(const std::map<Address, GenesisAccount>& alloc);

}  // namespace mega::execution
