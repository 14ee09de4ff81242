// What an executor does where it meets a call for the first time, and where what it knows holds no
// longer.

#include "parallel/executor.hpp"
#include "parallel/test_comparison.hpp"
#include "parallel/test_programs.hpp"

namespace mega::parallel {
namespace {

using test::address_of;
using test::Scenario;

constexpr uint64_t first_sender = 0x10000;
constexpr uint64_t callers = 1200;
const Address contract = address_of(0xc0de);

class Lessons : public testing::Test {
  protected:
    Lessons() {
        for (uint64_t i = 0; i < callers; ++i) {
            scenario_.fund(address_of(first_sender + i));
        }
    }
    /// Everybody calls the contract once, with this data.
    template <class DataOf>
    const Report& call_all(ParallelExecutor& executor, DataOf&& data_of) {
        scenario_.transactions.clear();
        scenario_.nonces.clear();
        for (uint64_t i = 0; i < callers; ++i) {
            scenario_.call(address_of(first_sender + i), contract, data_of(i));
        }
        EXPECT_TRUE(test::expect_sameness(
            executor,
            scenario_.state,
            {.env = scenario_.env, .transactions = scenario_.transactions}
        ));
        return executor.report();
    }
    static ExecutorOptions with_threads(uint32_t threads) {
        ExecutorOptions options;
        options.threads = threads;
        options.starts_together = true;
        return options;
    }

    Scenario scenario_;
};

TEST_F(Lessons, AChainThatNobodyKnowsRunsNothingTwice) {
    scenario_.state.set_code(contract, test::counter_code());
    ParallelExecutor executor{with_threads(2)};
    const Report& report = call_all(executor, [](uint64_t) { return Bytes(4); });
    EXPECT_EQ(report.executions, callers) << to_text(report);
    EXPECT_EQ(report.lessons, 1U);
    EXPECT_EQ(report.rounds, 0U);
}

TEST_F(Lessons, WhatIsIndependentRunsInParallelAfterOne) {
    scenario_.state.set_code(contract, test::token_code());
    ParallelExecutor executor{with_threads(2)};
    for (const size_t lessons : {1U, 0U}) {
        const Report& report = call_all(executor, [](uint64_t i) {
            return test::token_transfer(address_of(0x20000 + i), 0);
        });
        EXPECT_EQ(report.lessons, lessons) << to_text(report);
        EXPECT_GT(report.rounds, 0U);
        EXPECT_EQ(report.sequential_transactions, 0U);
    }
}

/// With threads enough, sums are told from other writes at once.
TEST_F(Lessons, SumsAreKnownAfterOne) {
    scenario_.state.set_code(contract, test::counter_code());
    scenario_.state.set_storage(contract, 0, 1);
    ParallelExecutor executor{with_threads(4)};
    const Report& report = call_all(executor, [](uint64_t) { return Bytes(4); });
    EXPECT_EQ(report.executions, callers) << to_text(report);
    EXPECT_EQ(report.tracked_executions, callers);
    EXPECT_GT(report.rounds, 0U);
}

TEST_F(Lessons, AChainThatIsOneNoLongerIsFoundOut) {
    using enum evm::Opcode;
    const auto store_caller_at_input =
        test::Assembler{}.op({CALLER}).push(4).op({CALLDATALOAD, SSTORE, STOP});
    scenario_.state.set_code(contract, store_caller_at_input.code());
    const auto slot = [](uint64_t number) {
        Bytes data(4);
        append(data, u256{number}.to_hash().view());
        return data;
    };
    ParallelExecutor executor{with_threads(2)};
    EXPECT_EQ(call_all(executor, [&](uint64_t) { return slot(7); }).rounds, 0U);
    size_t batches = 0;
    while (call_all(executor, [&](uint64_t i) { return slot(i); }).rounds == 0) {
        ASSERT_LT(++batches, 4U);
    }
    EXPECT_EQ(call_all(executor, [&](uint64_t i) { return slot(i); }).sequential_transactions, 0U);
}

/// Too little in common for a lesson; transfers teach nothing.
TEST_F(Lessons, ThereIsNoneWithoutACallThatIsMostOfAll) {
    scenario_.state.set_code(contract, test::counter_code());
    ParallelExecutor executor{with_threads(2)};
    const Report& report = call_all(executor, [](uint64_t i) {
        return to_bytes(u256{i}.to_hash().view());  // its last bytes differ,
    });
    EXPECT_EQ(report.lessons, 1U) << to_text(report);  // the selector does not
    executor.forget();
    const auto own_selector = [](uint64_t i) {
        const Hash256 word = u256{i}.to_hash();
        return to_bytes(word.view().last(4));
    };
    EXPECT_EQ(call_all(executor, own_selector).lessons, 0U);
    scenario_.state.set_code(contract, {});
    EXPECT_EQ(call_all(executor, [](uint64_t) { return Bytes{}; }).lessons, 0U);
}

}  // namespace
}  // namespace mega::parallel
