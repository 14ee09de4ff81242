#include "settlement/deployment.hpp"

#include "base/assert.hpp"
#include "crypto/keccak.hpp"
#include "rollup/output_root.hpp"
#include "settlement/abi.hpp"
#include "settlement/contract_bundle.hpp"
#include "settlement/staking_deployment.hpp"

namespace mega::settlement {
namespace {

/// Root of the empty trie: the message passer has sent nothing in block 0.
const Hash256 empty_root =
    *fixed_from_hex<32>("0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421");

/// Predeploy L2Config.
constexpr Address l2_config_address{{0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                     0,    0, 0, 0, 0, 0, 0, 0, 0, 0x23}};
constexpr uint64_t push_gas = 200'000;  // of L2ParameterRelay

Hash256 salt_of(const DeployConfig& config) {
    return crypto::keccak256(as_bytes("mega." + config.salt));
}

Bytes system_config_call(const DeployConfig& config) {
    return abi::Encoder()
        .word(config.deployer)
        .word(config.guardian)
        .word(config.sequencer)
        .word(config.fee_vault)
        .word(u256{config.l2_chain_id})
        .word(u256{config.gas_limit})
        .word(u256{config.min_base_fee})
        .word(u256{config.elasticity})
        .word(u256{config.base_fee_denominator})
        .word(u256{config.mini_block_ms})
        .word(config.beneficiary)
        .word(u256{config.forced_inclusion_delay_s})
        .word(u256{config.challenge_window_s})
        .word(u256{config.proof_maturity_s})
        .word(config.claim_bond)
        .word(config.challenge_bond)
        .word(u256{config.deposit_gas_per_block})
        .word(u256{config.min_deposit_gas_price})
        .word(config.forced_fee)
        .call(
            "initialize((address,address,address,address,uint256,"
            "(uint64,uint64,uint32,uint32,uint32,address),(uint64,uint64,uint64),"
            "(uint128,uint128),(uint64,uint64,uint128)))"
        );
}

Hash256 word_of(uint64_t value) { return u256{value}.to_hash(); }

}  // namespace

void use_development_windows(DeployConfig& config) {
    config.timelock_delay_s = 5;
    config.forced_inclusion_delay_s = 60;
    config.challenge_window_s = 12;
    config.proof_maturity_s = 0;
    config.claim_bond = 80'000'000'000'000'000ULL;
    config.challenge_bond = 80'000'000'000'000'000ULL;
    config.min_deposit_gas_price = 1'000;
    config.forced_fee = 100'000'000'000'000ULL;
    config.base_fee_scalar = 0;
    config.base_fee_share_bps = 0;
    use_development_units(config.staking, config.governance);
}

std::vector<std::pair<std::string, Address*>> named_addresses(Contracts& contracts) {
    return {
        {"timelock", &contracts.timelock},
        {"token", &contracts.token},
        {"systemConfig", &contracts.system_config},
        {"depositQueue", &contracts.deposit_queue},
        {"batchInbox", &contracts.batch_inbox},
        {"forcedInclusion", &contracts.forced_inclusion},
        {"stateClaims", &contracts.state_claims},
        {"portal", &contracts.portal},
        {"l1Messenger", &contracts.l1_messenger},
        {"l1StandardBridge", &contracts.l1_standard_bridge},
        {"l2ParameterRelay", &contracts.l2_parameter_relay},
        {"fastExit", &contracts.fast_exit},
        {"atomicSwap", &contracts.atomic_swap},
    };
}

std::vector<std::pair<std::string, Address*>> named_addresses(StakingContracts& mega) {
    return {
        {"distributor", &mega.distributor},
        {"staking", &mega.staking},
        {"validatorKeys", &mega.validator_keys},
        {"epochs", &mega.epochs},
        {"leaderSchedule", &mega.leader_schedule},
        {"committee", &mega.committee},
        {"committeeVerifier", &mega.committee_verifier},
        {"dutyRecord", &mega.duty_record},
        {"slasher", &mega.slasher},
        {"rewards", &mega.rewards},
        {"stakedVotes", &mega.staked_votes},
        {"votingPower", &mega.voting_power},
        {"governor", &mega.governor},
        {"guardianContract", &mega.guardian},
        {"grants", &mega.grants},
    };
}

DeploymentPlan plan_deployment(const DeployConfig& config) {
    DeploymentPlanner planner(salt_of(config));
    Contracts& at = planner.contracts();
    plan_timelock(planner, config);
    plan_token(planner, config);
    at.system_config =
        planner.deploy_proxied("systemConfig", "SystemConfig", system_config_call(config));
    at.deposit_queue = planner.deploy_proxied(
        "depositQueue",
        "DepositQueue",
        abi::Encoder().word(at.system_config).call("initialize(address)")
    );
    at.batch_inbox = planner.deploy_proxied(
        "batchInbox",
        "BatchInbox",
        abi::Encoder()
            .word(at.system_config)
            .word(at.deposit_queue)
            .word(u256{config.genesis_timestamp})
            .call("initialize(address,address,uint64)")
    );
    at.forced_inclusion = planner.deploy_proxied(
        "forcedInclusion",
        "ForcedInclusion",
        abi::Encoder()
            .word(at.system_config)
            .word(at.deposit_queue)
            .word(at.batch_inbox)
            .call("initialize(address,address,address)")
    );
    at.state_claims = planner.deploy_proxied(
        "stateClaims",
        "StateClaims",
        abi::Encoder()
            .word(at.system_config)
            .word(at.batch_inbox)
            .call("initialize(address,address)")
    );
    at.portal = planner.deploy_proxied(
        "portal",
        "Portal",
        abi::Encoder()
            .word(at.system_config)
            .word(at.deposit_queue)
            .word(at.state_claims)
            .word(at.token)
            .word(config.withdrawal_limit)
            .word(u256{config.withdrawal_limit_window_s})
            .call("initialize(address,address,address,address,uint208,uint48)")
    );
    at.l1_messenger = planner.deploy_proxied(
        "l1Messenger",
        "L1Messenger",
        abi::Encoder().word(at.system_config).word(at.portal).call("initialize(address,address)")
    );
    at.l1_standard_bridge = planner.deploy_proxied(
        "l1StandardBridge",
        "L1StandardBridge",
        abi::Encoder()
            .word(at.system_config)
            .word(at.l1_messenger)
            .word(at.token)
            .call("initialize(address,address,address)")
    );
    at.l2_parameter_relay = planner.deploy_proxied(
        "l2ParameterRelay",
        "L2ParameterRelay",
        abi::Encoder()
            .word(at.system_config)
            .word(at.portal)
            .word(l2_config_address)
            .word(u256{config.base_fee_scalar})
            .word(u256{config.blob_base_fee_scalar})
            .word(u256{config.base_fee_share_bps})
            .word(config.mega_per_eth)
            .call("initialize(address,address,address,(uint32,uint32,uint16,uint256))")
    );
    at.fast_exit = planner.deploy(
        "fastExit",
        "FastExit",
        abi::Encoder().word(at.portal).word(at.l1_messenger).word(at.l1_standard_bridge).take()
    );
    at.atomic_swap = planner.deploy("atomicSwap", "AtomicSwap");
    plan_staking(planner, config);
    return planner.take();
}

std::vector<WiringStep> plan_wiring(
    const DeployConfig& config, const Contracts& at, const GenesisFacts& genesis
) {
    const auto ask = [](std::string_view signature) { return abi::Encoder().call(signature); };
    const auto may_append = [&](const std::string& name, const Address& sender) {
        return WiringStep{
            .name = "let " + name + " append to the queue",
            .to = at.deposit_queue,
            .data = abi::Encoder().word(sender).boolean(true).call("setSender(address,bool)"),
            .asked = at.deposit_queue,
            .question = abi::Encoder().word(sender).call("isSender(address)"),
            .answer_when_done = word_of(1),
        };
    };
    const Hash256 output_root =
        rollup::output_root(genesis.header.state_root, empty_root, hash_of(genesis.header));
    std::vector<WiringStep> steps = plan_distribution(config, at);
    const std::vector<WiringStep> settlement_steps{
        may_append("the portal", at.portal),
        may_append("forced inclusion", at.forced_inclusion),
        {.name = "name the fast exit",
         .to = at.l1_standard_bridge,
         .data = abi::Encoder().word(at.fast_exit).call("setFastExit(address)"),
         .asked = at.l1_standard_bridge,
         .question = ask("fastExit()"),
         .answer_when_done = abi::to_word(at.fast_exit)},
        {.name = "state the genesis of L2",
         .to = at.state_claims,
         .data = abi::Encoder().word(output_root).call("setGenesis(bytes32)"),
         .asked = at.state_claims,
         .question = abi::Encoder().word(u256{}).call("outputRoot(uint64)"),
         .answer_when_done = output_root},
        // Asks for the owner: once all is the timelock's, a vote may have named another registry.
        {.name = "let the schedule of leaders say who posts",
         .to = at.system_config,
         .data = abi::Encoder().word(at.mega.leader_schedule).call("setSequencerRegistry(address)"),
         .asked = at.system_config,
         .question = ask("owner()"),
         .answer_when_done = abi::to_word(at.timelock)},
        {.name = "hand all to the timelock",
         .to = at.system_config,
         .data = abi::Encoder().word(at.timelock).call("transferOwnership(address)"),
         .asked = at.system_config,
         .question = ask("owner()"),
         .answer_when_done = abi::to_word(at.timelock)},
    };
    const std::vector<WiringStep> staking_steps = plan_staking_wiring(config, at);
    steps.insert(steps.end(), staking_steps.begin(), staking_steps.end());
    steps.insert(steps.end(), settlement_steps.begin(), settlement_steps.end());
    steps.push_back(
        {.name = "carry the parameters to L2",
         .to = at.l2_parameter_relay,
         .data = ask("push()"),
         .price_question = abi::Encoder().word(u256{push_gas}).call("depositFee(uint64)"),
         .priced_by = at.portal,
         .asked = at.deposit_queue,
         .question = ask("length()"),
         .answer_when_done = word_of(1),
         .is_at_least = true}
    );
    if (!genesis.supply.is_zero()) {
        // Both ask for the escrow: neither is done again once it holds what the genesis gave.
        for (const bool is_approval : {true, false}) {
            steps.push_back(
                {.name = is_approval ? "approve the escrow" : "fund the escrow",
                 .to = is_approval ? at.token : at.portal,
                 .data = is_approval
                             ? abi::Encoder()
                                   .word(at.portal)
                                   .word(genesis.supply)
                                   .call("approve(address,uint256)")
                             : abi::Encoder().word(genesis.supply).call("fundEscrow(uint256)"),
                 .asked = at.portal,
                 .question = ask("escrowed()"),
                 .answer_when_done = genesis.supply.to_hash(),
                 .is_at_least = true}
            );
        }
    }
    return steps;
}

void add_l2_predeploys(
    std::map<Address, execution::GenesisAccount>& alloc,
    const Contracts& contracts,
    const Address& fee_recipient
) {
    const auto word = [&](const std::string& text) {
        if (text == "$l1Messenger") {
            return to_u256(contracts.l1_messenger);
        }
        if (text == "$l1StandardBridge") {
            return to_u256(contracts.l1_standard_bridge);
        }
        if (text == "$l2ParameterRelay") {
            return to_u256(contracts.l2_parameter_relay);
        }
        if (text == "$feeRecipient") {
            return to_u256(fee_recipient);
        }
        const auto value = u256_from_text(text);
        MEGA_ASSERT(value.has_value());
        return *value;
    };
    for (const Predeploy& predeploy : ContractBundle::embedded().predeploys) {
        execution::GenesisAccount account{
            .nonce = 1, .balance = {}, .code = predeploy.code, .storage = {}
        };
        for (const auto& [slot, text] : predeploy.storage) {
            if (const u256 value = word(text); !value.is_zero()) {
                account.storage[slot] = value;
            }
        }
        alloc[predeploy.address] = std::move(account);
    }
}

}  // namespace mega::settlement
