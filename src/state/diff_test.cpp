#include "state/diff.hpp"

#include "state/journal.hpp"
#include "state/overlay.hpp"

#include <gtest/gtest.h>

#include <random>

namespace mega::state {
namespace {

constexpr uint8_t account_count = 5;
constexpr uint64_t slot_count = 4;

Address address_of(uint64_t last) {
    Address address;
    address[0] = 0xbb;
    address[19] = static_cast<uint8_t>(last);
    return address;
}

/// A diff that a transaction on `view` could have made. Only contracts that exist write slots;
/// SELFDESTRUCT as before Cancun when `may_destruct`.
StateDiff random_diff(const StateView& view, std::mt19937_64& random, bool may_destruct) {
    Journal journal;
    journal.begin(view);
    for (uint64_t n = random() % 12; n > 0; --n) {
        const Address address = address_of(random() % account_count);
        if (!journal.exists(address)) {
            const auto code = std::make_shared<const evm::Code>(Bytes{1, address[19]});
            journal.create_contract(address, 1);
            journal.set_code(address, crypto::keccak256(code->bytes()), code);
            continue;
        }
        switch (random() % (may_destruct ? 5 : 4)) {
            case 0:
                journal.add_balance(address, random() % 3);
                break;
            case 1:
                journal.set_nonce(address, 1 + random() % 2);
                break;
            case 4:
                (void)journal.mark_destructed(address);
                break;
            default:
                (void)journal.set_storage(address, random() % slot_count, random() % 3);
        }
    }
    return journal.finish(true);
}

/// Everything that the accounts of these tests hold.
using Contents = std::vector<std::pair<std::optional<Account>, std::vector<u256>>>;
Contents contents_of(const StateView& view) {
    Contents contents;
    for (uint8_t i = 0; i < account_count; ++i) {
        std::vector<u256> slots;
        for (uint64_t slot = 0; slot < slot_count; ++slot) {
            slots.push_back(view.storage(address_of(i), slot));
        }
        contents.emplace_back(view.account(address_of(i)), std::move(slots));
    }
    return contents;
}

std::string describe(const StateDiff& diff) {
    std::string text;
    for (const AccountChange& change : diff.accounts) {
        text += "account " + to_hex(change.address) + (change.before ? " was" : " was not") +
                (change.after ? ", is" : ", is not") +
                (change.storage_cleared ? ", cleared\n" : "\n");
    }
    for (const SlotChange& change : diff.slots) {
        text += "slot " + to_hex(change.address) + ' ' + to_decimal(change.slot) + ": " +
                to_decimal(change.before) + " -> " + to_decimal(change.after) + '\n';
    }
    return text;
}

/// A few diffs in a row on a state that is itself random, and the states between them.
struct Chain {
    Chain(std::mt19937_64& random, bool may_destruct) {
        base.apply(random_diff(base, random, false));
        base.apply(random_diff(base, random, false));
        Overlay view{base};
        states.push_back(contents_of(view));
        for (StateDiff& diff : diffs) {
            diff = random_diff(view, random, may_destruct);
            view.apply(diff);
            states.push_back(contents_of(view));
        }
    }

