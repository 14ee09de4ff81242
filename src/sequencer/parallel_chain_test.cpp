// The chain is a function of its records, whatever the number of threads and however the records
// cut the same transactions into batches.

#include "base/seed_test.hpp"
#include "sequencer/test_chain.hpp"
#include "sequencer/test_model.hpp"

#include <random>

namespace mega::sequencer::test {
namespace {

constexpr size_t many_senders = 24;
constexpr uint32_t thread_counts[] = {1, 2, 4, 8};

TestOptions options_for(uint32_t threads) {
    TestOptions options;
    options.genesis = make_genesis(0, 0, many_senders);
    options.execution_threads = threads;
    return options;
}

/// What a chain is told to do in one block.
struct BlockInputs {
    OpenBlockRecord open;
    std::vector<std::vector<mempool::TxPtr>> batches;  // a mini-block ends after each
};

/// Transfers to few and to many, a hot slot, deployments; among them transactions that cannot be:
/// nonces too low and too high, too little gas, too much value, gas beyond the block's.
class Inputs {
  public:
    explicit Inputs(uint64_t seed) : random_(seed) {}

    BlockInputs next(const OpenBlockRecord& open) {
        BlockInputs block{open, {}};
        for (uint64_t i = 0; i < 3; ++i) {
            auto& batch = block.batches.emplace_back();
            for (uint64_t size = 30 + random_() % 120; size > 0; --size) {
                batch.push_back(next_transaction());
            }
        }
        return block;
    }

