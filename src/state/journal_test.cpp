#include "state/journal.hpp"

#include "state/overlay.hpp"

#include <gtest/gtest.h>

#include <random>

namespace mega::state {
namespace {

Address address_of(uint8_t last) {
    Address address;
    address[0] = 0xaa;
    address[19] = last;
    return address;
}

evm::CodePtr code_of(uint8_t byte) {
    return std::make_shared<const evm::Code>(Bytes{byte, byte, byte});
}

/// Accounts 0..3 exist, 4..7 do not; 0 and 1 have code and slots.
class JournalTest : public testing::Test {
  protected:
    JournalTest() {
        for (uint8_t i = 0; i < 4; ++i) {
            view_.set_balance(address_of(i), u256{100} * u256{uint64_t{i} + 1});
        }
        for (uint8_t i = 0; i < 2; ++i) {
            view_.set_code(address_of(i), Bytes{0x60, i});
            view_.set_storage(address_of(i), 1, 11);
            view_.set_storage(address_of(i), 2, 22);
        }
        journal_.begin(view_);
    }

    EmptyState nothing_;
    Overlay view_{nothing_};
    Journal journal_;
};

TEST_F(JournalTest, ReadsFallThroughToTheView) {
    EXPECT_TRUE(journal_.exists(address_of(0)));
    EXPECT_FALSE(journal_.exists(address_of(5)));
    EXPECT_EQ(journal_.balance(address_of(1)), u256{200});
    EXPECT_EQ(journal_.storage(address_of(0), 2), u256{22});
    EXPECT_EQ(journal_.code(address_of(0))->size(), 2U);
    EXPECT_EQ(journal_.code(address_of(5))->size(), 0U);
    EXPECT_TRUE(journal_.finish(true).is_empty());
}

TEST_F(JournalTest, SetStorageTellsOriginalAndCurrent) {
    EXPECT_EQ(journal_.set_storage(address_of(0), 1, 5).current, u256{11});
    const auto old = journal_.set_storage(address_of(0), 1, 6);
    EXPECT_EQ(old.original, u256{11});
    EXPECT_EQ(old.current, u256{5});
}

TEST_F(JournalTest, AnAccountIsListedForItsSlotsAlone) {
    (void)journal_.set_storage(address_of(0), 1, 5);
    const StateDiff diff = journal_.finish(true);
    ASSERT_EQ(diff.accounts.size(), 1U);
    EXPECT_EQ(diff.accounts[0].before, diff.accounts[0].after);
    ASSERT_EQ(diff.slots.size(), 1U);
    EXPECT_EQ(diff.slots[0].before, u256{11});
    EXPECT_EQ(diff.slots[0].after, u256{5});
}

TEST_F(JournalTest, ASlotWrittenBackLeavesNothing) {
    (void)journal_.set_storage(address_of(0), 1, 5);
    (void)journal_.set_storage(address_of(0), 1, 11);
    EXPECT_TRUE(journal_.finish(true).is_empty());
}

TEST_F(JournalTest, TouchedEmptyAccountsGoOnlyWhenAsked) {
    journal_.touch(address_of(5));
    EXPECT_TRUE(journal_.exists(address_of(5)));
    journal_.begin(view_);
    journal_.touch(address_of(5));
    EXPECT_TRUE(journal_.finish(true).is_empty());
    journal_.begin(view_);
    journal_.touch(address_of(5));
    const StateDiff kept = journal_.finish(false);
    ASSERT_EQ(kept.accounts.size(), 1U);
    EXPECT_EQ(kept.accounts[0].after, Account{});
}

TEST_F(JournalTest, AnEmptyAccountThatWasThereGoesWhenTouched) {
    view_.set_account(address_of(6), Account{});
    journal_.begin(view_);
    EXPECT_TRUE(journal_.exists(address_of(6)));
    EXPECT_TRUE(journal_.finish(true).is_empty()) << "reading is not touching";
    journal_.begin(view_);
    journal_.add_balance(address_of(6), 0);
    const StateDiff diff = journal_.finish(true);
    ASSERT_EQ(diff.accounts.size(), 1U);
    EXPECT_FALSE(diff.accounts[0].after.has_value());
    EXPECT_FALSE(diff.accounts[0].storage_cleared);
}

TEST_F(JournalTest, ARevertedTouchIsForgottenExceptOfRipemd) {
    Address ripemd;
    ripemd[19] = 3;
    for (const Address& address : {address_of(6), ripemd}) {
        view_.set_account(address, Account{});
    }
    journal_.begin(view_);
    const Snapshot start = journal_.snapshot();
    journal_.touch(address_of(6));
    journal_.touch(ripemd);
    journal_.revert_to(start);
    const StateDiff diff = journal_.finish(true);
    ASSERT_EQ(diff.accounts.size(), 1U);
    EXPECT_EQ(diff.accounts[0].address, ripemd);
}

TEST_F(JournalTest, DestructionDropsStorage) {
    (void)journal_.set_storage(address_of(0), 1, 5);
    (void)journal_.set_storage(address_of(0), 7, 5);
    EXPECT_TRUE(journal_.mark_destructed(address_of(0)));
    EXPECT_FALSE(journal_.mark_destructed(address_of(0)));
    const StateDiff diff = journal_.finish(true);
    ASSERT_EQ(diff.accounts.size(), 1U);
    EXPECT_FALSE(diff.accounts[0].after.has_value());
    EXPECT_TRUE(diff.accounts[0].storage_cleared);
    ASSERT_EQ(diff.slots.size(), 1U);
    EXPECT_EQ(diff.slots[0].slot, u256{1});
    EXPECT_EQ(diff.slots[0].after, u256{});

    view_.apply(diff);
    EXPECT_EQ(view_.storage(address_of(0), 1), u256{});
    EXPECT_EQ(view_.storage(address_of(0), 2), u256{}) << "never touched, gone all the same";
    EXPECT_EQ(view_.storage(address_of(1), 2), u256{22});
}

TEST_F(JournalTest, CreatedAndDestructedInOneLeavesNothing) {
    journal_.create_contract(address_of(5), 1);
    EXPECT_TRUE(journal_.is_created(address_of(5)));
    EXPECT_FALSE(journal_.is_created(address_of(0)));
    (void)journal_.set_storage(address_of(5), 1, 1);
    journal_.set_code(address_of(5), crypto::keccak256(code_of(1)->bytes()), code_of(1));
    (void)journal_.mark_destructed(address_of(5));
    EXPECT_TRUE(journal_.finish(true).is_empty());
}

TEST_F(JournalTest, CodeComesWithTheDiff) {
    const auto code = code_of(7);
    const Hash256 hash = crypto::keccak256(code->bytes());
    journal_.create_contract(address_of(5), 1);
    journal_.set_code(address_of(5), hash, code);
    journal_.create_contract(address_of(6), 1);
    journal_.set_code(address_of(6), hash, code);
    const StateDiff diff = journal_.finish(true);
    ASSERT_EQ(diff.codes.size(), 1U);
    EXPECT_EQ(diff.codes[0].code_hash, hash);
    EXPECT_EQ(diff.accounts.size(), 2U);
}

TEST_F(JournalTest, AccessedRemembersWhatWasReverted) {
    const Snapshot start = journal_.snapshot();
    EXPECT_FALSE(journal_.warm_account(address_of(5)));
    EXPECT_TRUE(journal_.warm_account(address_of(5)));
    EXPECT_FALSE(journal_.warm_slot(address_of(5), 9));
    journal_.revert_to(start);
    const auto accessed = journal_.accessed();
    ASSERT_EQ(accessed.size(), 1U);
    EXPECT_EQ(accessed[0].address, address_of(5));
    EXPECT_EQ(accessed[0].slots, std::vector<u256>{9});
    EXPECT_FALSE(journal_.warm_account(address_of(5)));
    EXPECT_FALSE(journal_.warm_slot(address_of(5), 9));
}

TEST_F(JournalTest, BeginForgetsEverything) {
    journal_.add_balance(address_of(0), 1);
    (void)journal_.set_storage(address_of(0), 1, 5);
    journal_.set_transient_storage(address_of(0), 1, 5);
    (void)journal_.warm_account(address_of(0));
    journal_.add_log({});
    journal_.begin(view_);
    EXPECT_EQ(journal_.balance(address_of(0)), u256{100});
    EXPECT_EQ(journal_.storage(address_of(0), 1), u256{11});
    EXPECT_EQ(journal_.transient_storage(address_of(0), 1), u256{});
    EXPECT_FALSE(journal_.warm_account(address_of(0)));
    EXPECT_TRUE(journal_.take_logs().empty());
    EXPECT_TRUE(journal_.finish(true).is_empty());
}

TEST_F(JournalTest, ManySlotsGrowTheTables) {
    for (uint64_t i = 0; i < 5000; ++i) {
        (void)journal_.set_storage(address_of(0), i + 100, i + 1);
    }
    for (uint64_t i = 0; i < 5000; ++i) {
        ASSERT_EQ(journal_.storage(address_of(0), i + 100), u256{i + 1});
    }
    EXPECT_EQ(journal_.finish(true).slots.size(), 5000U);
}

/// One change out of `random`, the same for the same numbers.
void change(Journal& journal, std::mt19937_64& random) {
    const Address address = address_of(static_cast<uint8_t>(random() % 8));
    const u256 slot = random() % 4;
    const u256 value = random() % 3;
    const auto byte = static_cast<uint8_t>(random() % 4);
    switch (random() % 12) {
        case 0:
            return journal.touch(address);
        case 1:
            return journal.add_balance(address, value);
        case 2:
            return journal.set_balance(address, value);
        case 3:
            return journal.set_nonce(address, value.low64());
        case 4:
            return journal.set_code(
                address, crypto::keccak256(code_of(byte)->bytes()), code_of(byte)
            );
        case 5:
            // Contracts start where there is no storage.
            return journal.create_contract(
                address_of(static_cast<uint8_t>(4 + byte)), value.low64()
            );
        case 6:
            return (void)journal.mark_destructed(address);
        case 7:
            return (void)journal.set_storage(address, slot, value);
        case 8:
            return journal.set_transient_storage(address, slot, value);
        case 9:
            return (void)journal.warm_account(address);
        case 10:
            return (void)journal.warm_slot(address, slot);
        default:
            return journal.add_log({address, {}, Bytes{byte}});
    }
}

void expect_same(Journal& a, Journal& b) {
    for (uint8_t i = 0; i < 8; ++i) {
        const Address address = address_of(i);
        EXPECT_EQ(a.exists(address), b.exists(address));
        EXPECT_EQ(a.balance(address), b.balance(address));
        EXPECT_EQ(a.nonce(address), b.nonce(address));
        EXPECT_EQ(a.code_hash(address), b.code_hash(address));
        EXPECT_TRUE(equal(a.code(address)->bytes(), b.code(address)->bytes()));
        EXPECT_EQ(a.is_created(address), b.is_created(address));
        for (uint64_t slot = 0; slot < 4; ++slot) {
            EXPECT_EQ(a.storage(address, slot), b.storage(address, slot));
            EXPECT_EQ(a.transient_storage(address, slot), b.transient_storage(address, slot));
            EXPECT_EQ(a.warm_slot(address, slot), b.warm_slot(address, slot));
        }
        EXPECT_EQ(a.warm_account(address), b.warm_account(address));
    }
    EXPECT_EQ(a.take_logs(), b.take_logs());
}

/// A destructed account's diff lists the slots that were read, in reverted frames too.
void read_all_slots(Journal& journal) {
    for (uint8_t i = 0; i < 8; ++i) {
        for (uint64_t slot = 0; slot < 4; ++slot) {
            (void)journal.storage(address_of(i), slot);
        }
    }
}

/// What is done between a snapshot and the return to it might as well not have been done.
TEST_F(JournalTest, RevertRestoresExactly) {
    const uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random{seed};
    Journal plain;
    for (int round = 0; round < 300 && !HasFailure(); ++round) {
        const bool delete_empty = round % 2 == 0;
        journal_.begin(view_);
        plain.begin(view_);
        read_all_slots(journal_);
        read_all_slots(plain);
        const auto do_both = [&] {
            for (uint64_t n = random() % 8; n > 0; --n) {
                std::mt19937_64 same = random;
                change(journal_, random);
                change(plain, same);
            }
        };
        do_both();
        const Snapshot outer = journal_.snapshot();
        for (uint64_t depth = random() % 4; depth > 0; --depth) {
            const Snapshot inner = journal_.snapshot();
            for (uint64_t n = random() % 20; n > 0; --n) {
                change(journal_, random);
            }
            if (random() % 2 == 0) {
                journal_.revert_to(inner);
            }
        }
        journal_.revert_to(outer);
        do_both();
        EXPECT_EQ(journal_.finish(delete_empty), plain.finish(delete_empty));
        expect_same(journal_, plain);
    }
}

}  // namespace
}  // namespace mega::state
