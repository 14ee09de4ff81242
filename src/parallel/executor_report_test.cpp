#include "parallel/test_comparison.hpp"
#include "parallel/test_programs.hpp"

namespace mega::parallel {
namespace {

using test::address_of;
using test::Scenario;

/// 100 callers of one counter.
class ExecutorReport : public testing::Test {
  protected:
    ExecutorReport() {
        const Address contract = address_of(0xc0de);
        scenario_.state.set_code(contract, test::counter_code());
        for (uint64_t i = 1; i <= 100; ++i) {
            scenario_.fund(address_of(i << 16));
            scenario_.call(address_of(i << 16), contract, {});
        }
    }
    const Report& execute(ParallelExecutor& executor) {
        EXPECT_TRUE(test::expect_sameness(
            executor,
            scenario_.state,
            {.env = scenario_.env, .transactions = scenario_.transactions}
        ));
        return executor.report();
    }

    Scenario scenario_;
};

TEST_F(ExecutorReport, WhatIsForgottenIsNotForeseen) {
    ExecutorOptions options;
    options.is_always_parallel = true;
    ParallelExecutor executor{options};
    EXPECT_GT(execute(executor).foreseen_parallelism, 50.0);
    EXPECT_LT(execute(executor).foreseen_parallelism, 1.5);
    executor.forget();
    EXPECT_GT(execute(executor).foreseen_parallelism, 50.0);
}

TEST_F(ExecutorReport, SpansTellOfEveryExecutionInAnyLane) {
    for (const bool is_parallel : {false, true}) {
        ExecutorOptions options;
        options.threads = is_parallel ? 2 : 1;
        options.is_always_parallel = is_parallel;
        options.round.records_spans = true;
        options.min_transfers = ExecutorOptions::never;
        ParallelExecutor executor{options};
        const Report& report = execute(executor);
        size_t executions = 0;
        for (const Span& span : report.spans) {
            executions += span.kind == Span::Kind::commit ? 0 : 1;
            EXPECT_LT(span.tx, 100U);
            EXPECT_LT(span.worker, options.threads);
            EXPECT_LE(span.begin_ns, span.end_ns);
            EXPECT_LE(span.end_ns, report.wall_ns);
        }
        EXPECT_EQ(executions, report.executions);
    }
}

TEST_F(ExecutorReport, SpansAreLeftOutUnlessWanted) {
    ParallelExecutor executor{ExecutorOptions{}};
    EXPECT_TRUE(execute(executor).spans.empty());
}

}  // namespace
}  // namespace mega::parallel
