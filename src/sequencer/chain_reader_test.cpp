#include "sequencer/test_chain.hpp"

namespace mega::sequencer::test {
namespace {

struct ReaderTest : ::testing::Test {
    storage::TestDirectory directory{storage::TestDirectory::in_memory};
    TestOptions options;
    std::unique_ptr<TestChain> parts;
    const ChainReader* reader = nullptr;

    void start() {
        parts = must_start(directory.path(), options);
        reader = parts->reader.get();
    }
    ExecutedPtr execute(mempool::TxPtr tx) {
        const auto outcome = parts->submit_now(std::move(tx));
        EXPECT_EQ(outcome.kind, SubmitOutcome::Kind::executed) << outcome.message;
        return outcome.executed;
    }
    [[nodiscard]] std::vector<FoundLog> logs(const LogFilter& filter, uint64_t from, uint64_t to) {
        auto found = reader->logs(filter, from, to, {});
        EXPECT_TRUE(found.has_value());
        return found ? *found : std::vector<FoundLog>{};
    }
};

}  // namespace

TEST_F(ReaderTest, the_open_block_is_found_by_number_and_by_name) {
    start();
    EXPECT_EQ(reader->latest_number(), 0u);
    const auto empty = *reader->block(1);
    ASSERT_NE(empty, nullptr);
    EXPECT_TRUE(empty->is_open);
    EXPECT_TRUE(empty->transactions.empty());
    const auto executed = execute(store(0, 0, 1, 2));
    EXPECT_EQ(reader->latest_number(), 1u);
    EXPECT_EQ(reader->sealed_number(), 0u);
    const auto open = *reader->block(1);
    EXPECT_EQ(open->hash, empty->hash);
    EXPECT_EQ(open->transactions, std::vector{executed});
    EXPECT_EQ(open->header.gas_used, executed->gas_used);
    EXPECT_EQ(open->header.logs_bloom, executed->receipt.bloom);
    EXPECT_EQ(open->header.state_root, Hash256{});
    EXPECT_EQ((*reader->block(open->hash))->transactions, open->transactions);
    EXPECT_EQ(**reader->header(1), open->header);
    EXPECT_EQ(*reader->block(2), nullptr);
    EXPECT_FALSE(reader->header(2)->has_value());
    EXPECT_EQ(*reader->block(Hash256{}), nullptr);
}

TEST_F(ReaderTest, a_sealed_block_is_found_by_number_hash_and_its_earlier_name) {
    start();
    const auto executed = execute(store(0, 0, 1, 2));
    const Hash256 name = reader->open_block()->hash;
    parts->mine();
    const auto block = *reader->block(1);
    EXPECT_FALSE(block->is_open);
    EXPECT_NE(block->hash, name);
    EXPECT_EQ(block->hash, hash_of(block->header));
    for (const Hash256& hash : {block->hash, name}) {
        const auto found = *reader->block(hash);
        ASSERT_NE(found, nullptr);
        EXPECT_EQ(found->hash, block->hash);
        ASSERT_EQ(found->transactions.size(), 1u);
        EXPECT_EQ(found->transactions[0]->receipt, executed->receipt);
    }
    EXPECT_EQ((*reader->block(0))->header, parts->options.genesis.header);
}

TEST_F(ReaderTest, transactions_are_found_wherever_they_are) {
    options.cached_blocks = 1;
    options.sequencer.checkpoint_interval_blocks = 1;
    start();
    std::vector<ExecutedPtr> executed;
    for (uint64_t nonce = 0; nonce < 6; ++nonce) {
        executed.push_back(execute(store(0, 2 * nonce, nonce, 1)));
        executed.push_back(execute(store(0, 2 * nonce + 1, nonce, 2)));
        const auto found = *reader->transaction(executed.back()->tx->hash);
        ASSERT_TRUE(found);
        EXPECT_TRUE(found->is_open);
        EXPECT_EQ(found->block_hash, reader->open_block()->hash);
        if (nonce < 5) {
            parts->mine();
        }
    }
    parts->checkpointer->wait();
    for (size_t i = 0; i < 10; ++i) {
        const auto found = *reader->transaction(executed[i]->tx->hash);
        ASSERT_TRUE(found) << i;
        EXPECT_FALSE(found->is_open);
        const auto block = *reader->block(i / 2 + 1);
        EXPECT_EQ(found->block_hash, block->hash);
        EXPECT_EQ(found->block_timestamp, block->header.timestamp);
        EXPECT_EQ(found->base_fee_per_gas, *block->header.base_fee_per_gas);
        EXPECT_EQ(found->executed->tx->raw, executed[i]->tx->raw);
        EXPECT_EQ(found->executed->tx->sender, sender(0));
        EXPECT_EQ(found->executed->receipt, executed[i]->receipt);
        EXPECT_EQ(found->executed->gas_used, executed[i]->gas_used);
        EXPECT_EQ(found->executed->effective_gas_price, executed[i]->effective_gas_price);
        EXPECT_EQ(found->executed->block_number, executed[i]->block_number);
        EXPECT_EQ(found->executed->index, i % 2);
        EXPECT_EQ(found->executed->first_log_index, i % 2);
    }
    EXPECT_FALSE(reader->transaction(Hash256{})->has_value());
}

TEST_F(ReaderTest, mini_blocks_are_found_by_number) {
    options.cached_blocks = 1;
    options.sequencer.checkpoint_interval_blocks = 1;
    start();
    std::vector<MiniBlockPtr> expected;
    for (uint64_t nonce = 0; nonce < 6; ++nonce) {
        execute(store(0, nonce, nonce, 1));
        parts->advance_ms(10);
        expected.push_back(reader->position().open->mini_blocks().back());
        if (nonce % 2 == 1) {
            parts->mine();
        }
    }
    parts->checkpointer->wait();
    for (uint64_t number = 0; number < expected.size(); ++number) {
        const auto found = *reader->mini_block(number);
        ASSERT_NE(found, nullptr) << number;
        EXPECT_EQ(found->header, expected[number]->header);
        ASSERT_EQ(found->transactions.size(), 1u);
        EXPECT_EQ(found->transactions[0]->tx->hash, expected[number]->transactions[0]->tx->hash);
    }
    EXPECT_EQ(*reader->mini_block(expected.size()), nullptr);
}

TEST_F(ReaderTest, logs_are_filtered_by_address_and_topics) {
    start();
    const auto created = *execute(deploy(0, 0))->created;
    execute(store(0, 1, 7, 1));
    execute(store(0, 2, 8, 1));
    parts->mine();
    execute(store(0, 3, 7, 1, created));
    parts->mine();
    execute(store(0, 4, 7, 1));
    const Hash256 seven = u256{7}.to_hash();
    const Hash256 eight = u256{8}.to_hash();
    EXPECT_EQ(logs({}, 0, 100).size(), 4u);
    EXPECT_EQ(logs({{created}, {}}, 0, 100).size(), 1u);
    EXPECT_EQ(logs({{created, store_address()}, {{seven}}}, 0, 100).size(), 3u);
    EXPECT_EQ(logs({{}, {{seven, eight}}}, 1, 1).size(), 2u);
    EXPECT_EQ(logs({{}, {{}}}, 0, 100).size(), 4u);
    EXPECT_EQ(logs({{}, {{}, {}}}, 0, 100).size(), 0u) << "logs have one topic";
    EXPECT_EQ(logs({{}, {{u256{9}.to_hash()}}}, 0, 100).size(), 0u);
    EXPECT_EQ(logs({{sender(0)}, {}}, 0, 100).size(), 0u);
    EXPECT_EQ(logs({}, 5, 2).size(), 0u);
    EXPECT_EQ(logs({}, 50, 60).size(), 0u);
    const auto found = logs({{}, {{seven}}}, 0, 100);
    EXPECT_EQ(found[0].block_hash, (*reader->block(1))->hash);
    EXPECT_EQ(found[0].log_index, 0u);
    EXPECT_EQ(logs({{}, {{eight}}}, 0, 100)[0].log_index, 1u);
    EXPECT_EQ(found[2].block_hash, reader->open_block()->hash) << "the open block is searched, too";
}

TEST_F(ReaderTest, a_search_beyond_the_limits_names_a_range_that_works) {
    start();
    for (uint64_t nonce = 0; nonce < 8; ++nonce) {
        execute(store(0, nonce, nonce, 1));
        if (nonce % 2 == 1) {
            parts->mine();
        }
    }
    const LogSearchLimits few_blocks{.max_blocks = 3, .max_logs = 100};
    auto found = reader->logs({}, 1, 4, few_blocks);
    ASSERT_FALSE(found.has_value());
    EXPECT_EQ(
        found.error().message,
        "query covers more than 3 blocks; try a smaller range, for example 0x1 to 0x3"
    );
    EXPECT_EQ(reader->logs({}, 1, 3, few_blocks)->size(), 6u);
    const LogSearchLimits few_logs{.max_blocks = 100, .max_logs = 5};
    found = reader->logs({}, 1, 4, few_logs);
    ASSERT_FALSE(found.has_value());
    EXPECT_EQ(
        found.error().message,
        "query returns more than 5 logs; try a smaller range, for example 0x1 to 0x2"
    );
    EXPECT_EQ(reader->logs({}, 1, 2, few_logs)->size(), 4u);
    const LogSearchLimits one_log{.max_blocks = 100, .max_logs = 1};
    found = reader->logs({}, 2, 4, one_log);
    ASSERT_FALSE(found.has_value());
    EXPECT_EQ(
        found.error().message,
        "block 0x2 alone has more than 1 logs of this kind; ask for fewer addresses or topics"
    );
}

TEST_F(ReaderTest, the_state_of_every_block_stays) {
    options.sequencer.checkpoint_interval_blocks = 3;
    start();
    std::vector<u256> balances{
        *reader->latest_state()->account(sender(0)) == Account{}
            ? u256{}
            : reader->latest_state()->account(sender(0))->balance
    };
    for (uint64_t nonce = 0; nonce < 10; ++nonce) {
        execute(store(0, nonce, 1, nonce + 1));
        parts->mine();
        balances.push_back(reader->latest_state()->account(sender(0))->balance);
    }
    execute(store(0, 10, 1, 999));
    const auto expect_history = [&] {
        for (uint64_t number = 0; number < balances.size(); ++number) {
            const auto state = reader->state_at(number);
            ASSERT_TRUE(state.has_value()) << state.error().message;
            EXPECT_EQ((*state)->account(sender(0))->balance, balances[number]) << number;
            EXPECT_EQ((*state)->storage(store_address(), 1), u256{number}) << number;
            const auto env = reader->env_at(number);
            ASSERT_TRUE(env.has_value());
            EXPECT_EQ(env->context.number, number);
        }
        EXPECT_EQ((*reader->state_at(11))->storage(store_address(), 1), u256{999});
        EXPECT_EQ(reader->env_at(11)->context.number, 11u);
    };
    expect_history();
    parts.reset();
    start();
    expect_history();
}

TEST_F(ReaderTest, proofs_lead_to_the_header_they_are_for) {
    start();
    execute(store(0, 0, 1, 2));
    parts->mine();
    execute(store(0, 1, 1, 3));
    parts->mine();
    for (uint64_t number = 0; number <= 2; ++number) {
        const auto proof = reader->prove(store_address(), std::vector<u256>{1}, number);
        ASSERT_TRUE(proof.has_value());
        EXPECT_EQ(proof->state_root, (*reader->header(number))->state_root);
    }
}

}  // namespace mega::sequencer::test
