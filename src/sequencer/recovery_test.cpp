#include "sequencer/test_chain.hpp"
#include "sequencer/test_model.hpp"
#include "storage/wal_format.hpp"

#include <fstream>
#include <random>

namespace mega::sequencer::test {
namespace {

using Sequence = storage::WriteAheadLog::Sequence;

struct LoggedRecord {
    Sequence sequence = 0;
    Bytes payload;
};

Bytes read_bytes(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return Bytes(std::istreambuf_iterator<char>(file), {});
}

std::vector<LoggedRecord> records_in(const std::filesystem::path& directory) {
    std::map<uint64_t, std::filesystem::path> segments;
    for (const auto& entry : std::filesystem::directory_iterator(directory / "log")) {
        if (const auto first = storage::wal::parse_segment_name(entry.path().filename().string())) {
            segments[*first] = entry.path();
        }
    }
    std::vector<LoggedRecord> records;
    for (const auto& [first, path] : segments) {
        const Bytes bytes = read_bytes(path);
        (void)storage::wal::parse_records(bytes, first, [&](uint64_t sequence, BytesView payload) {
            records.push_back({sequence, to_bytes(payload)});
            return true;
        });
    }
    return records;
}

/// A log of one segment with these records alone.
void write_log(const std::filesystem::path& directory, std::span<const LoggedRecord> records) {
    std::filesystem::remove_all(directory / "log");
    std::filesystem::create_directories(directory / "log");
    const uint64_t first = records.empty() ? 1 : records.front().sequence;
    const auto header = storage::wal::make_header(hash_of(make_genesis().header));
    Bytes bytes(header.begin(), header.end());
    for (const LoggedRecord& record : records) {
        storage::wal::append_record(bytes, record.sequence, record.payload);
    }
    std::ofstream file(directory / "log" / storage::wal::segment_name(first), std::ios::binary);
    file.write(
        reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size())
    );
}

void copy_directory(const std::filesystem::path& from, const std::filesystem::path& to) {
    std::filesystem::remove_all(to);
    std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
}

/// Where a chain stands, as far as two chains can differ.
struct Standing {
    Hash256 head;
    Hash256 open_name;
    Hash256 root;  // of what the tree has absorbed
    size_t executed = 0;
    bool has_unclosed = false;
    uint64_t next_mini_block = 0;
    std::vector<std::optional<Account>> accounts;
    std::vector<u256> slots;
    friend bool operator==(const Standing&, const Standing&) = default;
};

Standing standing_of(TestChain& parts) {
    const Chain& chain = *parts.chain;
    Standing standing;
    standing.head = chain.head()->hash;
    standing.open_name = chain.open() ? chain.open()->name() : Hash256{};
    const auto root = parts.commitment->root();
    EXPECT_TRUE(root.has_value()) << root.error().message;
    standing.root = root ? *root : Hash256{};
    standing.executed = chain.executed_count();
    standing.has_unclosed = chain.has_unclosed_transactions();
    standing.next_mini_block = chain.next_mini_block_number();
    const auto see = [&](const Address& who) {
        standing.accounts.push_back(chain.state().account(who));
    };
    for (size_t i = 0; i < sender_count; ++i) {
        see(sender(i));
    }
    for (uint64_t i = 0; i < 6; ++i) {
        see(address(0x1000 + i));
        standing.slots.push_back(chain.state().storage(store_address(), i));
        standing.slots.push_back(chain.state().storage(address(0x1000), i));
    }
    see(address(0xfee));
    see(address(0xbeef));
    return standing;
}

/// Does what a sequencer does, at random, and remembers where the chain stood after each record.
class Driver {
  public:
    Driver(TestChain& parts, uint64_t seed, std::filesystem::path copies)
        : parts_(parts), chain_(*parts.chain), random_(seed), copies_(std::move(copies)) {
        standings[0] = standing_of(parts_);
    }

    void step() {
        if (!chain_.open()) {
            open();
            return;
        }
        const uint64_t dice = random_() % 20;
        if (dice < 9) {
            execute();
        } else if (dice < 10) {
            append(PooledRecord{to_bytes(transfer(0, 1000)->raw), sender(0)});
        } else if (dice < 12) {
            mini_block();
        } else if (dice < 14) {
            override_state();
        } else if (dice < 18) {
            seal();
        } else if (dice < 19) {
            checkpoint();
        } else {
            revert();
        }
    }

