// The official blockchain tests once more, with all transactions of all blocks executed in
// parallel: the heads, the states and the refusals must be the same.

#include "base/fixtures_test.hpp"
#include "conformance/block_tests.hpp"
#include "conformance/json_fields.hpp"
#include "parallel/block.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <mutex>
#include <thread>

namespace mega::conformance {
namespace {

namespace fs = std::filesystem;

/// Executors for as many blocks at a time as there are jobs, and what they did.
class Pool {
  public:
    explicit Pool(uint32_t threads) {
        options_.threads = threads;
        options_.is_always_parallel = true;
        // Blocks of a few transactions would be over before the second thread is awake.
        options_.starts_together = true;
        // Some wait with what they have found out, so that those behind them come first.
        options_.round.hook = [](parallel::Moment moment, size_t tx) {
            if (moment == parallel::Moment::before_publication && tx % 3 == 0) {
                std::this_thread::sleep_for(std::chrono::microseconds(20));
            }
        };
    }

    [[nodiscard]] Result<ethereum::ExecutedTransactions, execution::BlockError> execute(
        const state::StateView& view,
        const execution::BlockEnv& env,
        std::span<const SignedTransaction> transactions
    ) {
        auto executor = take();
        auto batch = parallel::execute_transactions(*executor, view, env, transactions);
        give_back(std::move(executor));
        if (!batch) {
            return Err{batch.error()};
        }
        return ethereum::ExecutedTransactions{
            std::move(batch->results), std::move(batch->receipts)
        };
    }

    [[nodiscard]] ethereum::TransactionsExecutor executor() {
        return [this](evm::Vm&, const auto& view, const auto& env, auto transactions) {
            return execute(view, env, transactions);
        };
    }
    [[nodiscard]] size_t blocks() const { return blocks_; }
    [[nodiscard]] size_t transactions() const { return transactions_; }
    [[nodiscard]] size_t sequential() const { return sequential_; }
    [[nodiscard]] size_t aborts() const { return aborts_; }

  private:
    using Executor = std::unique_ptr<parallel::ParallelExecutor>;

    [[nodiscard]] Executor take() {
        const std::lock_guard lock{mutex_};
        if (idle_.empty()) {
            return std::make_unique<parallel::ParallelExecutor>(options_);
        }
        Executor executor = std::move(idle_.back());
        idle_.pop_back();
        return executor;
    }
    void give_back(Executor executor) {
        const parallel::Report& report = executor->report();
        const std::lock_guard lock{mutex_};
        ++blocks_;
        transactions_ += report.transactions;
        sequential_ += report.sequential_transactions;
        aborts_ += report.aborts;
        idle_.push_back(std::move(executor));
    }

    parallel::ExecutorOptions options_;
    std::mutex mutex_;
    std::vector<Executor> idle_;  // guarded by mutex_, as all below
    size_t blocks_ = 0;
    size_t transactions_ = 0;
    size_t sequential_ = 0;
    size_t aborts_ = 0;
};

class ParallelBlocks : public testing::TestWithParam<uint32_t> {
  protected:
    static void run_set(const std::string& set, size_t cases) {
        const fs::path root = fixtures_root().value_or("") / "blockchain_tests" / set;
        if (!fs::exists(root)) {
            GTEST_SKIP() << fixtures_missing("blockchain_tests/" + set);
        }
        Pool pool{GetParam()};
        RunOptions options{.is_quiet = true};
        options.on_result = [](const fs::path& file, const CaseResult& result) {
            EXPECT_NE(result.outcome, Outcome::failed)
                << file << ' ' << result.name << ": " << result.message;
        };
        const auto runner =
            block_test_runner({.fork = {}, .test = {}, .executor = pool.executor()});
        const Counts counts = run_files(json_files_below(root), runner, options);
        std::printf(
            "%s, %u threads: %s; %zu blocks, %zu transactions, %zu aborts\n",
            set.c_str(),
            GetParam(),
            to_string(counts).c_str(),
            pool.blocks(),
            pool.transactions(),
            pool.aborts()
        );
        EXPECT_EQ(counts.failed, 0U);
        EXPECT_GE(counts.passed, cases);
        EXPECT_GE(pool.blocks(), cases / 2) << "the executor was not asked";
        EXPECT_EQ(pool.sequential(), 0U);
    }
};

TEST_P(ParallelBlocks, Eest) { run_set("eest_v5.4.0", 1213); }
TEST_P(ParallelBlocks, EestBeforeBlockAccessLists) { run_set("eest_bal_v5.7.0_prefork", 951); }
TEST_P(ParallelBlocks, LegacyCancun) { run_set("legacytests_cancun", 2232); }
TEST_P(ParallelBlocks, LegacyConstantinople) { run_set("legacytests_constantinople", 1617); }

INSTANTIATE_TEST_SUITE_P(
    Threads, ParallelBlocks, testing::Values(1, 2, 4), testing::PrintToStringParamName()
);

}  // namespace
}  // namespace mega::conformance
