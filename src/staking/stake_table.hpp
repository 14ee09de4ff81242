#pragma once

// What is at stake in an epoch, and how L1 time is divided: epochs of `epoch_length` seconds from
// `genesis_time` on, each of `slots_per_epoch` slots (docs/staking.md). Pure.

#include "crypto/bls_signature.hpp"
#include "types/u256.hpp"

#include <optional>
#include <vector>

namespace mega::staking {

/// A validator of the table: own and delegated stake.
struct StakeEntry {
    uint32_t id = 0;
    u256 stake;
    friend bool operator==(const StakeEntry&, const StakeEntry&) = default;
};

/// What L1 keeps of a registered validator, for ever.
struct ValidatorKeys {
    uint32_t id = 0;
    Address operator_address;  // posts batches, holds the stake
    Address signer;            // of mini-blocks (chain_key.hpp)
    crypto::bls::PublicKey attester;
};

/// An epoch's stake table, in ascending order of id.
struct StakeTable {
    uint64_t epoch = 0;
    std::vector<StakeEntry> entries;

    [[nodiscard]] std::vector<u256> stakes() const;
    [[nodiscard]] u256 total() const;
    [[nodiscard]] const StakeEntry* find(uint32_t id) const;
};

struct EpochClock {
    uint64_t genesis_time = 0;
    uint64_t epoch_length = 1;  // seconds, of L1
    uint64_t slots_per_epoch = 1;

    /// A time before genesis is of epoch 0.
    [[nodiscard]] uint64_t epoch_of(uint64_t time) const;
    [[nodiscard]] uint64_t epoch_start(uint64_t epoch) const;
    [[nodiscard]] uint64_t slot_length() const { return epoch_length / slots_per_epoch; }
    [[nodiscard]] uint64_t slot_start_of(uint64_t time) const;
    /// Which slot of its epoch starts at this time.
    [[nodiscard]] uint64_t slot_index(uint64_t slot_start) const;
};

}  // namespace mega::staking
