#include "staking/reward_report.hpp"

#include "base/assert.hpp"
#include "crypto/keccak.hpp"
#include "settlement/abi.hpp"
#include "staking/reward_math.hpp"

#include <algorithm>

namespace mega::staking {
namespace {

Hash256 parent_of(const Hash256& a, const Hash256& b) {
    Bytes both = to_bytes(std::min(a, b).view());
    append(both, std::max(a, b));
    return crypto::keccak256(both);
}

std::vector<Hash256> level_above(const std::vector<Hash256>& level) {
    std::vector<Hash256> above;
    for (size_t i = 0; i + 1 < level.size(); i += 2) {
        above.push_back(parent_of(level[i], level[i + 1]));
    }
    if (level.size() % 2 == 1) {
        above.push_back(level.back());
    }
    return above;
}

std::vector<Hash256> hashes_of(const std::vector<RewardLeaf>& leaves) {
    std::vector<Hash256> hashes;
    hashes.reserve(leaves.size());
    for (const RewardLeaf& leaf : leaves) {
        hashes.push_back(leaf.hash);
    }
    return hashes;
}

/// The operator's commission, then shares of the rest.
void divide(const ValidatorDuty& duty, const u256& reward, std::map<Address, u256>& earned) {
    const u256 fee = commission(reward, u256{duty.commission_bps});
    earned[duty.operator_address] += fee;
    for (const auto& [account, shares] : duty.shares) {
        earned[account] += share_of(reward - fee, shares, duty.total_shares);
    }
}

}  // namespace

RewardReport compute_rewards(const RewardInputs& inputs) {
    RewardReport report;
    report.epoch = inputs.epoch;
    report.pot = inputs.pot;
    std::map<Address, u256> earned;
    for (const ValidatorDuty& duty : inputs.validators) {
        ValidatorReward line{.id = duty.id};
        line.for_sequencing =
            sequencer_reward(inputs.pot, u256{duty.blocks}, u256{inputs.all_blocks});
        line.for_attesting = attester_reward(
            inputs.pot,
            duty.stake,
            inputs.committee_stake,
            u256{duty.attested},
            u256{inputs.recorded}
        );
        const u256 reward = line.for_sequencing + line.for_attesting;
        line.commission = commission(reward, u256{duty.commission_bps});
        divide(duty, reward, earned);
        report.validators.push_back(line);
    }
    for (const auto& [account, amount] : earned) {
        if (!amount.is_zero()) {
            report.leaves.push_back({account, amount, reward_leaf(inputs.epoch, account, amount)});
            report.total += amount;
        }
    }
    std::vector<Hash256> level = hashes_of(report.leaves);
    while (level.size() > 1) {
        level = level_above(level);
    }
    report.root = level.empty() ? Hash256{} : level.front();
    return report;
}

const RewardLeaf* RewardReport::leaf_of(const Address& account) const {
    const auto found = std::ranges::find(leaves, account, &RewardLeaf::account);
    return found == leaves.end() ? nullptr : &*found;
}

std::vector<Hash256> RewardReport::proof_of(size_t position) const {
    MEGA_ASSERT(position < leaves.size());
    std::vector<Hash256> proof;
    std::vector<Hash256> level = hashes_of(leaves);
    while (level.size() > 1) {
        if (const size_t sibling = position ^ 1; sibling < level.size()) {
            proof.push_back(level[sibling]);
        }
        level = level_above(level);
        position /= 2;
    }
    return proof;
}

Hash256 reward_leaf(uint64_t epoch, const Address& account, const u256& amount) {
    const Bytes encoded =
        settlement::abi::Encoder().word(u256{epoch}).word(account).word(amount).take();
    return crypto::keccak256(crypto::keccak256(encoded));
}

bool verify_reward_proof(
    const Hash256& root, const Hash256& leaf, const std::vector<Hash256>& proof
) {
    Hash256 hash = leaf;
    for (const Hash256& sibling : proof) {
        hash = parent_of(hash, sibling);
    }
    return hash == root;
}

}  // namespace mega::staking
