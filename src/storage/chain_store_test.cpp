#include "storage/chain_store.hpp"

#include "storage/block_codec.hpp"
#include "storage/test_directory.hpp"

#include <gtest/gtest.h>

namespace mega::storage {
namespace {

Hash256 hash_number(uint64_t kind, uint64_t number) { return u256{number, kind, 0, 1}.to_hash(); }

StoredBlockPtr make_block(uint64_t number) {
    auto block = std::make_shared<StoredBlock>();
    block->header.number = number;
    block->header.timestamp = 1000 + number;
    block->hash = hash_number(1, number);
    block->opening_hash = hash_number(2, number);
    for (uint32_t i = 0; i < 3; ++i) {
        StoredTransaction tx;
        tx.raw = Bytes{0x02, static_cast<uint8_t>(i)};
        tx.sender = u256{number + i}.to_address();
        tx.hash = hash_number(3, number * 10 + i);
        tx.receipt.type = TxType::dynamic_fee;
        tx.receipt.status = i != 1;
        tx.receipt.logs.push_back({tx.sender, {hash_number(4, i)}, Bytes{1, 2, 3}});
        tx.receipt.bloom = bloom_of(tx.receipt.logs);
        tx.receipt.cumulative_gas_used = uint64_t{21'000} * (i + 1);
        tx.gas_used = 21'000;
        tx.effective_gas_price = 7;
        if (i == 2) {
            tx.created = u256{99}.to_address();
        }
        block->transactions.push_back(std::move(tx));
    }
    StoredMiniBlock mini_block;
    mini_block.header.block_number = number;
    mini_block.header.mini_block_number = number * 100;
    mini_block.transaction_count = 3;
    block->mini_blocks.push_back(mini_block);
    return block;
}

void expect_same(const StoredBlock& a, const StoredBlock& b) {
    EXPECT_EQ(a.header, b.header);
    EXPECT_EQ(a.hash, b.hash);
    EXPECT_EQ(a.opening_hash, b.opening_hash);
    ASSERT_EQ(a.transactions.size(), b.transactions.size());
    for (size_t i = 0; i < a.transactions.size(); ++i) {
        EXPECT_EQ(a.transactions[i].raw, b.transactions[i].raw);
        EXPECT_EQ(a.transactions[i].sender, b.transactions[i].sender);
        EXPECT_EQ(a.transactions[i].hash, b.transactions[i].hash);
        EXPECT_EQ(a.transactions[i].receipt, b.transactions[i].receipt);
        EXPECT_EQ(a.transactions[i].gas_used, b.transactions[i].gas_used);
        EXPECT_EQ(a.transactions[i].effective_gas_price, b.transactions[i].effective_gas_price);
        EXPECT_EQ(a.transactions[i].created, b.transactions[i].created);
    }
    ASSERT_EQ(a.mini_blocks.size(), b.mini_blocks.size());
    for (size_t i = 0; i < a.mini_blocks.size(); ++i) {
        EXPECT_EQ(a.mini_blocks[i].header, b.mini_blocks[i].header);
        EXPECT_EQ(a.mini_blocks[i].first_transaction, b.mini_blocks[i].first_transaction);
        EXPECT_EQ(a.mini_blocks[i].transaction_count, b.mini_blocks[i].transaction_count);
    }
}

class ChainStoreTest : public ::testing::Test {
  protected:
    ChainStoreTest() {
        auto database = Database::open({.path = directory_.path(), .cache_bytes = 8u << 20});
        EXPECT_TRUE(database) << database.error().message;
        database_ = std::move(*database);
        store_ = std::make_unique<ChainStore>(*database_, cached_blocks);
    }
    void remember(uint64_t number) {
        store_->remember(make_block(number), std::make_shared<const state::StateDiff>());
    }
    void save(uint64_t first, uint64_t last) {
        WriteBatch batch;
        for (uint64_t number = first; number <= last; ++number) {
            ChainStore::stage(batch, *make_block(number), {});
        }
        ASSERT_TRUE(database_->write(std::move(batch), false));
        store_->saved(last);
    }
    void expect_known(const ChainStore& store, uint64_t number) {
        const auto block = store.block(number);
        ASSERT_TRUE(block && *block) << number;
        expect_same(**block, *make_block(number));
        EXPECT_EQ(*store.number_of((*block)->hash), number);
        EXPECT_EQ(*store.number_of((*block)->opening_hash), number);
        const auto location = store.locate((*block)->transactions[1].hash);
        ASSERT_TRUE(location && *location);
        EXPECT_EQ((*location)->block_number, number);
        EXPECT_EQ((*location)->index, 1u);
        EXPECT_EQ((*store.locate_mini_block(number * 100))->block_number, number);
        EXPECT_EQ((*store.header(number))->header, (*block)->header);
        EXPECT_TRUE(*store.diff(number));
    }
    void expect_unknown(uint64_t number) {
        EXPECT_FALSE(*store_->block(number));
        EXPECT_FALSE(*store_->header(number));
        EXPECT_FALSE(*store_->diff(number));
        EXPECT_EQ(*store_->number_of(hash_number(1, number)), std::nullopt);
        EXPECT_EQ(*store_->number_of(hash_number(2, number)), std::nullopt);
        EXPECT_FALSE((*store_->locate(hash_number(3, number * 10))).has_value());
        EXPECT_FALSE((*store_->locate_mini_block(number * 100)).has_value());
    }

    static constexpr size_t cached_blocks = 4;
    TestDirectory directory_{TestDirectory::in_memory};
    std::unique_ptr<Database> database_;
    std::unique_ptr<ChainStore> store_;
};

TEST_F(ChainStoreTest, serves_blocks_from_memory_until_saved_and_from_the_database_after) {
    for (uint64_t number = 1; number <= 20; ++number) {
        remember(number);
    }
    for (uint64_t number = 1; number <= 20; ++number) {
        expect_known(*store_, number);  // none may be dropped before it is saved
    }
    save(1, 15);
    const ChainStore fresh(*database_);
    for (uint64_t number = 1; number <= 20; ++number) {
        expect_known(*store_, number);
        if (number <= 15) {
            expect_known(fresh, number);
        } else {
            EXPECT_FALSE(*fresh.block(number));
        }
    }
    expect_unknown(21);
}

TEST_F(ChainStoreTest, forgets_what_is_taken_back) {
    for (uint64_t number = 1; number <= 8; ++number) {
        remember(number);
    }
    save(1, 8);
    WriteBatch batch;
    for (uint64_t number = 8; number > 2; --number) {
        ASSERT_TRUE(store_->unstage(batch, number));
    }
    ASSERT_TRUE(database_->write(std::move(batch), false));
    for (uint64_t number = 3; number <= 8; ++number) {
        expect_unknown(number);
    }
    expect_known(*store_, 2);
}

TEST_F(ChainStoreTest, reports_damaged_rows) {
    save(1, 1);
    WriteBatch batch;
    batch.put(Table::receipts, number_key(1), as_bytes("rubbish"));
    batch.put(Table::transactions, hash_number(3, 10), as_bytes("rubbish"));
    batch.put(Table::meta, as_bytes("checkpoint"), as_bytes("rubbish"));
    ASSERT_TRUE(database_->write(std::move(batch), false));
    EXPECT_FALSE(store_->block(1));
    EXPECT_FALSE(store_->locate(hash_number(3, 10)));
    EXPECT_FALSE(store_->checkpoint());
}

TEST_F(ChainStoreTest, keeps_the_checkpoint_and_the_genesis) {
    EXPECT_EQ(*store_->genesis_hash(), std::nullopt);
    WriteBatch batch;
    ChainStore::stage(
        batch, Checkpoint{.block_number = 5, .log_sequence = 77, .next_mini_block_number = 9}
    );
    ChainStore::stage_genesis(batch, hash_number(1, 0));
    ASSERT_TRUE(database_->write(std::move(batch), false));
    const auto checkpoint = store_->checkpoint();
    ASSERT_TRUE(checkpoint && *checkpoint);
    EXPECT_EQ((*checkpoint)->block_number, 5u);
    EXPECT_EQ((*checkpoint)->log_sequence, 77u);
    EXPECT_EQ((*checkpoint)->next_mini_block_number, 9u);
    EXPECT_EQ(*store_->genesis_hash(), hash_number(1, 0));
}

}  // namespace
}  // namespace mega::storage
