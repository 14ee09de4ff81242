// What L1 does to the chain: deposits, forced transactions, reorganisations, blocks it dictates;
// and the same chain made again from L1 alone.

#include "base/seed_test.hpp"
#include "rollup/test_l1.hpp"
#include "sequencer/block_source.hpp"
#include "sequencer/l1_position.hpp"
#include "sequencer/test_chain.hpp"

#include <random>

namespace mega::sequencer::test {
namespace {

using rollup::test::MemoryL1;

constexpr uint64_t l1_start = 10;

rollup::RollupConfig rollup_config(const execution::Genesis& genesis = make_genesis()) {
    rollup::RollupConfig config;
    config.l2_chain_id = chain_id;
    config.l1_start_block = l1_start;
    config.deposit_queue = address(0xd0);
    config.genesis_timestamp = genesis.header.timestamp;
    config.genesis_gas_limit = genesis.header.gas_limit;
    config.genesis_beneficiary = genesis.header.beneficiary;
    return config;
}

MemoryL1 make_l1() {
    rollup::RollupConfig config = rollup_config();
    config.genesis_timestamp = start_us / 1'000'000 - 1000;  // of L1's clock
    return MemoryL1(config);
}

TestOptions with_l1() {
    TestOptions options;
    options.l1_genesis = rollup::genesis_position(l1_start);
    return options;
}

class Reports : public Listener {
  public:
    void on_reorganised(const Reorganisation& report) override { reports.push_back(report); }
    void on_sealed(const SealedPtr& block) override { sealed.push_back(block->header.number); }
    std::vector<Reorganisation> reports;
    std::vector<uint64_t> sealed;
};

void feed(TestChain& chain, const rollup::L1BlockInput& block) {
    chain.sequencer->feed_l1({block.block});
}
void feed_all(TestChain& chain, const MemoryL1& l1, uint64_t from = l1_start) {
    std::vector<rollup::L1Block> blocks;
    for (uint64_t n = from; n < l1.next_number(); ++n) {
        blocks.push_back(l1.block(n).block);
    }
    chain.sequencer->feed_l1(std::move(blocks));
}

u256 balance(TestChain& chain, const Address& who) {
    return chain.reader->latest_state()->account(who).value_or(Account{}).balance;
}

/// Posts what the chain has sealed since the last batch.
void post(MemoryL1& l1, TestChain& chain, uint64_t first, uint64_t last) {
    const BlockSource source(chain.head, *chain.blocks, *chain.options.l1_genesis);
    std::vector<rollup::BatchBlock> blocks;
    Hash256 hash;
    for (uint64_t n = first; n <= last; ++n) {
        auto block = source.block(n);
        ASSERT_TRUE(block.has_value() && block->has_value())
            << (block ? "" : block.error().message);
        hash = (*block)->hash;
        blocks.push_back(std::move((*block)->content));
    }
    rollup::BatchHeader header = l1.header_of(blocks);
    header.last_block_hash = hash;
    auto payload = rollup::encode_batch(chain_id, blocks);
    ASSERT_TRUE(payload.has_value()) << payload.error().message;
    l1.post_payload(header, std::move(*payload), rollup::BatchKind::blobs);
}

/// A chain that follows L1 alone.
class Follower {
  public:
    Follower() : parts(must_start(directory.path(), with_l1())), derivation(rollup_config()) {}

    void follow(const MemoryL1& l1) {
        for (uint64_t n = derivation.state().l1.number + 1; n < l1.next_number(); ++n) {
            auto batches = derivation.accept(l1.block(n));
            ASSERT_TRUE(batches.has_value()) << batches.error().message;
            for (rollup::DerivedBatch& batch : *batches) {
                EXPECT_EQ(batch.fault, std::nullopt) << batch.fault.value_or("");
                std::vector<DictatedBlock> blocks;
                for (rollup::DerivedBlock& block : batch.blocks) {
                    blocks.push_back(dictated_block(std::move(block)));
                }
                const auto adopted = parts->sequencer->adopt(std::move(blocks));
                ASSERT_TRUE(adopted.has_value()) << adopted.error().message;
                if (!batch.posted.header.last_block_hash.is_zero()) {
                    const auto head = parts->head.position().sealed;
                    EXPECT_EQ(head->hash, batch.posted.header.last_block_hash)
                        << "block " << head->header.number;
                }
            }
        }
    }

