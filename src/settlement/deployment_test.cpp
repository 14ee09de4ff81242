#include "settlement/deployer.hpp"

#include "settlement/abi.hpp"
#include "settlement/rollup_file.hpp"
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
    config.council = config.guardian = config.sequencer = config.fee_vault = config.deployer;
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
        const auto wired = deployer.wire(plan_wiring(plan.contracts, facts));
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
}

}  // namespace
}  // namespace mega::settlement
