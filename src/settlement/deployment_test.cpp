#include "settlement/deployer.hpp"

#include "settlement/abi.hpp"
#include "settlement/rollup_file.hpp"
#include "settlement/staking_deployment.hpp"
#include "settlement/test_anvil.hpp"

#include <gtest/gtest.h>

namespace mega::settlement {
namespace {

DeployConfig sample_config() {
    DeployConfig config;
    use_development_windows(config);
    config.l1_chain_id = 31337;
    config.l2_chain_id = 6342;
    config.l1_start_block = 1;
    config.deployer = *crypto::address_of(anvil_key);
    config.guardian = config.sequencer = config.fee_vault = config.deployer;
    return config;
}

TEST(deployment, is_a_function_of_its_configuration_alone) {
    const DeployConfig config = sample_config();
    EXPECT_EQ(plan_deployment(config).contracts, plan_deployment(config).contracts);
    DeployConfig other = config;
    other.salt = "other";
    EXPECT_NE(plan_deployment(config).contracts.portal, plan_deployment(other).contracts.portal);
    other = config;
    other.challenge_window_s += 1;
    EXPECT_NE(
        plan_deployment(config).contracts.system_config,
        plan_deployment(other).contracts.system_config
    );
}

TEST(deployment, keeps_every_transaction_below_the_limits_of_l1) {
    for (const DeployStep& step : plan_deployment(sample_config()).steps) {
        EXPECT_LE(step.init_code.size(), 49'152U) << step.name;  // EIP-3860
    }
}

/// One who asks a contract for a number.
template <class Ask>
void expect_staking_is_wired(Ask ask, const Contracts& at, const DeployConfig& config) {
    EXPECT_EQ(ask(at.mega.staking, "keys()"), to_u256(at.mega.validator_keys));
    EXPECT_EQ(ask(at.mega.staking, "slasher()"), to_u256(at.mega.slasher));
    EXPECT_EQ(ask(at.mega.staking, "votes()"), to_u256(at.mega.staked_votes));
    EXPECT_EQ(ask(at.mega.leader_schedule, "inbox()"), to_u256(at.batch_inbox));
    EXPECT_EQ(ask(at.mega.leader_schedule, "leader()"), to_u256(config.sequencer));
    EXPECT_EQ(ask(at.system_config, "sequencerRegistry()"), to_u256(at.mega.leader_schedule));
    EXPECT_EQ(ask(at.mega.rewards, "reserve()"), config.staking.reward_reserve);
    EXPECT_EQ(ask(at.timelock, "getMinDelay()"), u256{config.timelock_delay_s});
    for (const Address& owned :
         {at.mega.staking,
          at.mega.epochs,
          at.mega.leader_schedule,
          at.mega.slasher,
          at.mega.rewards,
          at.mega.grants,
          at.mega.guardian}) {
        EXPECT_EQ(ask(owned, "owner()"), to_u256(at.timelock));
    }
}

TEST(deployment, puts_and_wires_everything_and_is_done_the_second_time) {
    const auto anvil = TestAnvil::start();
    if (!anvil) {
        GTEST_SKIP() << "SKIPPED for lack of anvil: npm ci --ignore-scripts";
    }
    const DeployConfig config = sample_config();
    const DeploymentPlan plan = plan_deployment(config);
    GenesisFacts facts;
    facts.header.number = 0;
    facts.supply = u256{1'000'000};
    const StopSignal stop;
    TxManager sender(anvil->client(), anvil_key, 31337, {.poll_ms = 5}, stop);
    Deployer deployer(anvil->client(), sender, [](const std::string&) {});
    for (int run = 0; run < 2; ++run) {
        const uint64_t sent = sender.counters().sent;
        const auto deployed = deployer.deploy(plan);
        ASSERT_TRUE(deployed) << deployed.error().message;
        const auto wired = deployer.wire(plan_wiring(config, plan.contracts, facts));
        ASSERT_TRUE(wired) << wired.error().message;
        EXPECT_EQ(sender.counters().sent == sent, run == 1);
    }
    const auto ask = [&](const Address& contract, std::string_view signature) {
        return abi::Decoder(
                   *anvil->client().call({.to = contract, .data = abi::Encoder().call(signature)})
        )
            .number();
    };
    EXPECT_EQ(ask(plan.contracts.system_config, "owner()"), to_u256(plan.contracts.timelock));
    EXPECT_EQ(ask(plan.contracts.portal, "escrowed()"), facts.supply);
    EXPECT_EQ(ask(plan.contracts.portal, "token()"), to_u256(plan.contracts.token));
    EXPECT_EQ(ask(plan.contracts.l1_messenger, "portal()"), to_u256(plan.contracts.portal));
    // One deposit: the parameters on their way to L2.
    EXPECT_EQ(ask(plan.contracts.deposit_queue, "length()"), u256{1});
    expect_staking_is_wired(ask, plan.contracts, config);
}

TEST(deployment, leaves_a_token_alone_that_is_there) {
    DeployConfig config = sample_config();
    config.token = Address{{7}};
    const DeploymentPlan plan = plan_deployment(config);
    EXPECT_EQ(plan.contracts.token, config.token);
    EXPECT_TRUE(plan.contracts.mega.distributor.is_zero());
    for (const DeployStep& step : plan.steps) {
        EXPECT_NE(step.name, "token");
    }
    for (const WiringStep& step : plan_wiring(config, plan.contracts, {})) {
        EXPECT_NE(step.name, "hand MEGA out");
    }
}

TEST(deployment, puts_settlement_where_it_is_whatever_staking_looks_like) {
    DeployConfig other = sample_config();
    other.staking.genesis_time = 1'800'000'000;
    other.staking.epoch_length_s = 12;
    const Contracts a = plan_deployment(sample_config()).contracts;
    const Contracts b = plan_deployment(other).contracts;
    // The genesis of L2 holds these: it does not wait for what L1 says of epochs.
    EXPECT_EQ(a.l1_messenger, b.l1_messenger);
    EXPECT_EQ(a.token, b.token);
    EXPECT_NE(a.mega.staking, b.mega.staking);
    EXPECT_NE(a.mega.validator_keys, b.mega.validator_keys);
}

TEST(staking_config, refuses_what_the_contracts_would) {
    const auto is_good = [](auto change) {
        StakingConfig config;
        GovernanceConfig governance;
        use_development_units(config, governance);
        change(config);
        return check(config, 12).has_value();
    };
    EXPECT_TRUE(is_good([](StakingConfig&) {}));
    EXPECT_TRUE(check(StakingConfig{}, 7 * 86'400));
    EXPECT_FALSE(is_good([](StakingConfig& c) { c.epoch_length_s = 61; }));
    EXPECT_FALSE(is_good([](StakingConfig& c) { c.epoch_length_s = 0; }));
    EXPECT_TRUE(is_good([](StakingConfig& c) { c.silence_s = 15; }));  // a whole slot
    EXPECT_FALSE(is_good([](StakingConfig& c) { c.silence_s = 16; }));
    EXPECT_FALSE(is_good([](StakingConfig& c) { c.unbonding_epochs = 65; }));
    EXPECT_FALSE(check(StakingConfig{}, 336 * 3'600));
    EXPECT_FALSE(is_good([](StakingConfig& c) { c.downtime_window = 6; }));
    EXPECT_FALSE(is_good([](StakingConfig& c) { c.guardian_threshold = 2; }));
    const Allocation all{.name = "all", .amount = mega_supply};
    EXPECT_TRUE(is_good([&](StakingConfig& c) { c.distribution = {all}; }));
    EXPECT_FALSE(is_good([&](StakingConfig& c) { c.distribution = {all, all}; }));
    Allocation elsewhere = all;
    elsewhere.beneficiary = Address{{1}};
    EXPECT_FALSE(is_good([&](StakingConfig& c) { c.distribution = {elsewhere}; }));  // no reserve
}

TEST(staking_config, has_the_hash_of_its_list_that_solidity_has) {
    const std::vector<Allocation> list{
        {.name = "builders",
         .beneficiary = Address{{0xb0}},
         .amount = u256{12},
         .start = 3,
         .duration_s = 2,
         .cliff_s = 1},
        {.name = "a name that is longer than a word of thirty-two bytes",
         .beneficiary = Address{{0xb1}},
         .amount = u256{5}},
    };
    // From ethers: AbiCoder.encode of (string,address,uint256,uint64,uint64,uint64)[].
    EXPECT_EQ(
        to_hex(list_hash(list)),
        "0x5f4543a89accc4e12330e21117e1b77a806b5167b36b60ee7c68e9d871025cfe"
    );
}

TEST(rollup_file, is_read_as_it_was_written) {
    const DeployConfig config = sample_config();
    BlockHeader genesis;
    genesis.gas_limit = 77'000'000;
    genesis.timestamp = 5;
    const auto written = make_rollup_file(config, plan_deployment(config).contracts, genesis);
    const auto read = parse_rollup_file(to_json(written));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(to_json(*read), to_json(written));
    EXPECT_EQ(read->config.genesis_gas_limit, 77'000'000U);
    EXPECT_EQ(read->config.l2_genesis_hash, hash_of(genesis));
    EXPECT_EQ(read->contracts, written.contracts);
    std::string broken = to_json(written);
    broken.replace(broken.find("portal"), 6, "Portal");
    const auto refused = parse_rollup_file(broken);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("portal"), std::string::npos);
}

TEST(deploy_config, wants_its_roles_and_names_what_is_wrong) {
    EXPECT_FALSE(parse_deploy_config("{}"));
    EXPECT_FALSE(parse_deploy_config("[1"));
    const std::string a = R"("0x0000000000000000000000000000000000000001")";
    const std::string roles = R"("l2ChainId": 7, "council": )" + a + R"(, "guardian": )" + a +
                              R"(, "sequencer": )" + a + R"(, "feeVault": )" + a;
    const auto read = parse_deploy_config("{" + roles + R"(, "claimBond": "80000000000000000"})");
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->claim_bond, u256{80'000'000'000'000'000ULL});
    EXPECT_EQ(read->challenge_window_s, 7U * 86'400);
    EXPECT_FALSE(parse_deploy_config("{" + roles + R"(, "challengeWindow": "soon"})"));
    const auto units = parse_deploy_config(
        "{" + roles + R"(, "staking": {"epochLength": 7200, "minSelfStake": "5"},
        "governance": {"votingPeriod": 9}})"
    );
    ASSERT_TRUE(units) << units.error().message;
    EXPECT_EQ(units->staking.epoch_length_s, 7'200U);
    EXPECT_EQ(units->staking.min_self_stake, u256{5});
    EXPECT_EQ(units->governance.voting_period_s, 9U);
    EXPECT_FALSE(parse_deploy_config("{" + roles + R"(, "staking": {"epochLength": 7}})"));
    EXPECT_FALSE(parse_deploy_config("{" + roles + R"(, "staking": {"guardians": ["me"]}})"));
}

}  // namespace
}  // namespace mega::settlement
