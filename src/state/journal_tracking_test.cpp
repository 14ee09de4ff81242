// What a tracking journal says an execution depended on: everything it looked at, and no more.

#include "state/journal.hpp"
#include "state/overlay.hpp"

#include <gtest/gtest.h>

#include <map>

namespace mega::state {
namespace {

Address address_of(uint8_t last) {
    Address address;
    address[0] = 0xbb;
    address[19] = last;
    return address;
}
const Address rich = address_of(1);      // balance 100, nonce 3
const Address contract = address_of(2);  // code, slot 1 = 11
const Address nobody = address_of(3);

class TrackingJournalTest : public testing::Test {
  protected:
    TrackingJournalTest() {
        view_.set_balance(rich, 100);
        view_.set_nonce(rich, 3);
        view_.set_code(contract, Bytes{0x60, 1});
        view_.set_storage(contract, 1, 11);
        journal_.begin(view_);
    }
    [[nodiscard]] AccountEffect effect_on(const Address& address) {
        std::map<Address, AccountEffect> effects;
        journal_.visit_effects(
            true,
            [](const SlotChange& /*change*/, uint32_t /*load_order*/) {},
            [&](const AccountEffect& effect) { effects[effect.address] = effect; }
        );
        EXPECT_TRUE(effects.contains(address));
        if (const BalanceRange* range = effects[address].range) {
            range_ = *range;
        }
        return effects[address];
    }

    EmptyState nothing_;
    Overlay view_{nothing_};
    Journal journal_{Journal::Mode::tracking};
    BalanceRange range_;
};

TEST_F(TrackingJournalTest, ACreditLooksAtNothing) {
    journal_.add_balance(rich, 5);
    const AccountEffect effect = effect_on(rich);
    EXPECT_EQ(effect.seen, 0);
    EXPECT_EQ(effect.range, nullptr);
    EXPECT_TRUE(effect.is_touched);
    EXPECT_EQ(effect.current.balance, u256{5}) << "as a difference";
}

TEST_F(TrackingJournalTest, ALastCreditDoesNotEvenAsk) {
    journal_.credit(rich, 5);
    const AccountEffect effect = effect_on(rich);
    EXPECT_FALSE(effect.is_loaded);
    EXPECT_TRUE(effect.is_touched);
    EXPECT_EQ(effect.current.balance, u256{5});
    EXPECT_EQ(journal_.balance(rich), u256{105}) << "asked after all, it adds up";
}

TEST_F(TrackingJournalTest, APaymentLooksWhetherThereIsEnough) {
    EXPECT_TRUE(journal_.covers(rich, 40));
    journal_.subtract_balance(rich, 40);
    EXPECT_TRUE(journal_.covers(rich, 60));
    EXPECT_FALSE(journal_.covers(rich, 61));
    journal_.add_balance(rich, 10);
    EXPECT_TRUE(journal_.covers(rich, 70));
    const AccountEffect effect = effect_on(rich);
    EXPECT_EQ(effect.seen, 0);
    EXPECT_EQ(range_, (BalanceRange{100, 100}));
    EXPECT_EQ(effect.current.balance, u256{} - u256{30});
}

TEST_F(TrackingJournalTest, BoundsOfComparisons) {
    EXPECT_TRUE(journal_.covers(rich, 40));
    EXPECT_FALSE(journal_.covers(rich, 1000));
    EXPECT_EQ(effect_on(rich).seen, 0);
    EXPECT_EQ(range_, (BalanceRange{40, 999}));
}

TEST_F(TrackingJournalTest, ALookAtTheBalanceIsExact) {
    (void)journal_.balance(rich);
    EXPECT_EQ(effect_on(rich).seen, Seen::balance);
}

TEST_F(TrackingJournalTest, HighBalancesAreExact) {
    view_.set_balance(rich, high_balance);
    EXPECT_TRUE(journal_.covers(rich, 1));
    EXPECT_NE(effect_on(rich).seen & Seen::balance, 0);
    journal_.begin(view_);
    journal_.add_balance(nobody, high_balance);
    EXPECT_NE(effect_on(nobody).seen & Seen::balance, 0);
}

TEST_F(TrackingJournalTest, NonceAndCodeAreSeenWhenAskedFor) {
    (void)journal_.nonce(rich);
    (void)journal_.code(contract);
    EXPECT_EQ(effect_on(rich).seen, Seen::nonce);
    EXPECT_EQ(effect_on(contract).seen, Seen::code);
}

TEST_F(TrackingJournalTest, EmptinessIsOneBitUntilTheBalanceMoves) {
    EXPECT_FALSE(journal_.is_empty(rich));
    EXPECT_EQ(effect_on(rich).seen, Seen::emptiness);
    journal_.add_balance(nobody, 1);
    EXPECT_FALSE(journal_.is_empty(nobody));
    EXPECT_EQ(effect_on(nobody).seen, 0) << "its own credit decides";
    journal_.subtract_balance(contract, 0);
    EXPECT_FALSE(journal_.is_empty(contract));
    EXPECT_EQ(effect_on(contract).seen, Seen::emptiness);
}

TEST_F(TrackingJournalTest, ExistenceIsSeenBeforeATouchAlone) {
    EXPECT_FALSE(journal_.exists(nobody));
    EXPECT_EQ(effect_on(nobody).seen, Seen::existence);
    journal_.touch(rich);
    EXPECT_TRUE(journal_.exists(rich));
    EXPECT_EQ(effect_on(rich).seen, 0);
}

TEST_F(TrackingJournalTest, WhatARevertedFrameLookedAtStillCounts) {
    const Snapshot snapshot = journal_.snapshot();
    (void)journal_.balance(rich);
    journal_.set_nonce(rich, 9);
    journal_.revert_to(snapshot);
    const AccountEffect effect = effect_on(rich);
    EXPECT_EQ(effect.seen, Seen::balance);
    EXPECT_EQ(effect.current.nonce, effect.original.nonce);
    EXPECT_FALSE(effect.is_touched);
}

TEST_F(TrackingJournalTest, SlotsThatChangedComeWithTheirOrder) {
    (void)journal_.storage(contract, 7);
    journal_.set_storage(contract, 1, 12);
    std::vector<std::pair<SlotChange, uint32_t>> slots;
    bool has_slot_changes = false;
    journal_.visit_effects(
        true,
        [&](const SlotChange& change, uint32_t load_order) {
            slots.emplace_back(change, load_order);
        },
        [&](const AccountEffect& effect) { has_slot_changes |= effect.has_slot_changes; }
    );
    ASSERT_EQ(slots.size(), 1U);
    EXPECT_EQ(slots[0].first, (SlotChange{contract, 1, 11, 12}));
    EXPECT_EQ(slots[0].second, 1U);
    EXPECT_TRUE(has_slot_changes);
    EXPECT_TRUE(journal_.finish(true).is_empty()) << "effects instead of a diff";
}

}  // namespace
}  // namespace mega::state
