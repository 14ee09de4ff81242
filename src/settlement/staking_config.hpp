#pragma once

// What MEGA, staking and governance are deployed with (docs/staking.md, docs/governance.md). The
// defaults are those a public chain would start with.

#include "base/result.hpp"
#include "replay/json_fields.hpp"
#include "types/u256.hpp"

#include <string>
#include <vector>

namespace mega::settlement {

inline const u256 one_mega{1'000'000'000'000'000'000ULL};
/// MEGA that there is, in wei: minted once.
inline const u256 mega_supply = u256{1'000'000'000ULL} * one_mega;

/// One line of the genesis distribution. With a duration of 0 the beneficiary gets it at once.
struct Allocation {
    std::string name;
    Address beneficiary{};  // zero: the timelock
    u256 amount{};          // wei
    uint64_t start = 0;
    uint64_t duration_s = 0;
    uint64_t cliff_s = 0;
};

struct StakingConfig {
    /// Start of epoch 0, L1 time; not after the deployment. 0: the genesis of L2.
    uint64_t genesis_time = 0;
    uint64_t epoch_length_s = 3'600;
    uint64_t exit_stride = 24;  // epochs
    uint64_t unbonding_epochs = 336;
    u256 min_self_stake = u256{100'000} * one_mega;
    u256 min_delegation = u256{10} * one_mega;
    u256 min_churn = u256{1'000'000} * one_mega;
    uint32_t max_validators = 64;

    uint64_t l1_slot_time_s = 12;  // 0: blocks come at no fixed pace
    uint64_t slots_per_epoch = 60;
    uint32_t silence_s = 24;
    uint32_t grace_s = 12;
    uint32_t committee_size = 128;

    uint64_t correlation_epochs = 168;
    uint64_t downtime_window = 24;  // epochs

    uint64_t objection_window_s = 3 * 86'400;
    u256 reward_bond = u256{10'000} * one_mega;
    uint64_t reward_rate_ppb = 17'000;  // of the reserve, an epoch
    u256 emission_cap = u256{5'000} * one_mega;
    /// What the timelock sets aside for Rewards out of what the distribution gives it.
    u256 reward_reserve = u256{150'000'000} * one_mega;
    /// Empty: the reserve and a treasury of 100,000,000 MEGA to the timelock, the rest to the
    /// deployer.
    std::vector<Allocation> distribution;

    /// Who may pause together; empty: the guardian of settlement alone.
    std::vector<Address> guardians;
    uint64_t guardian_threshold = 1;
};

struct GovernanceConfig {
    uint64_t voting_delay_s = 86'400;
    uint64_t voting_period_s = 5 * 86'400;
    u256 proposal_threshold = u256{100'000} * one_mega;
    uint64_t quorum_percent = 4;
    uint64_t late_quorum_extension_s = 86'400;
};

/// From the tables of contracts/DEPLOYMENT.md and docs/governance.md.
void use_development_units(StakingConfig& staking, GovernanceConfig& governance);

/// The objects "staking" and "governance" of a deployment's configuration; what is absent stays.
void read_staking_config(const replay::Fields& in, StakingConfig& config);
void read_governance_config(const replay::Fields& in, GovernanceConfig& config);
/// What the contracts would refuse without a word. `challenge_window_s` is that of settlement.
[[nodiscard]] Result<void> check(const StakingConfig& config, uint64_t challenge_window_s);

/// A number or a decimal or hexadecimal string of wei.
[[nodiscard]] u256 wei_from(const replay::Fields& fields, std::string_view name);

}  // namespace mega::settlement
