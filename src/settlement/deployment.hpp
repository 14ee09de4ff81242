#pragma once

// The deployment of the L1 contracts as a pure plan: what is deployed where, and what is wired then
// (contracts/DEPLOYMENT.md). Everything goes through the deterministic deployment proxy (CREATE2),
// so that all addresses follow from the configuration alone: the genesis of L2, which holds some of
// them, can be made before anything is on L1; a deployment that was interrupted goes on where it
// stood; and nobody can put anything else at these addresses.

#include "base/result.hpp"
#include "execution/genesis.hpp"
#include "settlement/staking_config.hpp"
#include "types/u256.hpp"

#include <string>
#include <vector>

namespace mega::settlement {

struct DeployConfig {
    uint64_t l1_chain_id = 0;
    uint64_t l2_chain_id = 0;
    uint64_t l1_start_block = 0;  // before which nothing of the deployment is
    uint64_t genesis_timestamp = 0;
    std::string salt;  // another one gives other addresses

    // Who is who. `deployer` owns until the last steps give all to the timelock.
    Address deployer{};
    Address council{};  // proposes to the timelock, beside the Governor; zero: nobody does
    Address guardian{};
    Address sequencer{};  // posts batches
    Address fee_vault{};  // where fees go on L1
    uint64_t timelock_delay_s = 0;

    /// A token that is there and plays MEGA, with votes; MegaToken is deployed when zero.
    Address token{};

    uint64_t gas_limit = 1'000'000'000;
    uint64_t min_base_fee = 1'000'000;
    uint32_t elasticity = 2;
    uint32_t base_fee_denominator = 8;
    uint32_t mini_block_ms = 10;
    Address beneficiary{};

    uint64_t forced_inclusion_delay_s = 12 * 3600;
    uint64_t challenge_window_s = 7 * 86'400;
    uint64_t proof_maturity_s = 86'400;
    u256 claim_bond{500'000'000'000'000'000ULL};
    u256 challenge_bond{500'000'000'000'000'000ULL};
    uint64_t deposit_gas_per_block = 20'000'000;
    uint64_t min_deposit_gas_price = 10'000'000;
    u256 forced_fee{500'000'000'000'000ULL};
    u256 withdrawal_limit = u256{1'000'000'000ULL} * u256{1'000'000'000'000'000'000ULL};
    uint64_t withdrawal_limit_window_s = 86'400;

    // What L2 charges for data on L1 (docs/fees.md).
    uint32_t base_fee_scalar = 100'000;
    uint32_t blob_base_fee_scalar = 1'032'258;
    uint32_t base_fee_share_bps = 2'000;
    u256 mega_per_eth{1'000'000'000'000'000'000ULL};

    StakingConfig staking;
    GovernanceConfig governance;
};

/// From the table of contracts/DEPLOYMENT.md.
void use_development_windows(DeployConfig& config);

/// MEGA's own: token distribution, staking, duties, governance. All zero on a chain without
/// staking.
struct StakingContracts {
    Address distributor{};
    Address staking{};
    Address validator_keys{};
    Address epochs{};
    Address leader_schedule{};
    Address committee{};
    Address committee_verifier{};
    Address duty_record{};
    Address slasher{};
    Address rewards{};
    Address staked_votes{};
    Address voting_power{};
    Address governor{};
    Address guardian{};
    Address grants{};
    friend bool operator==(const StakingContracts&, const StakingContracts&) = default;
};

struct Contracts {
    Address timelock{};
    Address token{};
    Address system_config{};
    Address deposit_queue{};
    Address batch_inbox{};
    Address forced_inclusion{};
    Address state_claims{};
    Address portal{};
    Address l1_messenger{};
    Address l1_standard_bridge{};
    Address l2_parameter_relay{};
    Address fast_exit{};
    Address atomic_swap{};
    StakingContracts mega;
    [[nodiscard]] bool has_staking() const { return !mega.staking.is_zero(); }
    friend bool operator==(const Contracts&, const Contracts&) = default;
};
/// Name as in addresses.json, and where it is; those of a chain without staking.
[[nodiscard]] std::vector<std::pair<std::string, Address*>> named_addresses(Contracts& contracts);
[[nodiscard]] std::vector<std::pair<std::string, Address*>> named_addresses(StakingContracts& mega);

struct DeployStep {
    std::string name;
    Bytes init_code;
    Address address{};
};

/// A call that is not made when what it does is done.
struct WiringStep {
    std::string name;
    Address to{};
    Bytes data;
    /// The call carries twice what `priced_by` answers to this, in wei; empty: nothing.
    Bytes price_question{};
    Address priced_by{};
    Address asked{};  // of whom `question` is asked
    Bytes question;
    /// The answer's first word once it is done; `is_at_least`: that or more.
    Hash256 answer_when_done{};
    bool is_at_least = false;
};

struct DeploymentPlan {
    Hash256 salt{};  // of all steps
    Contracts contracts;
    std::vector<DeployStep> steps;
};

/// CREATE2 through this account; its address on every chain that has it.
inline constexpr Address deployment_proxy{{0x4e, 0x59, 0xb4, 0x48, 0x47, 0xb3, 0x79,
                                           0x57, 0x85, 0x88, 0x92, 0x0c, 0xa7, 0x8f,
                                           0xbf, 0x26, 0xc0, 0xb4, 0x95, 0x6c}};

[[nodiscard]] DeploymentPlan plan_deployment(const DeployConfig& config);

/// What the L2 genesis gives to the wiring.
struct GenesisFacts {
    BlockHeader header;
    u256 supply{};  // sum of all balances
};
[[nodiscard]] std::vector<WiringStep> plan_wiring(
    const DeployConfig& config, const Contracts& contracts, const GenesisFacts& genesis
);

/// Puts the predeploys of L2 into a genesis, with the L1 addresses that they hold.
void add_l2_predeploys(
    std::map<Address, execution::GenesisAccount>& alloc,
    const Contracts& contracts,
    const Address& fee_recipient
);

}  // namespace mega::settlement