  private:
    mempool::TxPtr next_transaction() {
        const size_t from = random_() % many_senders;
        const uint64_t kind = random_() % 40;
        if (kind == 0) {
            return transfer(from, nonces_[from] + 1 + random_() % 2);
        }
        if (kind == 1) {
            return transfer(from, nonces_[from] == 0 ? 7 : nonces_[from] - 1);
        }
        if (kind == 2) {
            return transfer(from, nonces_[from], [](Transaction& tx) { tx.gas_limit = 20'000; });
        }
        if (kind == 3) {
            return transfer(from, nonces_[from], [](Transaction& tx) {
                tx.value = gwei * gwei * u256{5000};
            });
        }
        if (kind == 4) {
            return transfer(from, nonces_[from], [](Transaction& tx) { tx.gas_limit = gas_limit; });
        }
        const uint64_t nonce = nonces_[from]++;
        if (kind < 15) {
            return store(from, nonce, random_() % 3, random_() % 4);
        }
        if (kind == 15) {
            return deploy(from, nonce);
        }
        return transfer(from, nonce, [&](Transaction& tx) {
            tx.to = kind < 20 ? address(0x1000 + random_() % 3) : sender(random_() % many_senders);
            tx.value = random_() % 1000;
        });
    }

    std::mt19937_64 random_;
    std::map<size_t, uint64_t> nonces_;
};

/// One chain, and all that it ever showed.
struct ChainRun {
    explicit ChainRun(uint32_t threads)
        : parts(must_open(directory.path(), options_for(threads))) {}

    SealedPtr execute(const BlockInputs& block) {
        parts->chain->open_block(block.open);
        for (const auto& batch : block.batches) {
            for (ExecutionOutcome& outcome : parts->chain->execute(batch)) {
                outcomes.push_back(std::move(outcome));
            }
            (void)parts->chain->close_mini_block(outcomes.size());
        }
        return sealed.emplace_back(parts->seal());
    }

    storage::TestDirectory directory{storage::TestDirectory::in_memory};
    std::unique_ptr<TestChain> parts;
    std::vector<ExecutionOutcome> outcomes;
    std::vector<SealedPtr> sealed;
};

void expect_same(const ExecutedTransaction& a, const ExecutedTransaction& b) {
    EXPECT_EQ(a.tx->hash, b.tx->hash);
    EXPECT_EQ(a.receipt, b.receipt);
    EXPECT_EQ(a.gas_used, b.gas_used);
    EXPECT_EQ(a.effective_gas_price, b.effective_gas_price);
    EXPECT_EQ(a.created, b.created);
    EXPECT_EQ(a.block_number, b.block_number);
    EXPECT_EQ(a.index, b.index);
    EXPECT_EQ(a.first_log_index, b.first_log_index);
}

void expect_same(const SealedBlock& a, const SealedBlock& b) {
    EXPECT_EQ(a.header, b.header);
    EXPECT_EQ(a.hash, b.hash);
    EXPECT_EQ(a.opening_hash, b.opening_hash);
    EXPECT_EQ(*a.diff, *b.diff);
    ASSERT_EQ(a.transactions.size(), b.transactions.size());
    for (size_t i = 0; i < a.transactions.size(); ++i) {
        expect_same(*a.transactions[i], *b.transactions[i]);
    }
    ASSERT_EQ(a.mini_blocks.size(), b.mini_blocks.size());
    for (size_t i = 0; i < a.mini_blocks.size(); ++i) {
        EXPECT_EQ(a.mini_blocks[i]->header, b.mini_blocks[i]->header);
        EXPECT_EQ(*a.mini_blocks[i]->diff, *b.mini_blocks[i]->diff);
        EXPECT_EQ(a.mini_blocks[i]->transactions.size(), b.mini_blocks[i]->transactions.size());
    }
}

void expect_same(const ChainRun& a, const ChainRun& b) {
    ASSERT_EQ(a.outcomes.size(), b.outcomes.size());
    for (size_t i = 0; i < a.outcomes.size(); ++i) {
        const auto& x = a.outcomes[i].refusal;
        const auto& y = b.outcomes[i].refusal;
        ASSERT_EQ(x.has_value(), y.has_value()) << "transaction " << i;
        if (x) {
            EXPECT_EQ(x->code, y->code);
            EXPECT_EQ(x->message, y->message);
        }
    }
    ASSERT_EQ(a.sealed.size(), b.sealed.size());
    for (size_t i = 0; i < a.sealed.size(); ++i) {
        expect_same(*a.sealed[i], *b.sealed[i]);
    }
}

/// The chain's life as its log holds it: what was executed, without the refused.
std::vector<LogRecord> records_of(const ChainRun& run, std::span<const BlockInputs> blocks) {
    std::vector<LogRecord> records;
    for (size_t i = 0; i < blocks.size(); ++i) {
        records.emplace_back(blocks[i].open);
        for (const MiniBlockPtr& mini_block : run.sealed[i]->mini_blocks) {
            BatchRecord batch;
            for (const ExecutedPtr& done : mini_block->transactions) {
                batch.items.push_back({done->tx->raw, done->tx->sender});
            }
            records.emplace_back(std::move(batch));
            records.emplace_back(MiniBlockRecord{mini_block->header.timestamp_us});
        }
        records.emplace_back(SealRecord{run.sealed[i]->hash});
    }
    return records;
}

struct SealedBlocks final : Listener {
    void on_sealed(const SealedPtr& block) override { seen.push_back(block); }
    std::vector<SealedPtr> seen;
};

}  // namespace

TEST(parallel_chain, every_thread_count_gives_the_same_chain) {
    const uint64_t seed = test_seed();
    Inputs inputs(seed);
    ChainRun reference(1);
    Model model(reference.parts->options.genesis);
    std::vector<BlockInputs> blocks;
    for (int i = 0; i < 4; ++i) {
        auto open = reference.parts->next_inputs();
        open.gas_limit = i == 2 ? 1'500'000 : gas_limit;  // too little for all
        blocks.push_back(inputs.next(open));
        model.expect_follows(chain_id, *reference.execute(blocks.back()));
    }
    const auto count_refused = [&](execution::TxErrorCode code) {
        return std::ranges::count_if(reference.outcomes, [&](const ExecutionOutcome& outcome) {
            return outcome.refusal && outcome.refusal->code == code;
        });
    };
    EXPECT_GT(count_refused(execution::TxErrorCode::gas_limit_reached), 0);
    EXPECT_GT(count_refused(execution::TxErrorCode::nonce_too_high), 0);
    for (const uint32_t threads : thread_counts) {
        SCOPED_TRACE(std::to_string(threads) + " threads");
        ChainRun run(threads);
        for (const BlockInputs& block : blocks) {
            (void)run.execute(block);
        }
        expect_same(reference, run);
        const auto totals = run.parts->chain->execution_reports().totals();
        EXPECT_EQ(totals.parallel_batches > 0, threads > 1);
    }
}

TEST(parallel_chain, replay_of_the_records_gives_the_same_chain) {
    const uint64_t seed = test_seed();
    Inputs inputs(seed);
    ChainRun reference(1);
    std::vector<BlockInputs> blocks;
    for (int i = 0; i < 3; ++i) {
        blocks.push_back(inputs.next(reference.parts->next_inputs()));
        (void)reference.execute(blocks.back());
    }
    const auto records = records_of(reference, blocks);
    for (const uint32_t threads : thread_counts) {
        SCOPED_TRACE(std::to_string(threads) + " threads");
        ChainRun run(threads);
        Replay replay(*run.parts->chain, *run.parts->checkpointer, {});
        for (size_t i = 0; i < records.size(); ++i) {
            ASSERT_TRUE(replay.accept(i + 1, encode(records[i]))) << replay.failure();
        }
        const auto finished = replay.finish();
        ASSERT_TRUE(finished.has_value()) << finished.error().message;
        ASSERT_EQ(finished->unsaved.size(), reference.sealed.size());
        for (size_t i = 0; i < reference.sealed.size(); ++i) {
            expect_same(*reference.sealed[i], *finished->unsaved[i]);
        }
    }
}

TEST(parallel_chain, a_logged_transaction_that_does_not_execute_is_named_at_the_end) {
    ChainRun run(2);
    Replay replay(*run.parts->chain, *run.parts->checkpointer, {});
    BatchRecord batch;
    for (size_t from = 0; from < many_senders; ++from) {
        const auto tx = transfer(from, from == 20 ? 3 : 0);
        batch.items.push_back({tx->raw, tx->sender});
    }
    ASSERT_TRUE(replay.accept(1, encode(run.parts->next_inputs())));
    ASSERT_TRUE(replay.accept(2, encode(batch)));
    const auto finished = replay.finish();
    ASSERT_FALSE(finished.has_value());
    EXPECT_EQ(
        finished.error().message.find("a logged transaction does not execute again: nonce too high"
        ),
        0u
    );
}

TEST(parallel_chain, reports_tell_how_a_block_was_executed) {
    ChainRun run(2);
    const ExecutionReports& reports = run.parts->chain->execution_reports();
    EXPECT_FALSE(reports.of(1));
    BlockInputs block{run.parts->next_inputs(), {{}, {}}};
    for (size_t from = 0; from < many_senders; ++from) {
        block.batches[0].push_back(deploy(from, 0));  // worth a second thread, unlike transfers
    }
    block.batches[0].push_back(transfer(0, 9));  // refused
    block.batches[1].push_back(transfer(1, 1));
    (void)run.execute(block);
    const auto report = reports.of(1);
    ASSERT_TRUE(report);
    EXPECT_EQ(report->report.transactions, many_senders + 2);
    EXPECT_EQ(report->refused, 1u);
    EXPECT_EQ(report->parallel_batches, 1u);
    EXPECT_EQ(report->sequential_batches, 1u);
    EXPECT_EQ(report->report.sequential_transactions, 1u);
    EXPECT_GE(report->report.executions, many_senders + 2);
    EXPECT_GT(report->report.wall_ns, 0u);
    EXPECT_FALSE(reports.of(2));
}

TEST(parallel_chain, reports_are_bounded_and_go_back_with_the_chain) {
    ExecutionReports reports;
    for (uint64_t number = 1; number <= ExecutionReports::kept_blocks + 10; ++number) {
        reports.begin(number);
        reports.add_sequential(1, 0, 1);
    }
    EXPECT_FALSE(reports.of(10));
    EXPECT_TRUE(reports.of(11));
    reports.begin(20);
    EXPECT_FALSE(reports.of(21));
    EXPECT_EQ(reports.of(20)->report.transactions, 0u);
    parallel::Report batch;
    batch.transactions = 2;
    batch.aborts = 2 * ExecutionReports::max_listed_aborts;
    batch.first_aborts.assign(batch.aborts, {.tx = 1, .writer = 0, .address = {}, .slot = {}});
    const std::vector<std::optional<uint32_t>> indices{std::nullopt, 7};
    reports.add(batch, indices);
    const auto report = reports.of(20);
    EXPECT_EQ(report->report.aborts, batch.aborts);
    ASSERT_EQ(report->report.first_aborts.size(), ExecutionReports::max_listed_aborts);
    EXPECT_EQ(report->report.first_aborts[0].tx, 7u);
    EXPECT_FALSE(report->report.first_aborts[0].writer);  // it is not in the block
}

TEST(parallel_chain, a_sequencer_under_load_makes_the_blocks_of_the_book) {
    storage::TestDirectory directory{storage::TestDirectory::in_memory};
    auto options = options_for(2);
    options.sequencer.block_interval_ms = 100;
    options.sequencer.mini_block_interval_ms = 5;
    options.sequencer.now_us = [] {
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        return static_cast<uint64_t>(
            std::chrono::duration_cast<std::chrono::microseconds>(now).count()
        );
    };
    constexpr uint64_t per_sender = 60;
    std::vector<mempool::TxPtr> transactions;
    for (uint64_t nonce = 0; nonce < per_sender; ++nonce) {
        for (size_t from = 0; from < many_senders; ++from) {
            transactions.push_back(
                (nonce + from) % 4 == 0
                    ? store(from, nonce, from % 3, nonce)
                    : transfer(
                          from,
                          nonce,
                          [&](Transaction& tx) { tx.to = sender((from + nonce) % many_senders); }
                      )
            );
        }
    }
    std::vector<std::future<SubmitOutcome>> answers;
    Model model(options.genesis);
    SealedBlocks blocks;
    {
        auto parts = must_open(directory.path(), options);
        parts->publisher.add_listener(blocks);
        parts->start();
        for (const auto& tx : transactions) {
            answers.push_back(parts->submit(tx));
        }
        for (size_t i = 0; i < answers.size(); ++i) {
            const auto outcome = TestChain::answer(std::move(answers[i]));
            ASSERT_EQ(outcome.kind, SubmitOutcome::Kind::executed) << outcome.message;
            EXPECT_EQ(outcome.executed->tx->hash, transactions[i]->hash);
        }
        parts->mine();
        EXPECT_GT(parts->sequencer->execution_reports()->totals().parallel_batches, 0u);
    }
    size_t executed = 0;
    for (const SealedPtr& block : blocks.seen) {
        executed += block->transactions.size();
        model.expect_follows(chain_id, *block);
    }
    EXPECT_EQ(executed, transactions.size());
}

}  // namespace mega::sequencer::test
