#include "settlement/staking_deployment.hpp"

#include "crypto/keccak.hpp"
#include "execution/host.hpp"
#include "settlement/abi.hpp"

namespace mega::settlement {
namespace {

const u256 default_treasury = u256{100'000'000} * one_mega;

/// `abi.encode` of Allocation[], without the offset in front.
Bytes encoded(const std::vector<Allocation>& list) {
    abi::Encoder lines;
    for (const Allocation& line : list) {
        lines.dynamic(abi::Encoder()
                          .bytes(as_bytes(line.name))
                          .word(line.beneficiary)
                          .word(line.amount)
                          .word(u256{line.start})
                          .word(u256{line.duration_s})
                          .word(u256{line.cliff_s})
                          .take());
    }
    Bytes out = to_bytes(u256{list.size()}.to_hash().view());
    append(out, lines.take());
    return out;
}

std::vector<Hash256> words_of(const std::vector<Address>& addresses) {
    std::vector<Hash256> words;
    words.reserve(addresses.size());
    for (const Address& address : addresses) {
        words.push_back(abi::to_word(address));
    }
    return words;
}

Bytes staking_arguments(const DeployConfig& config, const Contracts& at) {
    const StakingConfig& staking = config.staking;
    return abi::Encoder()
        .word(at.token)
        .word(at.timelock)  // the treasury
        .word(u256{config.l2_chain_id})
        .word(u256{staking.genesis_time != 0 ? staking.genesis_time : config.genesis_timestamp})
        .word(u256{staking.epoch_length_s})
        .word(u256{staking.exit_stride})
        .word(u256{staking.unbonding_epochs})
        .word(u256{config.challenge_window_s})
        .word(staking.min_self_stake)
        .word(staking.min_delegation)
        .word(staking.min_churn)
        .word(u256{staking.max_validators})
        .word(at.timelock)
        .take();
}

void plan_duties(DeploymentPlanner& planner, const DeployConfig& config) {
    Contracts& at = planner.contracts();
    const StakingConfig& staking = config.staking;
    at.mega.epochs = planner.deploy(
        "epochs",
        "Epochs",
        abi::Encoder()
            .word(at.mega.staking)
            .word(u256{staking.l1_slot_time_s})
            .word(at.timelock)
            .take()
    );
    at.mega.leader_schedule = planner.deploy(
        "leaderSchedule",
        "LeaderSchedule",
        abi::Encoder()
            .word(at.mega.epochs)
            .word(u256{staking.slots_per_epoch})
            .word(u256{staking.silence_s})
            .word(u256{staking.grace_s})
            .word(config.sequencer)
            .word(at.timelock)
            .take()
    );
    at.mega.committee = planner.deploy(
        "committee",
        "Committee",
        abi::Encoder()
            .word(at.mega.epochs)
            .word(at.mega.validator_keys)
            .word(u256{staking.committee_size})
            .take()
    );
    at.mega.committee_verifier = planner.deploy(
        "committeeVerifier", "CommitteeVerifier", abi::Encoder().word(at.mega.committee).take()
    );
    at.mega.duty_record = planner.deploy(
        "dutyRecord",
        "DutyRecord",
        abi::Encoder().word(at.mega.committee_verifier).word(at.batch_inbox).take()
    );
}

void plan_penalties_and_rewards(DeploymentPlanner& planner, const DeployConfig& config) {
    Contracts& at = planner.contracts();
    const StakingConfig& staking = config.staking;
    const std::vector<Address> guardians =
        staking.guardians.empty() ? std::vector{config.guardian} : staking.guardians;
    at.mega.guardian = planner.deploy(
        "guardianContract",
        "Guardian",
        abi::Encoder()
            .word(at.timelock)
            .words(words_of(guardians))
            .word(u256{staking.guardian_threshold})
            .take()
    );
    at.mega.slasher = planner.deploy(
        "slasher",
        "Slasher",
        abi::Encoder()
            .word(at.mega.staking)
            .word(at.mega.committee)
            .word(at.mega.duty_record)
            .word(at.mega.leader_schedule)
            .word(at.state_claims)
            .word(u256{staking.correlation_epochs})
            .word(u256{staking.downtime_window})
            .word(at.mega.guardian)
            .word(at.timelock)
            .take()
    );
    at.mega.rewards = planner.deploy(
        "rewards",
        "Rewards",
        abi::Encoder()
            .word(at.token)
            .word(at.mega.staking)
            .word(u256{staking.objection_window_s})
            .word(staking.reward_bond)
            .word(u256{staking.reward_rate_ppb})
            .word(staking.emission_cap)
            .word(at.timelock)
            .take()
    );
}

void plan_governance(DeploymentPlanner& planner, const DeployConfig& config) {
    Contracts& at = planner.contracts();
    const GovernanceConfig& governance = config.governance;
    at.mega.staked_votes =
        planner.deploy("stakedVotes", "StakedVotes", abi::Encoder().word(at.mega.staking).take());
    at.mega.voting_power = planner.deploy(
        "votingPower",
        "VotingPower",
        abi::Encoder().word(at.token).word(at.mega.staked_votes).take()
    );
    at.mega.governor = planner.deploy(
        "governor",
        "MegaGovernor",
        abi::Encoder()
            .word(at.mega.voting_power)
            .word(at.timelock)
            .word(u256{governance.voting_delay_s})
            .word(u256{governance.voting_period_s})
            .word(governance.proposal_threshold)
            .word(u256{governance.quorum_percent})
            .word(u256{governance.late_quorum_extension_s})
            .take()
    );
    at.mega.grants =
        planner.deploy("grants", "Grants", abi::Encoder().word(at.token).word(at.timelock).take());
}

/// Calls that the timelock makes in one go.
struct Batch {
    std::vector<Hash256> targets;
    std::vector<Hash256> values;
    std::vector<Bytes> calls;