    std::map<Sequence, Standing> standings;
    /// Directories of the database alone, by the sequence of their checkpoint.
    std::map<Sequence, std::filesystem::path> databases;

  private:
    void append(const LogRecord& record) {
        last_ = parts_.log->append(encode(record));
        standings[last_] = standing_of(parts_);
    }
    void open() {
        auto inputs = parts_.next_inputs();
        inputs.timestamp += random_() % 3;
        chain_.open_block(inputs);
        append(inputs);
    }
    void execute() {
        std::vector<mempool::TxPtr> batch;
        std::map<size_t, uint64_t> used;
        const uint64_t count = 1 + random_() % 3;
        for (uint64_t i = 0; i < count; ++i) {
            const size_t from = random_() % sender_count;
            const auto account = chain_.state().account(sender(from)).value_or(Account{});
            const uint64_t nonce = account.nonce + used[from]++;
            const Address to = address(0x1000 + random_() % 6);
            const uint64_t kind = random_() % 4;
            batch.push_back(
                kind == 0   ? deploy(from, nonce)
                : kind == 1 ? transfer(from, nonce, [&](Transaction& tx) { tx.to = to; })
                            : store(from, nonce, random_() % 6, random_() % 3)
            );
        }
        BatchRecord record;
        for (const ExecutionOutcome& outcome : chain_.execute(batch)) {
            if (outcome.executed) {
                record.items.push_back({outcome.executed->tx->raw, outcome.executed->tx->sender});
            }
        }
        if (!record.items.empty()) {
            append(record);
        }
    }
    void mini_block() {
        const uint64_t timestamp_us = random_();
        (void)chain_.close_mini_block(timestamp_us);
        append(MiniBlockRecord{timestamp_us});
    }
    void override_state() {
        OverrideRecord change;
        change.address = address(0x1000 + random_() % 2);
        change.account = chain_.state().account(change.address).value_or(Account{});
        change.account.balance += u256{random_() % 5};
        change.account.nonce += 1;
        change.slots = {{random_() % 6, random_() % 3}};
        chain_.override_state(change);
        append(change);
    }
    void seal() {
        if (chain_.has_unclosed_transactions()) {
            mini_block();
        }
        auto sealed = chain_.seal_block();
        ASSERT_TRUE(sealed.has_value());
        append(SealRecord{(*sealed)->hash});
        parts_.checkpointer->remember(*sealed);
        unsaved_.push_back(*sealed);
        seal_sequence_ = last_;
    }
    void checkpoint() {
        if (unsaved_.empty() || !chain_.is_untouched()) {
            return;
        }
        parts_.save(std::exchange(unsaved_, {}), seal_sequence_);
        keep_database(seal_sequence_);
    }
    void revert() {
        if (!chain_.is_untouched()) {
            seal();
        }
        if (!chain_.open()) {
            open();
        }
        checkpoint();
        const uint64_t head = chain_.head()->header.number;
        const uint64_t target = head - std::min<uint64_t>(head, random_() % 4);
        last_ = parts_.log->append(encode(RevertRecord{target}));
        ASSERT_TRUE(parts_.log->flush().has_value());
        const auto reverted = parts_.checkpointer->revert(chain_, target, last_);
        ASSERT_TRUE(reverted.has_value()) << reverted.error().message;
        standings[last_] = standing_of(parts_);
        keep_database(last_);
    }
    void keep_database(Sequence sequence) {
        const auto to = copies_ / std::to_string(sequence);
        copy_directory(copies_.parent_path() / "live", to);
        databases[sequence] = to;
    }

