#include "sequencer/diff_accumulator.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace mega::sequencer {
namespace {

using Slots = std::map<std::pair<Address, u256>, u256>;

struct Model {
    std::map<Address, Account> accounts;
    Slots slots;
};

Address address(uint64_t id) { return u256{id}.to_address(); }

/// A random step from `model`, which moves along.
state::StateDiff random_step(std::mt19937_64& random, Model& model) {
    state::StateDiff diff;
    for (uint64_t id = 1; id <= 6; ++id) {
        if (random() % 2 == 0) {
            continue;
        }
        const Address who = address(id);
        const auto known = model.accounts.find(who);
        state::AccountChange change{.address = who, .before = {}, .after = {}};
        if (known != model.accounts.end()) {
            change.before = known->second;
        }
        if (random() % 3 != 0) {
            change.after = Account{random() % 3, u256{random() % 3}};
        }
        const size_t first_slot = diff.slots.size();
        for (uint64_t slot = 0; slot < 3; ++slot) {
            u256& value = model.slots[{who, slot}];
            const u256 next = random() % 3;
            if (value != next) {
                diff.slots.push_back({who, slot, value, next});
                value = next;
            }
        }
        if (change.before != change.after || diff.slots.size() > first_slot) {
            diff.accounts.push_back(change);
        }
        if (change.after) {
            model.accounts[who] = *change.after;
        } else {
            model.accounts.erase(who);
        }
    }
    return diff;
}

}  // namespace

TEST(diff_accumulator, equals_merging_one_by_one) {
    const uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random{seed};
    for (int round = 0; round < 200; ++round) {
        Model model;
        DiffAccumulator accumulator;
        state::StateDiff merged;
        for (int step = 0; step < 10; ++step) {
            const auto diff = random_step(random, model);
            accumulator.add(diff);
            merged = state::merge(merged, diff);
        }
        const auto sum = accumulator.take();
        ASSERT_EQ(sum.accounts, merged.accounts);
        ASSERT_EQ(sum.slots, merged.slots);
        ASSERT_TRUE(accumulator.is_empty());
    }
}

TEST(diff_accumulator, clearing_storage_zeroes_earlier_writes) {
    const Address who = address(1);
    DiffAccumulator accumulator;
    accumulator.add(
        {.accounts = {{who, Account{1}, Account{1}, false}}, .slots = {{who, 1, 0, 5}}, .codes = {}}
    );
    accumulator.add({.accounts = {{who, Account{1}, std::nullopt, true}}, .slots = {}, .codes = {}}
    );
    const auto sum = accumulator.take();
    ASSERT_EQ(sum.slots.size(), 1U);
    EXPECT_EQ(sum.slots[0].after, u256{0});
    EXPECT_TRUE(sum.accounts[0].storage_cleared);
}

}  // namespace mega::sequencer