    void add(const Address& target, Bytes call) {
        targets.push_back(abi::to_word(target));
        values.emplace_back();
        calls.push_back(std::move(call));
    }
};

void add_duties(Batch& batch, const Contracts& at) {
    batch.add(
        at.mega.leader_schedule, abi::Encoder().word(at.batch_inbox).call("setInbox(address)")
    );
    batch.add(
        at.mega.epochs,
        abi::Encoder()
            .words(words_of({at.mega.leader_schedule, at.mega.committee}))
            .call("setFollowers(address[])")
    );
    batch.add(
        at.mega.staking,
        abi::Encoder()
            .word(at.mega.slasher)
            .word(at.timelock)
            .word(at.mega.staked_votes)
            .call("setWiring(address,address,address)")
    );
    for (const Address& target : {at.system_config, at.mega.slasher}) {
        batch.add(
            at.mega.guardian,
            abi::Encoder().word(target).boolean(true).call("setTarget(address,bool)")
        );
    }
}

void add_reserve(Batch& batch, const DeployConfig& config, const Contracts& at) {
    const u256& reserve = config.staking.reward_reserve;
    if (!config.token.is_zero() || reserve.is_zero()) {
        return;  // the timelock has none of a token that was there before
    }
    batch.add(
        at.token,
        abi::Encoder().word(at.mega.rewards).word(reserve).call("approve(address,uint256)")
    );
    batch.add(at.mega.rewards, abi::Encoder().word(reserve).call("addReserve(uint256)"));
}

void add_roles(Batch& batch, const DeployConfig& config, const Contracts& at) {
    const Hash256 roles[] = {
        crypto::keccak256(as_bytes("PROPOSER_ROLE")), crypto::keccak256(as_bytes("CANCELLER_ROLE"))
    };
    for (const Hash256& role : roles) {
        const auto change = [&](const Address& who, std::string_view signature) {
            batch.add(at.timelock, abi::Encoder().word(role).word(who).call(signature));
        };
        change(at.mega.governor, "grantRole(bytes32,address)");
        if (config.council != config.deployer) {
            change(config.deployer, "revokeRole(bytes32,address)");
            if (!config.council.is_zero()) {
                change(config.council, "grantRole(bytes32,address)");
            }
        }
    }
    if (config.timelock_delay_s != 0) {
        batch.add(
            at.timelock,
            abi::Encoder().word(u256{config.timelock_delay_s}).call("updateDelay(uint256)")
        );
    }
}

}  // namespace

std::vector<Allocation> distribution_of(const DeployConfig& config, const Address& timelock) {
    const StakingConfig& staking = config.staking;
    std::vector<Allocation> list = staking.distribution;
    if (list.empty()) {
        const u256 for_timelock = staking.reward_reserve + default_treasury;
        list.push_back({.name = "treasury and reserve of rewards", .amount = for_timelock});
        list.push_back(
            {.name = "deployer",
             .beneficiary = config.deployer,
             .amount = mega_supply - for_timelock}
        );
    }
    for (Allocation& line : list) {
        if (line.beneficiary.is_zero()) {
            line.beneficiary = timelock;
        }
    }
    return list;
}

Hash256 list_hash(const std::vector<Allocation>& list) {
    return crypto::keccak256(abi::Encoder().dynamic(encoded(list)).take());
}

void plan_timelock(DeploymentPlanner& planner, const DeployConfig& config) {
    planner.contracts().timelock = planner.deploy(
        "timelock",
        "Timelock",
        abi::Encoder()
            .word(u256{})  // no delay until the first batch sets it
            .words({abi::to_word(config.deployer)})
            .words({Hash256{}})  // anyone executes
            .word(Address{})     // nobody administers but the timelock itself
            .take()
    );
}

void plan_token(DeploymentPlanner& planner, const DeployConfig& config) {
    Contracts& at = planner.contracts();
    at.token = config.token;
    if (!at.token.is_zero()) {
        return;
    }
    at.mega.distributor = planner.deploy(
        "distributor",
        "Distributor",
        abi::Encoder().word(list_hash(distribution_of(config, at.timelock))).take()
    );
    at.token =
        planner.deploy("token", "MegaToken", abi::Encoder().word(at.mega.distributor).take());
}

void plan_staking(DeploymentPlanner& planner, const DeployConfig& config) {
    Contracts& at = planner.contracts();
    at.mega.staking = planner.deploy("staking", "Staking", staking_arguments(config, at));
    // Made by Staking's constructor: a contract's first nonce is 1 (EIP-161).
    at.mega.validator_keys = execution::create_address(at.mega.staking, 1);
    plan_duties(planner, config);
    plan_penalties_and_rewards(planner, config);
    plan_governance(planner, config);
}

std::vector<WiringStep> plan_distribution(const DeployConfig& config, const Contracts& at) {
    if (at.mega.distributor.is_zero()) {
        return {};
    }
    return {WiringStep{
        .name = "hand MEGA out",
        .to = at.mega.distributor,
        .data = abi::Encoder()
                    .word(at.token)
                    .dynamic(encoded(distribution_of(config, at.timelock)))
                    .call("distribute(address,(string,address,uint256,uint64,uint64,uint64)[])"),
        .asked = at.mega.distributor,
        .question = abi::Encoder().word(at.token).call("isDone(address)"),
        .answer_when_done = u256{1}.to_hash(),
    }};
}

std::vector<WiringStep> plan_staking_wiring(const DeployConfig& config, const Contracts& at) {
    Batch batch;
    add_duties(batch, at);
    add_reserve(batch, config, at);
    add_roles(batch, config, at);
    const Hash256 salt = crypto::keccak256(as_bytes("mega deployment"));
    const auto encode = [&] {
        abi::Encoder out;
        out.words(batch.targets).words(batch.values).bytes_list(batch.calls);
        out.word(Hash256{}).word(salt);  // no predecessor
        return out;
    };
    const Hash256 id = crypto::keccak256(encode().take());
    const auto is = [&](std::string_view signature) {
        return abi::Encoder().word(id).call(signature);
    };
    return {
        {.name = "propose the wiring of staking to the timelock",
         .to = at.timelock,
         .data = encode().word(u256{}).call(
             "scheduleBatch(address[],uint256[],bytes[],bytes32,bytes32,uint256)"
         ),
         .asked = at.timelock,
         .question = is("isOperation(bytes32)"),
         .answer_when_done = u256{1}.to_hash()},
        {.name = "wire staking and governance",
         .to = at.timelock,
         .data = encode().call("executeBatch(address[],uint256[],bytes[],bytes32,bytes32)"),
         .asked = at.timelock,
         .question = is("isOperationDone(bytes32)"),
         .answer_when_done = u256{1}.to_hash()},
    };
}

}  // namespace mega::settlement