    TestChain& parts_;
    Chain& chain_;
    std::mt19937_64 random_;
    std::filesystem::path copies_;
    Sequence last_ = 0;
    Sequence seal_sequence_ = 0;
    std::vector<SealedPtr> unsaved_;
};

struct RecoveryTest : ::testing::Test {
    storage::TestDirectory directory{storage::TestDirectory::in_memory};
    std::filesystem::path live = directory.path() / "live";
    std::filesystem::path other = directory.path() / "other";
    TestOptions options;
};

/// Feeds the records one by one and compares after each.
void expect_replays(
    const std::filesystem::path& directory,
    std::span<const LoggedRecord> records,
    const Driver& driver,
    Sequence checkpointed
) {
    write_log(directory, records.first(checkpointed));
    auto parts = must_open(directory);
    const auto checkpoint = parts->blocks->checkpoint()->value();
    ASSERT_EQ(checkpoint.log_sequence, checkpointed);
    Replay replay(*parts->chain, *parts->checkpointer, checkpoint);
    for (const LoggedRecord& record : records) {
        ASSERT_TRUE(replay.accept(record.sequence, record.payload) && replay.catch_up())
            << "record " << record.sequence << ": " << replay.failure();
        if (record.sequence > checkpoint.log_sequence) {
            ASSERT_EQ(standing_of(*parts), driver.standings.at(record.sequence))
                << "record " << record.sequence;
        }
    }
}

}  // namespace

TEST_F(RecoveryTest, replay_arrives_where_the_chain_stood_after_every_record) {
    const uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    auto parts = must_open(live, options);
    Driver driver(*parts, seed, directory.path() / "copies");
    std::filesystem::create_directories(directory.path() / "copies");
    copy_directory(live, directory.path() / "copies" / "0");
    driver.databases[0] = directory.path() / "copies" / "0";
    for (int i = 0; i < 160; ++i) {
        driver.step();
    }
    ASSERT_TRUE(parts->log->flush().has_value());
    const auto records = records_in(live);
    ASSERT_EQ(records.size(), driver.standings.size() - 1);
    for (const auto& [sequence, path] : driver.databases) {
        SCOPED_TRACE("from the checkpoint at record " + std::to_string(sequence));
        // The log opened in earnest, cut at some record after the checkpoint.
        std::mt19937_64 random(seed + sequence);
        const size_t left = records.size() - sequence;
        const size_t cut = sequence + (left == 0 ? 0 : random() % (left + 1));
        copy_directory(path, other);
        write_log(other, std::span(records).first(cut));
        const auto reopened = TestChain::open(other, options);
        ASSERT_TRUE(reopened.has_value()) << reopened.error().message;
        Standing expected = driver.standings.at(cut);
        if (cut == sequence && cut != 0) {
            // Nothing is open where a checkpoint ends.
            expected.open_name = (*reopened)->chain->open() ? expected.open_name : Hash256{};
        }
        EXPECT_EQ((*reopened)->chain->head()->hash, expected.head);
        EXPECT_EQ(standing_of(**reopened).executed, expected.executed);
        EXPECT_EQ(standing_of(**reopened).accounts, expected.accounts);
        EXPECT_EQ(standing_of(**reopened).slots, expected.slots);
        EXPECT_TRUE((*reopened)->states->health().has_value());
        if (HasFatalFailure()) {
            return;
        }
    }
    for (const auto& [sequence, path] : driver.databases) {
        SCOPED_TRACE("from the checkpoint at record " + std::to_string(sequence));
        expect_replays(path, records, driver, sequence);
    }
}

TEST_F(RecoveryTest, open_block_is_visible_after_a_restart) {
    Hash256 name;
    MiniBlockPtr mini_block;
    {
        auto parts = must_start(live, options);
        ASSERT_EQ(parts->submit_now(transfer(0, 0)).kind, SubmitOutcome::Kind::executed);
        parts->sequencer->run([] {});
        parts->advance_ms(50);
        ASSERT_EQ(parts->submit_now(store(1, 0, 1, 2)).kind, SubmitOutcome::Kind::executed);
        parts->settle();
        name = parts->head.position().open->name();
        ASSERT_EQ(parts->head.position().open->mini_blocks().size(), 1u);
        mini_block = parts->head.position().open->mini_blocks()[0];
        copy_directory(live, other);  // what kill -9 leaves
    }
    for (const auto& path : {live, other}) {
        auto parts = must_start(path, options);
        EXPECT_EQ(parts->replayed_transactions, 2u);
        const auto view = *parts->reader->block(name);
        ASSERT_NE(view, nullptr);
        EXPECT_TRUE(view->is_open);
        ASSERT_EQ(view->transactions.size(), 2u);
        EXPECT_EQ(view->transactions[1]->receipt.logs.size(), 1u);
        const auto kept = *parts->reader->mini_block(mini_block->header.mini_block_number);
        ASSERT_NE(kept, nullptr);
        EXPECT_EQ(kept->header, mini_block->header);
        EXPECT_EQ(parts->reader->latest_state()->storage(store_address(), 1), u256{2});
        EXPECT_EQ(parts->submit_now(transfer(0, 1)).kind, SubmitOutcome::Kind::executed);
        parts->mine();
        EXPECT_EQ((*parts->reader->block(name))->transactions.size(), 3u);
    }
}

