#pragma once

// An epoch's rewards, as anyone computes them from L1 (docs/staking.md, "Rewards"): who earned
// what, the Merkle tree that Rewards pays by, and a proof for each account. Pure; reward_source.hpp
// reads what it needs from L1.
//
//   leaf = keccak256(keccak256(abi.encode(uint48 epoch, address account, uint256 amount)))
//
// One leaf an account, in ascending order of the account; a level pairs neighbours, the smaller
// hash first, and carries one that is left over up as it is. The root of one leaf is that leaf; an
// epoch in which nobody earned anything has the root 0 and is skipped.

#include "types/u256.hpp"

#include <map>
#include <optional>
#include <vector>

namespace mega::staking {

/// What a validator did in the epoch, and among whom its reward is divided.
struct ValidatorDuty {
    uint32_t id = 0;
    Address operator_address{};
    uint64_t blocks = 0;    // of its batches
    u256 stake{};           // in the committee; 0: not in it
    uint64_t attested = 0;  // recorded batches that it attested
    uint64_t commission_bps = 0;
    u256 total_shares{};  // at the epoch's start
    std::map<Address, u256> shares{};
};

struct RewardInputs {
    uint64_t epoch = 0;
    u256 pot{};
    uint64_t all_blocks = 0;  // of all batches, those of nobody who has a stake too
    uint64_t recorded = 0;    // quorate batches
    u256 committee_stake{};
    std::vector<ValidatorDuty> validators{};  // ascending ids
};

struct ValidatorReward {
    uint32_t id = 0;
    u256 for_sequencing{};
    u256 for_attesting{};
    u256 commission{};  // of both
};

struct RewardLeaf {
    Address account{};
    u256 amount{};
    Hash256 hash{};
};

struct RewardReport {
    uint64_t epoch = 0;
    u256 pot{};
    u256 total{};  // of the leaves: what is proposed
    std::vector<ValidatorReward> validators;
    std::vector<RewardLeaf> leaves;  // ascending accounts
    Hash256 root{};

    /// Nothing when the account earned nothing.
    [[nodiscard]] const RewardLeaf* leaf_of(const Address& account) const;
    /// The leaf's siblings, from the bottom up. `position` is below `leaves.size()`.
    [[nodiscard]] std::vector<Hash256> proof_of(size_t position) const;
};

[[nodiscard]] RewardReport compute_rewards(const RewardInputs& inputs);

[[nodiscard]] Hash256 reward_leaf(uint64_t epoch, const Address& account, const u256& amount);
/// As MerkleProof of OpenZeppelin checks it.
[[nodiscard]] bool verify_reward_proof(
    const Hash256& root, const Hash256& leaf, const std::vector<Hash256>& proof
);

}  // namespace mega::staking