    EmptyState nothing;
    Overlay base{nothing};
    std::array<StateDiff, 3> diffs;
    std::vector<Contents> states;
};

class DiffProperties : public testing::Test {
  protected:
    const uint64_t seed_ = std::random_device{}();
    std::mt19937_64 random_{seed_};
    testing::ScopedTrace trace_{__FILE__, __LINE__, "seed " + std::to_string(seed_)};
};

TEST_F(DiffProperties, MergedDiffsLeadToTheSameState) {
    for (int round = 0; round < 500 && !HasFailure(); ++round) {
        const Chain chain{random_, true};
        const auto& [a, b, c] = chain.diffs;
        Overlay two{chain.base};
        two.apply(merge(a, b));
        EXPECT_EQ(contents_of(two), chain.states[2]);
        Overlay three{chain.base};
        three.apply(merge_all({a, b, c}));
        EXPECT_EQ(contents_of(three), chain.states[3]);
        Overlay grouped{chain.base};
        grouped.apply(merge(a, merge(b, c)));
        EXPECT_EQ(contents_of(grouped), chain.states[3]);
        EXPECT_EQ(merge(a, {}), a);
        EXPECT_EQ(merge({}, a), a);
    }
}

/// Only where nothing is cleared: a clearing lists what it touched, and that depends on what was
/// merged before.
TEST_F(DiffProperties, MergingIsAssociative) {
    for (int round = 0; round < 500 && !HasFailure(); ++round) {
        const Chain chain{random_, false};
        const auto& [a, b, c] = chain.diffs;
        EXPECT_EQ(merge(merge(a, b), c), merge(a, merge(b, c))) << "first\n"
                                                                << describe(a) << "second\n"
                                                                << describe(b) << "third\n"
                                                                << describe(c);
    }
}

TEST_F(DiffProperties, AnInvertedDiffLeadsBack) {
    for (int round = 0; round < 500 && !HasFailure(); ++round) {
        const Chain chain{random_, false};
        for (size_t i = 0; i < chain.diffs.size(); ++i) {
            Overlay view{chain.base};
            for (size_t j = 0; j <= i; ++j) {
                view.apply(chain.diffs[j]);
            }
            view.apply(invert(chain.diffs[i]));
            EXPECT_EQ(contents_of(view), chain.states[i]);
            StateDiff without_codes = chain.diffs[i];
            without_codes.codes.clear();
            EXPECT_EQ(invert(invert(chain.diffs[i])), without_codes);
        }
    }
}

TEST_F(DiffProperties, EncodingRoundTrips) {
    for (int round = 0; round < 500 && !HasFailure(); ++round) {
        const Chain chain{random_, true};
        for (const StateDiff& diff : {chain.diffs[0], merge(chain.diffs[0], chain.diffs[1])}) {
            const auto decoded = decode_diff(encode(diff));
            ASSERT_TRUE(decoded) << decoded.error().message;
            EXPECT_EQ(*decoded, diff);
        }
    }
}

TEST_F(DiffProperties, DamagedEncodingsAreRefusedOrStillCanonical) {
    for (int round = 0; round < 100 && !HasFailure(); ++round) {
        const Chain chain{random_, true};
        const Bytes good = encode(chain.diffs[0]);
        for (size_t size = 0; size < good.size(); ++size) {
            EXPECT_FALSE(decode_diff(BytesView{good}.first(size)));
        }
        Bytes longer = good;
        longer.push_back(0);
        EXPECT_FALSE(decode_diff(longer));
        for (int i = 0; i < 50; ++i) {
            Bytes bad = good;
            bad[random_() % bad.size()] ^= static_cast<uint8_t>(1 + random_() % 255);
            if (const auto decoded = decode_diff(bad)) {
                EXPECT_EQ(encode(*decoded), bad);
            }
        }
    }
}

/// Two groups of one account would be written as one.
TEST(Diff, AnAccountHasItsSlotsInOnePlace) {
    Address first;
    first.bytes.back() = 1;
    Address second;
    second.bytes.back() = 2;
    const Account account{.nonce = 1};
    StateDiff diff;
    diff.accounts = {{first, std::nullopt, account, false}, {second, std::nullopt, account, false}};
    diff.slots = {{first, 1, 0, 7}, {second, 2, 0, 7}};
    Bytes encoded = encode(diff);
    ASSERT_TRUE(decode_diff(encoded).has_value());
    const auto at = std::ranges::find_end(encoded, second.bytes);
    ASSERT_FALSE(at.empty());
    at.back() = 1;
    const auto decoded = decode_diff(encoded);
    ASSERT_FALSE(decoded.has_value());
    EXPECT_EQ(decoded.error().message, "state diff: accounts with slots out of order");
}

TEST(Diff, TheEmptyOneIsFourBytes) {
    EXPECT_EQ(encode(StateDiff{}), (Bytes{1, 0, 0, 0}));
    EXPECT_TRUE(decode_diff(Bytes{1, 0, 0, 0})->is_empty());
}

TEST(Diff, RefusalsSayWhy) {
    const auto why = [](const Bytes& bytes) {
        const auto decoded = decode_diff(bytes);
        return decoded ? std::string{} : decoded.error().message;
    };
    EXPECT_EQ(why({}), "state diff: input too short");
    EXPECT_EQ(why({2, 0, 0, 0}), "state diff: unknown version");
    EXPECT_EQ(why({1, 0x80, 0, 0, 0}), "state diff: padded varint");
    EXPECT_EQ(why({1, 0xff, 0xff, 0xff, 0x7f, 0, 0}), "state diff: count exceeds input");
    EXPECT_EQ(why({1, 0, 0, 1, 0}), "state diff: empty code");
    EXPECT_EQ(why({1, 0, 0, 0, 0}), "state diff: trailing bytes");
    Bytes idle{1, 1};
    append(idle, address_of(1));
    append(idle, Bytes{0x0b, 0, 0, 0, 0, 0});  // before = after = the empty account, no slots
    EXPECT_EQ(why(idle), "state diff: account without change");
}

TEST(Diff, AClearedSlotThatComesBackStaysListed) {
    const Account account{1, 0, crypto::keccak256(Bytes{1})};
    StateDiff gone;
    gone.accounts.push_back({address_of(1), account, std::nullopt, true});
    gone.slots.push_back({address_of(1), 7, 5, 0});
    StateDiff back;
    back.accounts.push_back({address_of(1), std::nullopt, account, false});
    back.slots.push_back({address_of(1), 7, 0, 5});
    const StateDiff merged = merge(gone, back);
    ASSERT_EQ(merged.accounts.size(), 1U);
    EXPECT_TRUE(merged.accounts[0].storage_cleared);
    ASSERT_EQ(merged.slots.size(), 1U);
    EXPECT_EQ(merged.slots[0].after, u256{5});
    EXPECT_EQ(*decode_diff(encode(merged)), merged);
}

TEST(Overlay, StorageWithoutNonceOrCodeIsKnown) {
    const EmptyState nothing;
    Overlay view{nothing};
    StateDiff diff;
    diff.accounts.push_back({address_of(1), std::nullopt, Account{0, 1, {}}, false});
    diff.accounts[0].after->code_hash = crypto::keccak256_of_empty;
    diff.slots.push_back({address_of(1), 1, 0, 5});
    view.apply(diff);
    EXPECT_TRUE(view.has_storage(address_of(1)));
    EXPECT_FALSE(view.has_storage(address_of(2)));
    Overlay above{view};
    EXPECT_TRUE(above.has_storage(address_of(1)));
    above.clear_storage(address_of(1));
    EXPECT_FALSE(above.has_storage(address_of(1)));
    EXPECT_EQ(above.storage(address_of(1), 1), u256{});
    above.set_storage(address_of(1), 1, 6);
    EXPECT_EQ(above.storage(address_of(1), 1), u256{6});
}

}  // namespace
}  // namespace mega::state
