// The official blockchain tests once more, with all transactions of all blocks executed in
// parallel: the heads, the states and the refusals must be the same. And the official state tests,
// whose variants become blocks: what parallel execution makes of these is compared with sequential
// execution.
//
//   MEGA_FIXTURE_STRIDE   every n-th file of the state tests (64 by default; 1 is all)
//   MEGA_SEED             replays the delays of one run

#include "base/fixtures_test.hpp"
#include "base/seed_test.hpp"
#include "conformance/block_tests.hpp"
#include "conformance/executor_pool.hpp"
#include "conformance/json_fields.hpp"
#include "conformance/state_tests.hpp"
#include "parallel/test_comparison.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace mega::conformance {
namespace {

namespace fs = std::filesystem;

/// Some wait with what they have found out, so that those behind them come first.
parallel::Hook delay_at_random() {
    return [turn = std::make_shared<std::atomic<uint64_t>>(test_seed()
            )](parallel::Moment moment, size_t tx) {
        const uint64_t dice = mix64(turn->fetch_add(1), static_cast<uint64_t>(moment) + 8 * tx);
        if (dice % 16 == 0) {
            std::this_thread::sleep_for(std::chrono::microseconds(dice / 16 % 40));
        }
    };
}

parallel::ExecutorOptions options_with(uint32_t threads) {
    parallel::ExecutorOptions options;
    options.threads = threads;
    options.is_always_parallel = true;
    options.min_threads_for_sums = 1;
    // Blocks of a few transactions would be over before the second thread is awake.
    options.starts_together = true;
    options.min_transfers = 2;
    options.round.hook = delay_at_random();
    return options;
}

std::vector<fs::path> every_nth(const std::vector<fs::path>& files, size_t n) {
    std::vector<fs::path> taken;
    for (size_t i = 0; i < files.size(); i += n) {
        taken.push_back(files[i]);
    }
    return taken;
}

class ParallelBlocks : public testing::TestWithParam<uint32_t> {
  protected:
    /// Every file with 1, 2 and 4 threads, every third with the others.
    static size_t stride() { return std::has_single_bit(GetParam()) && GetParam() <= 4 ? 1 : 3; }
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
        const auto files = every_nth(json_files_below(root), stride());
        cases /= stride() * 2 - 1;  // files hold more or fewer
        const Counts counts = run_files(files, runner, options);
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
    Threads, ParallelBlocks, testing::Values(1, 2, 3, 4, 8, 16), testing::PrintToStringParamName()
);

// ---- state tests as blocks

class ParallelStateTests : public testing::TestWithParam<uint32_t> {
  protected:
    static void run_set(const std::string& set) {
        const fs::path root = fixtures_root().value_or("") / "state_tests" / set;
        if (!fs::exists(root)) {
            GTEST_SKIP() << fixtures_missing("state_tests/" + set);
        }
        const char* named = std::getenv("MEGA_FIXTURE_STRIDE");
        const size_t stride = named == nullptr ? 64 : std::max<size_t>(1, std::stoul(named));
        const auto all = json_files_below(root);
        std::vector<fs::path> files;
        for (size_t i = GetParam() % std::min(stride, all.size()); i < all.size(); i += stride) {
            files.push_back(all[i]);
        }
        auto executor_options = options_with(GetParam());
        executor_options.round.tracks_all = GetParam() % 2 == 0;
        parallel::ParallelExecutor executor{executor_options};
        size_t blocks = 0;
        size_t accepted = 0;
        StateTestOptions options;
        options.on_block = [&](const state::StateView& view,
                               const execution::BlockEnv& env,
                               std::span<const SignedTransaction> transactions) {
            const parallel::Batch batch{
                .env = env, .transactions = transactions, .policy = parallel::RefusalPolicy::skip
            };
            EXPECT_TRUE(parallel::test::expect_sameness(executor, view, batch));
            ++blocks;
            accepted += executor.report().executions;
        };
        RunOptions run{.jobs = 1, .is_quiet = true};
        run.on_result = [](const fs::path& file, const CaseResult& result) {
            ASSERT_FALSE(HasFailure()) << file << ' ' << result.name << ' ' << result.fork;
        };
        (void)run_files(files, state_test_runner(options), run);
        std::printf(
            "%s, %u threads: %zu files, %zu blocks, %zu executions\n",
            set.c_str(),
            GetParam(),
            files.size(),
            blocks,
            accepted
        );
        EXPECT_GT(blocks, files.size() / 2);
        EXPECT_GT(accepted, blocks);
    }
};

TEST_P(ParallelStateTests, Eest) { run_set("eest_v5.4.0"); }
TEST_P(ParallelStateTests, LegacyCancun) { run_set("legacytests_cancun/GeneralStateTests"); }

INSTANTIATE_TEST_SUITE_P(
    Threads,
    ParallelStateTests,
    testing::Values(1, 2, 3, 4, 8, 16),
    testing::PrintToStringParamName()
);

}  // namespace
}  // namespace mega::conformance