TEST_F(RecoveryTest, a_log_without_checkpoint_leaves_unsaved_blocks_that_are_saved_later) {
    options.sequencer.checkpoint_interval_blocks = 1000;
    std::vector<Hash256> hashes;
    {
        auto parts = must_start(live, options);
        for (uint64_t i = 0; i < 5; ++i) {
            ASSERT_EQ(parts->submit_now(store(0, i, i, 1)).kind, SubmitOutcome::Kind::executed);
            parts->mine();
            hashes.push_back(parts->head.position().sealed->hash);
        }
        copy_directory(live, other);
    }
    for (int life = 0; life < 4; ++life) {
        auto parts = must_start(other, options);
        for (uint64_t i = 0; i < 5; ++i) {
            const auto block = *parts->reader->block(i + 1);
            ASSERT_NE(block, nullptr) << "life " << life;
            EXPECT_EQ(block->hash, hashes[i]);
        }
        EXPECT_EQ(parts->replayed_transactions, life == 0 ? 5u : 0u);
    }
}

TEST_F(RecoveryTest, restarts_that_do_nothing_do_no_harm) {
    for (int life = 0; life < 6; ++life) {
        auto parts = must_start(live, options);
        if (life == 2) {
            parts->mine();
        }
        if (life % 2 == 1) {
            parts->settle();
        }
        EXPECT_EQ(parts->reader->sealed_number(), life < 2 ? 0u : 1u);
    }
}

TEST_F(RecoveryTest, empty_mini_blocks_survive_a_restart) {
    options.sequencer.emit_empty_mini_blocks = true;
    uint64_t next = 0;
    for (int life = 0; life < 3; ++life) {
        auto parts = must_start(live, options);
        EXPECT_EQ(parts->chain->next_mini_block_number(), next) << "life " << life;
        parts->mine();
        parts->advance_ms(50);
        parts->advance_ms(50);
        EXPECT_EQ(
            parts->submit_now(transfer(0, static_cast<uint64_t>(life))).kind,
            SubmitOutcome::Kind::executed
        );
        parts->mine();
        parts->advance_ms(50);
        parts->advance_ms(50);
        parts->sequencer->run([&] { next = parts->chain->next_mini_block_number(); });
        EXPECT_GE(next, 3 * (static_cast<uint64_t>(life) + 1));
        EXPECT_FALSE(parts->sequencer->failure()) << *parts->sequencer->failure();
    }
}

TEST_F(RecoveryTest, pooled_transactions_wait_through_restarts_and_checkpoints) {
    options.sequencer.checkpoint_interval_blocks = 2;
    options.segment_bytes = 2048;  // so that segments do go
    const auto waiting = transfer(3, 2);
    {
        auto parts = must_start(live, options);
        EXPECT_EQ(
            parts->submit_now(waiting, SubmitMode::accepted).kind, SubmitOutcome::Kind::pooled
        );
        for (uint64_t i = 0; i < 20; ++i) {
            ASSERT_EQ(parts->submit_now(store(0, i, i, 1)).kind, SubmitOutcome::Kind::executed);
            parts->mine();
        }
        parts->checkpointer->wait();
        copy_directory(live, other);
    }
    for (const auto& path : {live, other}) {
        EXPECT_GT(records_in(path).front().sequence, 1u) << "no segment went";
        for (int life = 0; life < 3; ++life) {
            auto parts = must_start(path, options);
            EXPECT_NE(parts->sequencer->find_pooled(waiting->hash), nullptr);
        }
        auto parts = must_start(path, options);
        EXPECT_EQ(parts->submit_now(transfer(3, 0)).kind, SubmitOutcome::Kind::executed);
        EXPECT_EQ(parts->submit_now(transfer(3, 1)).kind, SubmitOutcome::Kind::executed);
        parts->settle();
        EXPECT_EQ(parts->sequencer->find_pooled(waiting->hash), nullptr);
        EXPECT_TRUE(parts->reader->transaction(waiting->hash)->has_value());
    }
}

