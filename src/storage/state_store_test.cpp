#include "storage/state_store.hpp"

#include "state/overlay.hpp"
#include "storage/state_records.hpp"
#include "storage/test_directory.hpp"

#include <gtest/gtest.h>
#include <atomic>
#include <map>
#include <random>
#include <thread>

namespace mega::storage {
namespace {

using state::StateDiff;
using DiffPtr = std::shared_ptr<const StateDiff>;

Address address_of(uint64_t i) { return (u256{i} + 0x1000).to_address(); }

StateDiff change_of(
    const Address& address,
    const std::optional<Account>& before,
    const std::optional<Account>& after
) {
    StateDiff diff;
    diff.accounts.push_back({address, before, after, false});
    return diff;
}

Account with_balance(uint64_t balance) {
    Account account;
    account.balance = balance;
    return account;
}

/// The whole state in ordered maps: what the store must agree with.
struct Model {
    std::map<Address, Account> accounts;
    std::map<SlotKey, u256> slots;

    [[nodiscard]] std::optional<Account> account(const Address& address) const {
        const auto at = accounts.find(address);
        return at == accounts.end() ? std::nullopt : std::optional{at->second};
    }
    [[nodiscard]] u256 slot(const SlotKey& key) const {
        const auto at = slots.find(key);
        return at == slots.end() ? u256{} : at->second;
    }
    void apply(const StateDiff& diff) {
        for (const auto& change : diff.accounts) {
            if (change.storage_cleared) {
                std::erase_if(slots, [&](const auto& slot) {
                    return slot.first.address == change.address;
                });
            }
            if (change.after) {
                accounts[change.address] = *change.after;
            } else {
                accounts.erase(change.address);
            }
        }
        for (const auto& change : diff.slots) {
            slots[{change.address, change.slot}] = change.after;
        }
    }
};

constexpr uint64_t account_count = 12;
constexpr uint64_t slot_count = 4;

void expect_same(const state::StateView& view, const Model& model, std::string_view what) {
    for (uint64_t i = 0; i < account_count; ++i) {
        const Address address = address_of(i);
        ASSERT_EQ(view.account(address), model.account(address)) << what << ": account " << i;
        for (uint64_t slot = 0; slot < slot_count; ++slot) {
            ASSERT_EQ(view.storage(address, slot), model.slot({address, slot}))
                << what << ": slot " << i << "/" << slot;
        }
    }
}

/// A change to some accounts and slots; sometimes an account goes with all its storage.
StateDiff random_diff(const Model& model, std::mt19937_64& random, bool may_clear) {
    StateDiff diff;
    for (uint64_t i = 0; i < account_count; ++i) {
        if (random() % 4 != 0) {
            continue;
        }
        const Address address = address_of(i);
        const auto before = model.account(address);
        if (may_clear && before && random() % 6 == 0) {
            diff.accounts.push_back({address, before, std::nullopt, true});
            continue;
        }
        const auto after = random() % 3 == 0 && before ? *before : with_balance(random() % 100 + 1);
        diff.accounts.push_back({address, before, after, false});
        for (uint64_t slot = 0; slot < slot_count; ++slot) {
            const u256 old = model.slot({address, slot});
            const u256 value = random() % 3;
            if (random() % 2 == 0 && old != value) {
                diff.slots.push_back({address, slot, old, value});
            }
        }
    }
    state::sort_canonically(diff);
    return diff;
}

class StateStoreTest : public ::testing::Test {
  protected:
    StateStoreTest() { reopen(); }

    void reopen(size_t cache_bytes = 0) {
        store_.reset();
        if (!database_) {
            auto database = Database::open({.path = directory_.path(), .cache_bytes = 8u << 20});
            EXPECT_TRUE(database) << database.error().message;
            database_ = std::move(*database);
        }
        store_ =
            std::make_unique<StateStore>(*database_, StateStoreOptions{.cache_bytes = cache_bytes});
    }
    /// Applies and seals one block made of two diffs; returns its version.
    StateVersion make_block(uint64_t number, std::mt19937_64& random, bool may_clear) {
        const StateDiff first = random_diff(model_, random, may_clear);
        store_->apply(first);
        model_.apply(first);
        const StateDiff second = random_diff(model_, random, false);
        const StateVersion version = store_->apply(second);
        model_.apply(second);
        diffs_[number] = std::make_shared<const StateDiff>(state::merge(first, second));
        models_[number] = model_;
        store_->seal_block(number, diffs_[number]);
        return version;
    }
    void checkpoint(uint64_t first, uint64_t last, StateVersion version) {
        WriteBatch batch;
        for (uint64_t number = first; number <= last; ++number) {
            store_->stage_block(batch, number, *diffs_[number]);
        }
        ASSERT_TRUE(database_->write(std::move(batch), false));
        store_->checkpointed(version);
    }
    void expect_history(uint64_t last) {
        for (uint64_t number = 0; number <= last; ++number) {
            const auto view = store_->at_block(number);
            ASSERT_TRUE(view) << view.error().message;
            expect_same(**view, models_[number], "block " + std::to_string(number));
        }
        ASSERT_TRUE(store_->health());
    }

