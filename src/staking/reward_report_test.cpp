#include "staking/reward_report.hpp"

#include "staking/reward_math.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>

namespace mega::staking {
namespace {

using nlohmann::json;

/// Rows of so many numbers, the last one the answer: forge checks the same against the contracts.
std::vector<std::vector<u256>> vectors(const char* name, size_t width) {
    std::ifstream file(std::string{MEGA_SOURCE_DIR} + "/contracts/test/fixtures/economics.json");
    const json list = json::parse(file).at(name);
    std::vector<std::vector<u256>> rows;
    for (size_t i = 0; i + width <= list.size(); i += width) {
        std::vector<u256> row;
        for (size_t k = 0; k < width; ++k) {
            row.push_back(*u256_from_text(list[i + k].get<std::string>()));
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

TEST(reward_math, gives_what_the_contracts_give) {
    const auto emissions = vectors("emission", 4);
    ASSERT_GT(emissions.size(), 10U);
    for (const auto& v : emissions) {
        EXPECT_EQ(emission(v[0], v[1], v[2]), v[3]);
    }
    for (const auto& v : vectors("attester", 6)) {
        EXPECT_EQ(attester_reward(v[0], v[1], v[2], v[3], v[4]), v[5]);
    }
    for (const auto& v : vectors("sequencer", 4)) {
        EXPECT_EQ(sequencer_reward(v[0], v[1], v[2]), v[3]);
    }
    for (const auto& v : vectors("commission", 3)) {
        EXPECT_EQ(commission(v[0], v[1]), v[2]);
    }
    for (const auto& v : vectors("share", 4)) {
        EXPECT_EQ(share_of(v[0], v[1], v[2]), v[3]);
    }
}

Address account(uint8_t number) { return Address{{number}}; }

RewardInputs sample() {
    RewardInputs inputs{
        .epoch = 7,
        .pot = u256{1'000'000},
        .all_blocks = 100,
        .recorded = 4,
        .committee_stake = u256{400},
    };
    inputs.validators = {
        {.id = 1,
         .operator_address = account(0xa1),
         .blocks = 60,
         .stake = u256{300},
         .attested = 4,
         .commission_bps = 1'000,
         .total_shares = u256{3},
         .shares = {{account(0xa1), u256{1}}, {account(0xd0), u256{2}}}},
        {.id = 2,
         .operator_address = account(0xa2),
         .blocks = 20,
         .stake = u256{100},
         .attested = 1,
         .commission_bps = 0,
         .total_shares = u256{10},
         .shares = {{account(0xa2), u256{5}}, {account(0xd0), u256{5}}}},
    };
    return inputs;
}

TEST(reward_report, divides_by_work_commission_and_shares) {
    const RewardReport report = compute_rewards(sample());
    // 1: 60 % of 200,000 and 3/4 of 800,000, of which 10 % and a third of the rest is its own.
    EXPECT_EQ(report.leaf_of(account(0xa1))->amount, u256{72'000 + 216'000});
    // 2: 20 % of 200,000, and a quarter of a quarter of 800,000; half of it to a delegator.
    EXPECT_EQ(report.leaf_of(account(0xa2))->amount, u256{45'000});
    EXPECT_EQ(report.leaf_of(account(0xd0))->amount, u256{432'000 + 45'000});
    EXPECT_EQ(report.leaf_of(account(1)), nullptr);
    EXPECT_EQ(report.total, u256{810'000});
    EXPECT_EQ(report.validators[0].commission, u256{72'000});
    ASSERT_EQ(report.leaves.size(), 3U);  // one an account
}

TEST(reward_report, gives_nobody_what_others_miss) {
    RewardInputs inputs = sample();
    inputs.validators[0].attested = 0;
    inputs.validators[0].blocks = 0;
    const RewardReport less = compute_rewards(inputs);
    EXPECT_EQ(less.leaf_of(account(0xa1)), nullptr);
    EXPECT_EQ(less.leaf_of(account(0xa2))->amount, u256{45'000});
    EXPECT_EQ(compute_rewards({.epoch = 1, .pot = u256{5}}).root, Hash256{});
}

TEST(reward_report, proves_each_leaf_and_no_other) {
    for (uint8_t count = 1; count <= 9; ++count) {
        RewardInputs inputs{.epoch = 3, .pot = u256{900'000}, .all_blocks = 1};
        ValidatorDuty duty{.id = 1, .operator_address = account(1), .blocks = 1};
        for (uint8_t i = 1; i <= count; ++i) {
            duty.shares[account(i)] = u256{i};
            duty.total_shares += u256{i};
        }
        inputs.validators = {duty};
        const RewardReport report = compute_rewards(inputs);
        ASSERT_EQ(report.leaves.size(), count);
        for (size_t i = 0; i < count; ++i) {
            const RewardLeaf& leaf = report.leaves[i];
            const auto proof = report.proof_of(i);
            EXPECT_TRUE(verify_reward_proof(report.root, leaf.hash, proof));
            const auto other = reward_leaf(3, leaf.account, leaf.amount + u256{1});
            EXPECT_FALSE(verify_reward_proof(report.root, other, proof));
            const auto later = reward_leaf(4, leaf.account, leaf.amount);
            EXPECT_FALSE(verify_reward_proof(report.root, later, proof));
        }
    }
}

}  // namespace
}  // namespace mega::staking
