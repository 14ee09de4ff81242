#include "parallel/preimages.hpp"

#include "parallel/test_preimages.hpp"

#include <gtest/gtest.h>

namespace mega::parallel {
namespace {

using test::address_of;
using test::allowances;
using test::hashed;
using test::Hashed;
using test::hashed_by;
using test::rules_in;
using test::teach;
using test::token;
using test::transfer;
using test::word;

TEST(Preimages, WhatFewDoIsNotForeseen) {
    PreimageRules rules;
    for (uint64_t i = 0; i < 60; ++i) {
        const auto tx = transfer(100 + i, 200 + i);
        auto all = hashed_by(tx, 200 + i);
        all.resize(i % 3 == 0 ? 2 : 1);
        all.push_back(hashed(word(7777 + i), word(1)));  // a key from nowhere
        rules.learn(tx, all, {});
    }
    EXPECT_EQ(rules_in(rules.forecast()), 1U);
}

TEST(Preimages, WhatHoldsNoLongerFades) {
    PreimageRules rules;
    teach(rules, 50);
    EXPECT_EQ(rules_in(rules.forecast()), 4U);
    for (uint64_t i = 0; i < 200; ++i) {
        rules.learn(transfer(i, i), {}, {});
    }
    EXPECT_TRUE(rules.forecast().is_empty());
}

/// More than there is room for: of the forecast, and of what is looked at.
TEST(Preimages, ManyMappingsAreBounded) {
    PreimageRules rules;
    for (uint64_t i = 0; i < 20; ++i) {
        const auto tx = transfer(100 + i, 200 + i);
        std::vector<Hashed> all;
        for (uint64_t slot = 0; slot < 40; ++slot) {
            all.push_back(hashed(word(tx.sender), word(slot)));
        }
        rules.learn(tx, all, {});
    }
    EXPECT_LE(rules_in(rules.forecast()), HashForecast::most_rules);
}

TEST(Preimages, ACacheNotesWhatItIsAskedForUpToALimit) {
    evm::HashCache cache;
    std::vector<Hashed> asked;
    cache.note_in(&asked);
    for (uint64_t i = 0; i < 40; ++i) {
        const Hashed entry = hashed(word(i), word(1));
        EXPECT_EQ(cache.hash(evm::HashCache::as_view(entry.words)), entry.hash);
        (void)cache.hash(Bytes(33));  // of another size: not noted
    }
    ASSERT_EQ(asked.size(), evm::HashCache::most_noted);
    EXPECT_EQ(asked[3].words, hashed(word(3), word(1)).words);
    cache.note_in(nullptr);
    (void)cache.hash(Bytes(64));
    EXPECT_EQ(asked.size(), evm::HashCache::most_noted);
}

/// A mapping that most of those who hash for it keep elsewhere.
TEST(Preimages, WhoseSlotItMostlyIs) {
    PreimageRules rules;
    for (uint64_t i = 0; i < 30; ++i) {
        const auto tx = transfer(100 + i, 200 + i);
        auto all = hashed_by(tx, 200 + i);
        all.resize(1);
        const Address contract = i < 6 || i % 9 == 0 ? token : allowances;
        rules.learn(tx, all, std::vector<SlotKey>{{contract, to_u256(all[0].hash)}});
    }
    const HashForecast forecast = rules.forecast();
    ASSERT_EQ(rules_in(forecast), 1U);
    const auto rule = std::ranges::find(forecast.holds, true) - forecast.holds.begin();
    EXPECT_EQ(forecast.contracts[rule], allowances);

    PreimageRules undecided;
    for (uint64_t i = 0; i < 30; ++i) {
        const auto tx = transfer(100 + i, 200 + i);
        auto all = hashed_by(tx, 200 + i);
        all.resize(1);
        undecided.learn(tx, all, std::vector<SlotKey>{{address_of(i % 2), to_u256(all[0].hash)}});
    }
    EXPECT_EQ(rules_in(undecided.forecast()), 1U);
    for (const auto& contract : undecided.forecast().contracts) {
        EXPECT_FALSE(contract.has_value());
    }
}

}  // namespace
}  // namespace mega::parallel
