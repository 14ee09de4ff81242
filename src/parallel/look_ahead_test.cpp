#include "parallel/look_ahead.hpp"

#include "parallel/test_preimages.hpp"

#include <gtest/gtest.h>

namespace mega::parallel {
namespace {

using test::address_of;
using test::hashed;
using test::Hashed;
using test::hashed_by;
using test::rules_in;
using test::slots_of;
using test::teach;
using test::token;
using test::transfer;
using test::word;

/// Notes what it is told.
struct Listener {
    mutable std::vector<Address> accounts;
    mutable std::vector<SlotKey> slots;
    void expect_accounts(std::span<const Address> some) const {
        accounts.assign(some.begin(), some.end());
    }
    void expect_slots(std::span<const SlotKey> some) const {
        slots.assign(some.begin(), some.end());
    }
};

TEST(LookAhead, KeysAreTheSenderOrTheInputAndMappingsNest) {
    PreimageRules rules;
    EXPECT_FALSE(rules.is_settled());
    EXPECT_TRUE(rules.forecast().is_empty());
    teach(rules);
    EXPECT_TRUE(rules.is_settled());
    const HashForecast forecast = rules.forecast();
    EXPECT_EQ(rules_in(forecast), 4U);
    LookAhead ahead;
    evm::HashCache cache;
    std::vector<SignedTransaction> calls;
    for (uint64_t i = 0; i < LookAhead::most; ++i) {
        calls.push_back(transfer(1000 + i, 2000 + i));
    }
    ahead.begin();
    for (const SignedTransaction& tx : calls) {
        ahead.add(tx, &forecast);
    }
    ahead.hash(cache);
    for (uint64_t i = 0; i < LookAhead::most; ++i) {
        ahead.give(i, cache);
        for (const Hashed& wanted : hashed_by(calls[i], 2000 + i)) {
            const Hash256* found = cache.find(wanted.words);
            ASSERT_NE(found, nullptr) << i;
            EXPECT_EQ(*found, wanted.hash);
        }
    }
}

TEST(LookAhead, AnInputThatIsTooShortHasNoKeys) {
    PreimageRules rules;
    teach(rules);
    const HashForecast forecast = rules.forecast();
    SignedTransaction tx = transfer(1, 2);
    LookAhead ahead;
    evm::HashCache cache;
    for (size_t size = 0; size <= 36; ++size) {
        tx.tx.data.resize(size);
        ahead.begin();
        ahead.add(tx, &forecast);
        ahead.add(tx, nullptr);
        ahead.hash(cache);
        ahead.give(0, cache);
        ahead.give(1, cache);
        // What the sender alone decides is known all the same.
        EXPECT_NE(cache.find(hashed(word(tx.sender), word(3)).words), nullptr);
    }
}

TEST(LookAhead, AccountsAndSlotsAreAnnounced) {
    PreimageRules rules;
    teach(rules);
    const HashForecast forecast = rules.forecast();
    const auto first = transfer(1, 2);
    const auto second = transfer(3, 4);
    auto other = transfer(5, 6);
    other.tx.to = address_of(99);
    SignedTransaction creation;
    creation.sender = address_of(7);
    LookAhead ahead;
    ahead.begin();
    ahead.add(first, &forecast);
    ahead.add(second, &forecast);
    ahead.add(other, nullptr);
    ahead.add(creation, nullptr);
    EXPECT_TRUE(ahead.is_any_foreseen());
    ahead.hash(evm::HashCache{});
    Listener listener;
    ahead.announce(listener);
    EXPECT_EQ(
        listener.accounts,
        (std::vector<Address>{
            address_of(1), token, address_of(3), address_of(5), address_of(99), address_of(7)
        })
    );
    std::vector<SlotKey> wanted;
    for (const auto& [tx, to] : {std::pair{first, 2}, {second, 4}}) {
        for (const SlotKey& key : slots_of(tx, static_cast<uint64_t>(to))) {
            if (key.slot != u256{7}) {
                wanted.push_back(key);
            }
        }
    }
    std::ranges::sort(wanted);
    std::ranges::sort(listener.slots);
    EXPECT_EQ(listener.slots, wanted);

    // Nothing is left of them afterwards.
    ahead.begin();
    EXPECT_FALSE(ahead.is_any_foreseen());
    ahead.add(creation, nullptr);
    const HashForecast empty;
    ahead.add(creation, &empty);
    EXPECT_FALSE(ahead.is_any_foreseen());
    ahead.hash(evm::HashCache{});
    ahead.announce(listener);
    EXPECT_EQ(listener.accounts, std::vector<Address>(2, address_of(7)));
    EXPECT_TRUE(listener.slots.empty());
}

}  // namespace
}  // namespace mega::parallel