    storage::TestDirectory directory{storage::TestDirectory::in_memory};
    std::unique_ptr<TestChain> parts;
    rollup::Derivation derivation;
};

TEST(l1, deposits_come_first_in_a_mini_block_of_their_own) {
    const storage::TestDirectory directory{storage::TestDirectory::in_memory};
    const auto parts = must_start(directory.path(), with_l1());
    MemoryL1 l1 = make_l1();
    l1.queue_deposit(address(0xaaa), address(0xbbb), 77);
    feed(*parts, l1.mine());
    parts->mine();  // ends the block that opened without L1
    ASSERT_EQ(parts->submit_now(transfer(0, 0)).kind, SubmitOutcome::Kind::executed);
    parts->mine();

    const auto block = parts->head.position().sealed;
    ASSERT_EQ(block->transactions.size(), 3u);
    EXPECT_EQ(block->transactions[0]->tx->sender, rollup::l1_attributes_sender);
    EXPECT_TRUE(block->transactions[0]->receipt.status);
    EXPECT_EQ(block->transactions[1]->tx->sender, address(0xaaa));
    EXPECT_EQ(block->mini_blocks.at(0)->transactions.size(), 2u);
    EXPECT_EQ(balance(*parts, address(0xaaa)), 77);
    EXPECT_EQ(block->l1->origin, l1.block(10).block.ref);
    EXPECT_EQ(block->l1->cursor, 1u);
    EXPECT_EQ(
        *l1_position_after(*parts->blocks, block->header.number, *parts->options.l1_genesis),
        *block->l1
    );
    const BlockSource source(parts->head, *parts->blocks, *parts->options.l1_genesis);
    EXPECT_EQ((*source.block(2))->content.transactions.size(), 1u);
    EXPECT_EQ(*source.block(3), std::nullopt);
}

TEST(l1, an_origin_from_the_future_waits_for_its_time) {
    const storage::TestDirectory directory{storage::TestDirectory::in_memory};
    const auto parts = must_start(directory.path(), with_l1());
    MemoryL1 l1 = make_l1();
    feed(*parts, l1.mine(2000));  // 1000 s ahead of L2
    parts->mine();
    parts->mine();
    EXPECT_EQ(parts->sequencer->l1_position()->origin.number, l1_start - 1);
    parts->advance_ms(1'000'000);
    parts->mine();
    EXPECT_EQ(parts->sequencer->l1_position()->origin.number, l1_start);
}

TEST(l1, entries_that_do_not_fit_wait_for_the_next_block) {
    const storage::TestDirectory directory{storage::TestDirectory::in_memory};
    const auto parts = must_start(directory.path(), with_l1());
    MemoryL1 l1 = make_l1();
    for (int i = 0; i < 3; ++i) {
        l1.queue_deposit(address(0xaaa), address(0xbbb), 1, 14'000'000);
    }
    feed(*parts, l1.mine());
    parts->mine();
    EXPECT_EQ(parts->sequencer->l1_position()->cursor, 2u);
    parts->mine();
    EXPECT_EQ(parts->sequencer->l1_position()->cursor, 3u);
    EXPECT_EQ(balance(*parts, address(0xaaa)), 3);
}

TEST(l1, blocks_without_room_for_the_attributes_see_nothing_of_l1) {
    storage::TestDirectory directory{storage::TestDirectory::in_memory};
    const auto parts = must_start(directory.path(), with_l1());
    MemoryL1 l1 = make_l1();
    l1.queue_deposit(address(0xaaa), address(0xbbb), 1);
    parts->sequencer->run([&] { parts->sequencer->set_gas_limit(500'000); });
    feed(*parts, l1.mine());
    parts->mine();
    parts->mine();
    EXPECT_EQ(parts->sequencer->l1_position()->origin.number, l1_start - 1);
    parts->sequencer->run([&] { parts->sequencer->set_gas_limit(gas_limit); });
    EXPECT_EQ(parts->sequencer->l1_position()->origin.number, l1_start);
    EXPECT_EQ(balance(*parts, address(0xaaa)), 1);
}

TEST(l1, forced_transactions_are_executed_or_skipped_and_counted) {
    const storage::TestDirectory directory{storage::TestDirectory::in_memory};
    const auto parts = must_start(directory.path(), with_l1());
    MemoryL1 l1 = make_l1();
    const auto forced = rollup::EntryKind::forced_transaction;
    l1.queue(forced, transfer(0, 0)->raw);
    l1.queue(forced, transfer(0, 5)->raw);  // a nonce gap
    l1.queue(forced, {1, 2, 3});
    l1.queue(forced, transfer(1, 0)->raw);
    feed(*parts, l1.mine());
    // The same transaction waits in the pool, too: it leaves it.
    parts->sequencer->run([&] { parts->sequencer->set_automine(false); });
    const auto pooled = parts->submit_now(transfer(1, 0), SubmitMode::accepted);
    EXPECT_EQ(pooled.kind, SubmitOutcome::Kind::pooled);
    parts->sequencer->run([&] { parts->sequencer->set_automine(true); });
    parts->settle();
    parts->mine();
    parts->mine();
    EXPECT_EQ(parts->sequencer->l1_position()->cursor, 4u);
    const auto state = parts->reader->latest_state();
    EXPECT_EQ(state->account(sender(0))->nonce, 1u);
    EXPECT_EQ(state->account(sender(1))->nonce, 1u);
    EXPECT_EQ(parts->sequencer->pool_status().pending, 0u);
}

TEST(l1, a_restart_goes_on_where_l1_was) {
    const storage::TestDirectory directory{storage::TestDirectory::in_memory};
    MemoryL1 l1 = make_l1();
    l1.queue_deposit(address(0xaaa), address(0xbbb), 77);
    l1.mine();
    l1.mine();
    l1.queue_deposit(address(0xaaa), address(0xbbb), 5);
    l1.mine();
    std::optional<rollup::L1Position> position;
    size_t open_transactions = 0;
    for (int life = 0; life < 4; ++life) {
        const auto parts = must_start(directory.path(), with_l1());
        if (position) {
            EXPECT_EQ(parts->sequencer->l1_position(), position) << life;
            EXPECT_EQ(parts->reader->open_block()->transactions.size(), open_transactions) << life;
        }
        if (life == 1) {
            feed_all(*parts, l1);
            parts->settle();
            parts->mine();
            EXPECT_EQ(parts->submit_now(transfer(0, 0)).kind, SubmitOutcome::Kind::executed);
        }
        if (life == 2) {
            for (int i = 0; i < 12; ++i) {
                parts->mine();  // past a checkpoint
            }
        }
        parts->settle();
        position = parts->sequencer->l1_position();
        open_transactions = parts->reader->open_block()->transactions.size();
        EXPECT_EQ(balance(*parts, address(0xaaa)), life == 0 ? 0 : 82);
    }
    EXPECT_EQ(position->cursor, 2u);
}

TEST(l1, blocks_of_a_vanished_origin_are_taken_back_and_their_transactions_executed_again) {
    const storage::TestDirectory directory{storage::TestDirectory::in_memory};
    Reports reports;
    const auto parts = must_open(directory.path(), with_l1());
    parts->publisher.add_listener(reports);
    parts->start();
    MemoryL1 l1 = make_l1();
    feed(*parts, l1.mine());
    parts->mine();
    ASSERT_EQ(parts->submit_now(store(0, 0, 1, 2)).kind, SubmitOutcome::Kind::executed);
    const MemoryL1 common = l1.fork_at(10, 7);
    l1.queue_deposit(sender(3), address(0xbbb), gwei);
    l1.queue_deposit(address(0xaaa), address(0xbbb), 77);
    feed(*parts, l1.mine());
    parts->mine();
    parts->mine();  // from here on the origin is 11
    ASSERT_EQ(parts->submit_now(store(1, 0, 3, 4)).kind, SubmitOutcome::Kind::executed);
    parts->mine();
    ASSERT_EQ(parts->submit_now(store(2, 0, 5, 6)).kind, SubmitOutcome::Kind::executed);
    EXPECT_EQ(balance(*parts, address(0xaaa)), 77);

    MemoryL1 other = common;
    other.queue_deposit(address(0xccc), address(0xbbb), 99);
    other.mine();
    ASSERT_TRUE(parts->sequencer->rewind_l1(10).has_value());
    EXPECT_EQ(balance(*parts, address(0xaaa)), 0);
    feed(*parts, other.block(11));
    parts->settle();
    parts->mine();
    parts->mine();
    EXPECT_EQ(balance(*parts, address(0xccc)), 99);
    const auto state = parts->reader->latest_state();
    for (const uint64_t slot : {1, 3, 5}) {
        EXPECT_EQ(state->storage(store_address(), slot), slot + 1);
    }
    ASSERT_EQ(reports.reports.size(), 1u);
    EXPECT_EQ(reports.reports[0].kept, 2u);
    EXPECT_TRUE(reports.reports[0].dropped.empty());
    EXPECT_TRUE(reports.reports[0].changed.empty());

    // The batch of the whole derives to the same chain.
    const uint64_t last = parts->head.position().sealed->header.number;
    post(other, *parts, 1, last);
    other.mine();
    Follower follower;
    follower.follow(other);
    EXPECT_EQ(follower.parts->head.position().sealed->hash, parts->head.position().sealed->hash);
}

TEST(l1, transactions_that_lived_on_a_vanished_deposit_are_reported) {
    const storage::TestDirectory directory{storage::TestDirectory::in_memory};
    Reports reports;
    const auto parts = must_open(directory.path(), with_l1());
    parts->publisher.add_listener(reports);
    parts->start();
    MemoryL1 l1 = make_l1();
    feed(*parts, l1.mine());
    parts->mine();
    const crypto::SecretKey poor_key = u256{1000}.to_hash();
    const Address poor = *crypto::address_of(poor_key);
    l1.queue_deposit(poor, address(0xbbb), gwei * gwei);
    feed(*parts, l1.mine());
    parts->mine();
    parts->mine();
    Transaction tx;
    tx.type = TxType::dynamic_fee;
    tx.chain_id = chain_id;
    tx.nonce = 1;  // the deposit was the account's first
    tx.gas_limit = 21'000;
    tx.max_fee_per_gas = gwei * u256{10};
    tx.to = address(0xbeef);
    sign_transaction(tx, poor_key);
    const auto spent =
        std::make_shared<const SignedTransaction>(*decode_signed_transaction(encode(tx)));
    ASSERT_EQ(parts->submit_now(spent).kind, SubmitOutcome::Kind::executed);
    ASSERT_TRUE(parts->sequencer->rewind_l1(10).has_value());
    ASSERT_EQ(reports.reports.size(), 1u);
    EXPECT_EQ(reports.reports[0].dropped, std::vector{spent->hash});
}

TEST(l1, dictated_blocks_replace_what_was_preconfirmed) {
    const storage::TestDirectory directory{storage::TestDirectory::in_memory};
    Reports reports;
    const auto parts = must_open(directory.path(), with_l1());
    parts->publisher.add_listener(reports);
    parts->start();
    MemoryL1 l1 = make_l1();
    l1.queue_deposit(address(0xaaa), address(0xbbb), 77);
    l1.mine();
    parts->mine();
    ASSERT_EQ(parts->submit_now(store(0, 0, 1, 2)).kind, SubmitOutcome::Kind::executed);
    parts->mine();
    ASSERT_EQ(parts->submit_now(store(0, 1, 3, 4)).kind, SubmitOutcome::Kind::executed);
    const uint64_t posted = 1;
    post(l1, *parts, 1, posted);
    // Nobody consumed the deposit in time: a forced batch does.
    rollup::BatchHeader header;
    header = l1.header_of(std::vector<rollup::BatchBlock>(1));
    header.deposit_cursor = 1;
    header.origin_number = 10;
    header.last_timestamp = start_us / 1'000'000 + 5;
    l1.post_payload(header, {}, rollup::BatchKind::forced);
    l1.mine();

    rollup::Derivation derivation(rollup_config());
    static_cast<void>(derivation.accept(l1.block(10)));
    auto batches = derivation.accept(l1.block(11));
    ASSERT_TRUE(batches.has_value() && batches->size() == 2);
    ASSERT_TRUE(parts->sequencer->adopt({dictated_block((*batches)[1].blocks.at(0))}).has_value());
    EXPECT_EQ(balance(*parts, address(0xaaa)), 77);
    EXPECT_EQ(parts->head.position().sealed->header.number, 2u);
    EXPECT_EQ(parts->head.position().sealed->l1->cursor, 1u);
    const auto state = parts->reader->latest_state();
    EXPECT_EQ(state->storage(store_address(), 1), 2);
    EXPECT_EQ(state->storage(store_address(), 3), 4);
    ASSERT_EQ(reports.reports.size(), 1u);
    EXPECT_TRUE(reports.reports[0].dropped.empty());
    EXPECT_EQ(reports.reports[0].kept, 1u);

    Follower follower;
    follower.follow(l1);
    EXPECT_EQ(follower.parts->head.position().sealed->hash, parts->head.position().sealed->hash);
}

TEST(l1, adopting_refuses_what_does_not_follow) {
    const storage::TestDirectory directory{storage::TestDirectory::in_memory};
    const auto parts = must_start(directory.path(), with_l1());
    DictatedBlock block;
    block.number = 5;
    EXPECT_FALSE(parts->sequencer->adopt({block}).has_value());
    block.number = 0;
    EXPECT_FALSE(parts->sequencer->adopt({block}).has_value());
    EXPECT_TRUE(parts->sequencer->adopt({}).has_value());
}

/// Everything at once, from one seed: users, deposits, forced transactions, blocks, restarts, L1
/// reorganisations; and in the end the same chain from L1 alone.
TEST(l1, random_lives_are_made_again_from_l1_alone) {
    std::mt19937_64 engine(test_seed());
    const auto below = [&](uint64_t n) { return engine() % n; };
    for (int round = 0; round < 3; ++round) {
        const storage::TestDirectory directory{storage::TestDirectory::in_memory};
        TestOptions options = with_l1();
        options.sequencer.checkpoint_interval_blocks = 3;
        auto parts = must_start(directory.path(), options);
        MemoryL1 l1 = make_l1();
        feed(*parts, l1.mine());
        uint64_t salt = 100;
        for (int step = 0; step < 120; ++step) {
            const size_t from = below(sender_count);
            const uint64_t nonce =
                parts->reader->latest_state()->account(sender(from)).value_or(Account{}).nonce;
            switch (below(9)) {
                case 0:
                    static_cast<void>(parts->submit_now(transfer(from, nonce)));
                    break;
                case 1:
                    static_cast<void>(parts->submit_now(store(from, nonce, below(5), 1 + below(9)))
                    );
                    break;
                case 2:
                    static_cast<void>(parts->submit_now(deploy(from, nonce)));
                    break;
                case 3:
                    l1.queue_deposit(sender(from), address(0xbbb), below(1000));
                    break;
                case 4:
                    l1.queue(
                        rollup::EntryKind::forced_transaction, transfer(from, nonce + below(2))->raw
                    );
                    break;
                case 5:
                    feed(*parts, l1.mine());
                    break;
                case 6:
                case 7:
                    parts->advance_ms(1000);
                    parts->mine();
                    break;
                default:
                    if (below(4) == 0) {
                        parts.reset();
                        parts = must_start(directory.path(), options);
                        const auto position = parts->sequencer->l1_position();
                        ASSERT_TRUE(position.has_value());
                        feed_all(*parts, l1);
                    } else if (below(3) == 0 && l1.next_number() > l1_start + 2) {
                        const uint64_t common =
                            l1.next_number() - 1 -
                            below(std::min<uint64_t>(3, l1.next_number() - l1_start));
                        l1 = l1.fork_at(common, ++salt);
                        const auto rewound = parts->sequencer->rewind_l1(common);
                        ASSERT_TRUE(rewound.has_value()) << rewound.error().message;
                    }
                    break;
            }
        }
        parts->mine();
        parts->settle();
        const auto head = parts->head.position().sealed;
        // An origin of its own for the last batch.
        uint64_t first = 1;
        while (first <= head->header.number) {
            const uint64_t last = std::min(head->header.number, first + below(20));
            post(l1, *parts, first, last);
            l1.mine();
            first = last + 1;
        }
        Follower follower;
        follower.follow(l1);
        EXPECT_EQ(follower.parts->head.position().sealed->hash, head->hash);
        EXPECT_EQ(follower.parts->head.position().sealed->l1, head->l1);
    }
}

}  // namespace
}  // namespace mega::sequencer::test
