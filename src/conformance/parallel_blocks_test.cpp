// The official blockchain tests once more, with all transactions of all blocks executed in
// parallel: the heads, the states and the refusals must be the same.

#include "base/fixtures_test.hpp"
#include "conformance/block_tests.hpp"
#include "conformance/executor_pool.hpp"
#include "conformance/json_fields.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace mega::conformance {
namespace {

namespace fs = std::filesystem;

parallel::ExecutorOptions options_with(uint32_t threads) {
    parallel::ExecutorOptions options;
    options.threads = threads;
    options.is_always_parallel = true;
    // Blocks of a few transactions would be over before the second thread is awake.
    options.starts_together = true;
    // Some wait with what they have found out, so that those behind them come first.
    options.round.hook = [](parallel::Moment moment, size_t tx) {
        if (moment == parallel::Moment::before_publication && tx % 3 == 0) {
            std::this_thread::sleep_for(std::chrono::microseconds(20));
        }
    };
    return options;
}

class ParallelBlocks : public testing::TestWithParam<uint32_t> {
  protected:
    static void run_set(const std::string& set, size_t cases) {
        const fs::path root = fixtures_root().value_or("") / "blockchain_tests" / set;
        if (!fs::exists(root)) {
            GTEST_SKIP() << fixtures_missing("blockchain_tests/" + set);
        }
        ExecutorPool pool{options_with(GetParam())};
        RunOptions options{.is_quiet = true};
        options.on_result = [](const fs::path& file, const CaseResult& result) {
            EXPECT_NE(result.outcome, Outcome::failed)
                << file << ' ' << result.name << ": " << result.message;
        };
        const auto runner =
            block_test_runner({.fork = {}, .test = {}, .executor = pool.executor()});
        const Counts counts = run_files(json_files_below(root), runner, options);
        const ExecutorPool::Tally done = pool.tally();
        std::printf(
            "%s, %u threads: %s; %zu blocks, %zu transactions, %zu aborts\n",
            set.c_str(),
            GetParam(),
            to_string(counts).c_str(),
            done.blocks,
            done.transactions,
            done.aborts
        );
        EXPECT_EQ(counts.failed, 0U);
        EXPECT_GE(counts.passed, cases);
        EXPECT_GE(done.blocks, cases / 2) << "the executor was not asked";
        EXPECT_EQ(done.sequential_transactions, 0U);
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