    TestDirectory directory_{TestDirectory::in_memory};
    std::unique_ptr<Database> database_;
    std::unique_ptr<StateStore> store_;
    Model model_;
    std::map<uint64_t, Model> models_{{0, {}}};
    std::map<uint64_t, DiffPtr> diffs_;
};

TEST_F(StateStoreTest, shows_each_snapshot_its_own_version) {
    const Address a = address_of(1);
    const Snapshot before = store_->latest();
    store_->apply(change_of(a, std::nullopt, with_balance(1)));
    const Snapshot first = store_->latest();
    store_->apply(change_of(a, with_balance(1), with_balance(2)));
    const Snapshot second = store_->latest();
    store_->apply(change_of(a, with_balance(2), std::nullopt));
    EXPECT_EQ(before->account(a), std::nullopt);
    EXPECT_EQ(first->account(a), with_balance(1));
    EXPECT_EQ(second->account(a), with_balance(2));
    EXPECT_EQ(store_->latest()->account(a), std::nullopt);
    EXPECT_EQ(store_->writer_view().account(a), std::nullopt);
}

TEST_F(StateStoreTest, agrees_with_a_model_at_every_block_through_checkpoints_and_restarts) {
    std::mt19937_64 random{42};
    uint64_t checkpointed = 0;
    for (uint64_t number = 1; number <= 60; ++number) {
        const StateVersion version = make_block(number, random, /*may_clear=*/true);
        expect_same(store_->writer_view(), model_, "newest");
        // The open block must not show in the history of sealed ones.
        const StateDiff open = random_diff(model_, random, true);
        store_->apply(open);
        if (random() % 4 == 0) {
            checkpoint(checkpointed + 1, number, version);
            checkpointed = number;
        }
        Model with_open = model_;
        with_open.apply(open);
        expect_same(*store_->latest(), with_open, "open block");
        expect_history(number);
        if (checkpointed == number && random() % 2 == 0) {
            reopen();
            ASSERT_EQ(store_->sealed_block(), number);
        } else {
            // Back to the seal, slot by slot, since an inverse cannot know of slots that were
            // dropped unlisted.
            StateDiff back;
            for (uint64_t i = 0; i < account_count; ++i) {
                const Address address = address_of(i);
                back.accounts.push_back(
                    {address, with_open.account(address), model_.account(address), false}
                );
                for (uint64_t slot = 0; slot < slot_count; ++slot) {
                    const SlotKey key{address, slot};
                    back.slots.push_back({address, slot, with_open.slot(key), model_.slot(key)});
                }
            }
            store_->apply(back);
        }
        expect_same(store_->writer_view(), model_, "closed again");
    }
}

TEST_F(StateStoreTest, takes_blocks_back) {
    std::mt19937_64 random{7};
    StateVersion version = 0;
    for (uint64_t number = 1; number <= 20; ++number) {
        version = make_block(number, random, false);
    }
    checkpoint(1, 20, version);
    auto old_view = store_->at_block(5);
    auto gone_view = store_->at_block(18);
    Snapshot head = store_->latest();
    const Model head_model = model_;

    WriteBatch batch;
    for (uint64_t number = 20; number > 8; --number) {
        store_->unstage_block(batch, number, *diffs_[number]);
        expect_same(**old_view, models_[5], "while staging");
    }
    for (uint64_t number = 20; number > 8; --number) {
        version = store_->apply(state::invert(*diffs_[number]));
        expect_same(**old_view, models_[5], "while reverting");
    }
    ASSERT_TRUE(database_->write(std::move(batch), false));
    expect_same(**old_view, models_[5], "before the end");
    store_->checkpointed(version);
    model_ = models_[8];

    expect_same(**old_view, models_[5], "a view from before");
    expect_same(**gone_view, models_[8], "a view of a block that is gone");
    expect_same(*head, head_model, "a snapshot from before");
    expect_same(store_->writer_view(), model_, "newest");
    expect_history(8);
    EXPECT_FALSE(store_->at_block(9));
    for (uint64_t number = 9; number <= 14; ++number) {
        version = make_block(number, random, false);
    }
    expect_history(14);
    checkpoint(9, 14, version);
    expect_history(14);
    *old_view = nullptr;
    *gone_view = nullptr;
    head = nullptr;
    reopen();
    expect_same(store_->writer_view(), model_, "restarted");
    expect_history(14);
}

TEST_F(StateStoreTest, refuses_blocks_that_are_not_sealed_or_not_kept) {
    store_.reset();
    WriteBatch batch;
    StateStore::stage_genesis(batch, change_of(address_of(0), std::nullopt, with_balance(9)), 100);
    ASSERT_TRUE(database_->write(std::move(batch), false));
    reopen();
    EXPECT_EQ(store_->sealed_block(), 100u);
    EXPECT_EQ((*store_->at_block(100))->account(address_of(0)), with_balance(9));
    EXPECT_NE(store_->at_block(101).error().message.find("not sealed"), std::string::npos);
    EXPECT_NE(store_->at_block(99).error().message.find("not kept"), std::string::npos);
}

TEST_F(StateStoreTest, serves_codes_before_and_after_a_checkpoint) {
    const Bytes bytes{0x60, 0x01, 0x00};
    const auto code = std::make_shared<const evm::Code>(bytes);
    Account account;
    account.code_hash = Hash256{{1}};
    const StateDiff diff{
        .accounts = {{address_of(0), std::nullopt, account, false}},
        .slots = {},
        .codes = {{account.code_hash, code}}
    };
    const StateVersion version = store_->apply(diff);
    EXPECT_EQ(store_->latest()->code(account.code_hash), code);
    diffs_[1] = std::make_shared<const StateDiff>(diff);
    store_->seal_block(1, diffs_[1]);
    checkpoint(1, 1, version);
    reopen();
    EXPECT_TRUE(equal(store_->latest()->code(account.code_hash)->bytes(), bytes));
    EXPECT_EQ(store_->latest()->code(crypto::keccak256_of_empty)->size(), 0u);
    EXPECT_TRUE(store_->health());
    EXPECT_EQ(store_->latest()->code(Hash256{{2}})->size(), 0u);
    EXPECT_NE(store_->health().error().message.find("missing"), std::string::npos);
}

TEST_F(StateStoreTest, reports_damaged_records_instead_of_guessing) {
    store_.reset();
    WriteBatch batch;
    batch.put(Table::accounts, address_of(0), as_bytes("\x09rubbish"));
    ASSERT_TRUE(database_->write(std::move(batch), false));
    reopen();
    EXPECT_EQ(store_->writer_view().account(address_of(0)), std::nullopt);
    EXPECT_FALSE(store_->health());
}

TEST_F(StateStoreTest, stays_within_its_size_once_checkpointed) {
    constexpr size_t limit = 1u << 20;
    reopen(limit);
    constexpr uint64_t count = 20'000;
    StateDiff diff;
    for (uint64_t i = 0; i < count; ++i) {
        diff.accounts.push_back({address_of(i), std::nullopt, with_balance(i + 1), false});
    }
    state::sort_canonically(diff);
    const StateVersion version = store_->apply(diff);
    EXPECT_GT(store_->cache_bytes(), limit);  // pinned until the database has it
    diffs_[1] = std::make_shared<const StateDiff>(diff);
    store_->seal_block(1, diffs_[1]);
    checkpoint(1, 1, version);
    for (uint64_t i = 0; i < count; ++i) {
        ASSERT_EQ(store_->writer_view().account(address_of(i)), with_balance(i + 1));
        ASSERT_EQ(store_->writer_view().account(address_of(count + i)), std::nullopt);
    }
    EXPECT_LT(store_->cache_bytes(), limit + limit / 4);
}

TEST_F(StateStoreTest, knows_the_hashes_of_recent_blocks) {
    store_->set_block_hash(5, Hash256{{5}});
    EXPECT_EQ(store_->latest()->block_hash(5), Hash256{{5}});
    EXPECT_EQ(store_->latest()->block_hash(6), Hash256{});
}

// Transfers keep the sum of all balances. Readers on other threads, in snapshots and in past
// blocks, must always find it whole, while the writer applies, seals, checkpoints and evicts (the
// cache is far too small for the state).
TEST_F(StateStoreTest, keeps_the_sum_of_balances_under_concurrent_readers) {
    reopen(64u << 10);
    constexpr uint64_t people = 400;
    constexpr uint64_t each = 1000;
    std::vector<Account> accounts(people, with_balance(each));
    StateDiff start;
    for (uint64_t i = 0; i < people; ++i) {
        start.accounts.push_back({address_of(i), std::nullopt, accounts[i], false});
    }
    state::sort_canonically(start);
    store_->apply(start);
    store_->seal_block(1, std::make_shared<const StateDiff>(start));

    const auto sum_of = [&](const state::StateView& view, uint64_t seed) {
        u256 sum;
        for (uint64_t i = 0; i < people; ++i) {
            sum += view.account(address_of((i + seed) % people))->balance;
        }
        return sum;
    };
    std::atomic<bool> stop{false};
    std::atomic<uint64_t> sums{0};
    std::atomic<uint64_t> wrong{0};
    const auto read_on = [&](uint64_t seed) {
        std::mt19937_64 random{seed};
        while (!stop) {
            const Snapshot view = random() % 2 == 0
                                      ? store_->latest()
                                      : *store_->at_block(1 + random() % store_->sealed_block());
            wrong += sum_of(*view, random()) == u256{people * each} ? 0 : 1;
            ++sums;
        }
    };
    std::vector<std::thread> readers;
    for (uint64_t i = 0; i < 3; ++i) {
        readers.emplace_back(read_on, i + 1);
    }
    diffs_[1] = std::make_shared<const StateDiff>(start);
    std::mt19937_64 random{99};
    uint64_t checkpointed = 0;
    for (uint64_t number = 2; number <= 60; ++number) {
        StateDiff block;
        StateVersion version = 0;
        for (int i = 0; i < 50; ++i) {
            const uint64_t from = random() % people;
            const uint64_t to = (from + 1 + random() % (people - 1)) % people;
            const uint64_t amount = random() % (accounts[from].balance.low64() + 1);
            StateDiff diff;
            diff.accounts.push_back({address_of(from), accounts[from], {}, false});
            diff.accounts.push_back({address_of(to), accounts[to], {}, false});
            accounts[from].balance -= amount;
            accounts[to].balance += amount;
            diff.accounts[0].after = accounts[from];
            diff.accounts[1].after = accounts[to];
            state::sort_canonically(diff);
            version = store_->apply(diff);
            block = state::merge(block, diff);
        }
        diffs_[number] = std::make_shared<const StateDiff>(std::move(block));
        store_->seal_block(number, diffs_[number]);
        if (number % 3 == 0) {
            checkpoint(checkpointed + 1, number, version);
            checkpointed = number;
        }
    }
    stop = true;
    for (std::thread& reader : readers) {
        reader.join();
    }
    EXPECT_EQ(wrong, 0u);
    EXPECT_GT(sums, 10u);
    EXPECT_TRUE(store_->health());
}

// ----------------------------------------------------------------------------------------------------------
// records

TEST(state_records, decode_what_they_encode_and_nothing_else) {
    std::mt19937_64 random{3};
    for (int i = 0; i < 2000; ++i) {
        Account account;
        account.nonce = random() >> (random() % 64);
        account.balance =
            u256{random(), random(), random(), random()} >> static_cast<unsigned>(random() % 256);
        if (random() % 2 == 0) {
            account.code_hash = u256{random()}.to_hash();
        }
        const Bytes record = encode_account_record(account);
        ASSERT_EQ(decode_account_record(record), account);
        ASSERT_EQ(decode_word(encode_word(account.balance)), account.balance);
        ASSERT_FALSE(decode_account_record(BytesView{record}.first(record.size() - 1)));
        Bytes longer = record;
        longer.push_back(0);
        ASSERT_FALSE(decode_account_record(longer));
    }
    EXPECT_FALSE(decode_account_record(Bytes{1, 0, 0}));  // a leading zero
    EXPECT_FALSE(decode_word(Bytes{0}));
    EXPECT_FALSE(decode_word(Bytes(33, 1)));
}

}  // namespace
}  // namespace mega::storage