TEST_F(RecoveryTest, pooled_transactions_come_back_in_the_order_of_their_arrival) {
    std::vector<Hash256> order;
    {
        auto parts = must_start(live, options);
        parts->sequencer->run([&] { parts->sequencer->set_automine(false); });
        for (const size_t from : {2U, 0U, 3U, 1U}) {
            const auto tx = transfer(from, 0);
            order.push_back(tx->hash);
            EXPECT_EQ(
                parts->submit_now(tx, SubmitMode::accepted).kind, SubmitOutcome::Kind::pooled
            );
        }
    }
    auto parts = must_open(live, options);
    ASSERT_EQ(parts->resumption.pooled.size(), order.size());
    for (size_t i = 0; i < order.size(); ++i) {
        EXPECT_EQ(parts->resumption.pooled[i]->hash, order[i]);
    }
}

TEST_F(RecoveryTest, what_left_the_pool_stays_away) {
    options.sequencer.pool.lifetime_ms = 60'000;
    const auto dearer = [](Transaction& tx) {
        tx.max_fee_per_gas = gwei * u256{20};
        tx.max_priority_fee_per_gas = 2;
    };
    const auto replaced = transfer(0, 1);
    const auto replacing = transfer(0, 1, dearer);
    const auto dropped = transfer(1, 1);
    const auto expired = transfer(2, 1);
    const auto staying = transfer(3, 1);
    {
        auto parts = must_start(live, options);
        const auto pool = [&](const mempool::TxPtr& tx) {
            EXPECT_EQ(
                parts->submit_now(tx, SubmitMode::accepted).kind, SubmitOutcome::Kind::pooled
            );
        };
        pool(expired);
        parts->advance_ms(59'000);
        pool(replaced);
        pool(replacing);
        pool(dropped);
        pool(staying);
        parts->sequencer->run([&] {
            EXPECT_EQ(parts->sequencer->drop_pooled(dropped->hash), dropped);
            EXPECT_EQ(parts->sequencer->drop_pooled(dropped->hash), nullptr);
        });
        parts->advance_ms(2'000);
        EXPECT_EQ(parts->sequencer->find_pooled(expired->hash), nullptr);
        pool(dropped);  // may come again, and then stays
        parts->sequencer->run([&] { parts->sequencer->drop_pooled(staying->hash); });
        pool(staying);
    }
    const auto parts = must_open(live, options);
    std::vector<Hash256> left;
    for (const auto& tx : parts->resumption.pooled) {
        left.push_back(tx->hash);
    }
    EXPECT_EQ(left, (std::vector{replacing->hash, dropped->hash, staying->hash}));
}

TEST_F(RecoveryTest, a_log_that_lost_its_end_does_not_swallow_what_comes_after) {
    {
        auto parts = must_start(live, options);
        for (uint64_t i = 0; i < 8; ++i) {
            ASSERT_EQ(parts->submit_now(store(0, i, i, 1)).kind, SubmitOutcome::Kind::executed);
            parts->mine();
        }
    }
    const auto records = records_in(live);
    for (const size_t kept : {size_t{0}, size_t{3}, records.size() / 2}) {
        SCOPED_TRACE("records kept: " + std::to_string(kept));
        copy_directory(live, other);
        write_log(other, std::span(records).first(kept));
        const auto late = store(0, 8, 99, 77);
        {
            auto parts = must_start(other, options);
            EXPECT_EQ(parts->reader->sealed_number(), 8u);
            EXPECT_EQ(parts->submit_now(late).kind, SubmitOutcome::Kind::executed);
        }
        auto parts = must_start(other, options);
        EXPECT_EQ(parts->reader->latest_state()->storage(store_address(), 99), u256{77});
        EXPECT_TRUE(parts->reader->transaction(late->hash)->has_value());
    }
}

TEST_F(RecoveryTest, damaged_records_are_named) {
    {
        auto parts = must_start(live, options);
        ASSERT_EQ(parts->submit_now(transfer(0, 0)).kind, SubmitOutcome::Kind::executed);
        ASSERT_EQ(parts->submit_now(transfer(0, 1)).kind, SubmitOutcome::Kind::executed);
        parts->settle();
        copy_directory(live, other);
    }
    const auto records = records_in(other);  // open, batch, batch
    ASSERT_GE(records.size(), 3u);
    const auto failure_with = [&](size_t at, const Bytes& payload) {
        auto changed = records;
        changed[at].payload = payload;
        write_log(other, changed);
        const auto opened = TestChain::open(other, options);
        EXPECT_FALSE(opened.has_value());
        return opened ? std::string{} : opened.error().message;
    };
    OpenBlockRecord open_nine;
    open_nine.number = 9;
    EXPECT_EQ(failure_with(1, Bytes{99, 0xc0}), "log record of unknown kind 99");
    EXPECT_EQ(failure_with(0, records[1].payload), "the log holds transactions outside a block");
    EXPECT_EQ(
        failure_with(2, records[1].payload).find("a logged transaction does not execute again"), 0u
    );
    EXPECT_EQ(
        failure_with(2, encode(SealRecord{})),
        "the log seals a block that is not open or not cut into mini-blocks"
    );
    EXPECT_EQ(
        failure_with(
            2, encode(BatchRecord{{{Bytes{1, 2}, sender(0)}}})
        ).find("a logged transaction is damaged"),
        0u
    );
    EXPECT_EQ(failure_with(1, encode(open_nine)), "the log opens block 9 after block 0");
    EXPECT_EQ(
        failure_with(2, records[0].payload), "the log opens block 1 again after transactions in it"
    );
    EXPECT_EQ(
        failure_with(1, encode(RevertRecord{7})),
        "the log goes back to block 7, which does not exist"
    );
    EXPECT_EQ(
        failure_with(0, encode(MiniBlockRecord{1})), "the log holds a mini-block outside a block"
    );
    EXPECT_EQ(failure_with(0, encode(OverrideRecord{})), "the log changes state outside a block");
    EXPECT_EQ(failure_with(1, encode(SealRecord{})).find("block 1 came out as 0x"), 0u);
    write_log(other, records);
    EXPECT_TRUE(TestChain::open(other, options).has_value()) << "a refused log is left as it was";
}

TEST_F(RecoveryTest, another_genesis_is_refused_and_nothing_changes) {
    Hash256 head;
    {
        auto parts = must_start(live, options);
        parts->mine();
        head = parts->head.position().sealed->hash;
    }
    const auto records = records_in(live).size();
    TestOptions strange;
    strange.genesis = make_genesis(0, 1);
    const auto opened = TestChain::open(live, strange);
    ASSERT_FALSE(opened.has_value());
    EXPECT_NE(opened.error().message.find("holds another chain"), std::string::npos);
    EXPECT_EQ(records_in(live).size(), records);
    auto parts = must_start(live, options);
    EXPECT_EQ(parts->head.position().sealed->hash, head);
}

TEST_F(RecoveryTest, a_chain_may_begin_at_any_number) {
    options.genesis = make_genesis(100);
    {
        auto parts = must_start(live, options);
        EXPECT_EQ(parts->submit_now(store(0, 0, 1, 2)).kind, SubmitOutcome::Kind::executed);
        parts->mine();
        parts->mine();
    }
    auto parts = must_start(live, options);
    EXPECT_EQ(parts->reader->sealed_number(), 102u);
    EXPECT_EQ((*parts->reader->state_at(100))->storage(store_address(), 1), u256{0});
    EXPECT_EQ((*parts->reader->state_at(101))->storage(store_address(), 1), u256{2});
    EXPECT_FALSE(parts->reader->state_at(99).has_value());
}

}  // namespace mega::sequencer::test
