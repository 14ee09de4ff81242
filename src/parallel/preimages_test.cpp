#include "parallel/look_ahead.hpp"
#include "parallel/test_programs.hpp"

#include <gtest/gtest.h>

namespace mega::parallel {
namespace {

using Hashed = evm::HashCache::Hashed;
using test::address_of;

const Address token = address_of(0x70c3);
const Address allowances = address_of(0xa110);

Hashed hashed(const Hash256& first, const Hash256& second) {
    Hashed entry;
    std::memcpy(entry.words.data(), first.data(), 32);
    std::memcpy(entry.words.data() + 4, second.data(), 32);
    entry.hash = crypto::keccak256(evm::HashCache::as_view(entry.words));
    return entry;
}
Hash256 word(const Address& address) { return to_u256(address).to_hash(); }
Hash256 word(uint64_t number) { return u256{number}.to_hash(); }

/// transfer(to, amount) from a sender.
SignedTransaction transfer(uint64_t sender, uint64_t to) {
    SignedTransaction tx;
    tx.sender = address_of(sender);
    tx.tx.to = token;
    tx.tx.data = test::token_transfer(address_of(to), 5);
    return tx;
}
/// Balances in mapping 3; the allowance of the sender by the recipient in mapping 4.
std::vector<Hashed> hashed_by(const SignedTransaction& tx, uint64_t to) {
    std::vector<Hashed> all{
        hashed(word(tx.sender), word(3)),
        hashed(word(address_of(to)), word(3)),
        hashed(word(tx.sender), word(4))
    };
    all.push_back(hashed(word(address_of(to)), all.back().hash));
    return all;
}

/// Both balances are the token's, the allowance is another contract's; the hash of the outer
/// mapping is nobody's.
std::vector<SlotKey> slots_of(const SignedTransaction& tx, uint64_t to) {
    const auto all = hashed_by(tx, to);
    return {
        {token, to_u256(all[0].hash)},
        {token, 7},
        {token, to_u256(all[1].hash)},
        {allowances, to_u256(all[3].hash)}
    };
}

class Preimages : public testing::Test {
  protected:
    void teach(PreimageRules& rules, uint64_t times = 8) {
        for (uint64_t i = 0; i < times; ++i) {
            const auto tx = transfer(100 + i, 200 + i);
            rules.learn(tx, hashed_by(tx, 200 + i), slots_of(tx, 200 + i));
        }
    }
    [[nodiscard]] size_t rules_in(const HashForecast& forecast) const {
        return static_cast<size_t>(std::ranges::count(forecast.holds, true));
    }
};

TEST_F(Preimages, KeysAreTheSenderOrTheInputAndMappingsNest) {
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

TEST_F(Preimages, AnInputThatIsTooShortHasNoKeys) {
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

TEST_F(Preimages, WhatFewDoIsNotForeseen) {
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

TEST_F(Preimages, WhatHoldsNoLongerFades) {
    PreimageRules rules;
    teach(rules, 50);
    EXPECT_EQ(rules_in(rules.forecast()), 4U);
    for (uint64_t i = 0; i < 200; ++i) {
        rules.learn(transfer(i, i), {}, {});
    }
    EXPECT_TRUE(rules.forecast().is_empty());
}

/// More than there is room for: of the forecast, and of what is looked at.
TEST_F(Preimages, ManyMappingsAreBounded) {
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

TEST_F(Preimages, ACacheNotesWhatItIsAskedForUpToALimit) {
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

TEST_F(Preimages, AccountsAndSlotsAreAnnounced) {
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

/// A mapping that most of those who hash for it keep elsewhere.
TEST_F(Preimages, WhoseSlotItMostlyIs) {
    PreimageRules rules;
    for (uint64_t i = 0; i < 30; ++i) {
        const auto tx = transfer(100 + i, 200 + i);
        auto all = hashed_by(tx, 200 + i);
        all.resize(1);
        const Address contract = i < 6 || i % 9 == 0 ? token : allowances;
        rules.learn(tx, all, std::vector<SlotKey>{{contract, to_u256(all[0].hash)}});
    }
    const HashForecast forecast = rules.forecast();
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
