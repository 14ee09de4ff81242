// What an executor does where it meets a call for the first time, and where what it knows holds no
// longer.

#include "parallel/executor.hpp"
#include "parallel/test_comparison.hpp"
#include "parallel/test_programs.hpp"

#include <algorithm>
#include <mutex>
#include <set>

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

/// A view that notes what is announced, and what is read.
class Listening final : public state::StateView {
  public:
    explicit Listening(const state::StateView& base) : base_(&base) {}

    [[nodiscard]] std::optional<Account> account(const Address& address) const override {
        note(read_accounts, address);
        return base_->account(address);
    }
    [[nodiscard]] u256 storage(const Address& address, const u256& slot) const override {
        note(read_slots, SlotKey{address, slot});
        return base_->storage(address, slot);
    }
    [[nodiscard]] evm::CodePtr code(const Hash256& code_hash) const override {
        return base_->code(code_hash);
    }
    [[nodiscard]] Hash256 block_hash(uint64_t number) const override {
        return base_->block_hash(number);
    }
    void expect_accounts(std::span<const Address> addresses) const override {
        for (const Address& address : addresses) {
            note(expected_accounts, address);
        }
    }
    void expect_slots(std::span<const SlotKey> keys) const override {
        for (const SlotKey& key : keys) {
            note(expected_slots, key);
        }
    }
    void forget() {
        read_accounts.clear();
        read_slots.clear();
        expected_accounts.clear();
        expected_slots.clear();
    }

    mutable std::set<Address> read_accounts;
    mutable std::set<SlotKey> read_slots;
    mutable std::set<Address> expected_accounts;
    mutable std::set<SlotKey> expected_slots;

  private:
    template <class Key>
    void note(std::set<Key>& notes, const Key& key) const {
        const std::lock_guard lock{mutex_};
        notes.insert(key);
    }

    const state::StateView* base_;
    mutable std::mutex mutex_;
};

TEST_F(Lessons, WhatIsKnownOfACallIsAnnouncedAndNothingElseRead) {
    scenario_.state.set_code(contract, test::token_code());
    const Address sender = address_of(first_sender);
    struct Case {
        uint32_t threads;
        bool is_always_parallel;
    };
    for (const Case& each : {Case{1, true}, Case{2, false}, Case{1, false}}) {
        const bool is_sequential = each.threads == 1 && !each.is_always_parallel;
        SCOPED_TRACE(testing::Message() << each.threads << " threads, " << is_sequential);
        ExecutorOptions options = with_threads(each.threads);
        options.is_always_parallel = each.is_always_parallel;
        ParallelExecutor executor{options};
        const auto data_of = [](uint64_t i) {
            return test::token_transfer(address_of(0x20000 + i), 0);
        };
        call_all(executor, data_of);
        // Now that the call is known, one that is refused as well.
        scenario_.transactions[5].tx.nonce += 3;
        const Batch batch{
            .env = scenario_.env,
            .transactions = scenario_.transactions,
            .policy = RefusalPolicy::skip
        };
        Listening listening{scenario_.state};
        const BatchResult expected = test::execute_one_by_one(listening, batch);
        const auto accounts = listening.read_accounts;
        const auto slots = listening.read_slots;
        EXPECT_TRUE(listening.expected_accounts.empty());
        listening.forget();
        EXPECT_TRUE(test::expect_same(expected, executor.execute(listening, batch)));
        EXPECT_EQ(executor.report().sequential_transactions, is_sequential ? callers : 0);
        EXPECT_TRUE(std::ranges::includes(accounts, listening.read_accounts));
        EXPECT_TRUE(std::ranges::includes(slots, listening.read_slots));
        EXPECT_TRUE(listening.expected_accounts.contains(sender));
        EXPECT_TRUE(listening.expected_accounts.contains(contract));
        EXPECT_GE(listening.expected_accounts.size(), callers);
        // Balances of sender and recipient: of all but the refused one they are what is read.
        EXPECT_TRUE(std::ranges::includes(listening.expected_slots, slots));
        EXPECT_EQ(slots.size(), 2 * (callers - 1));
    }
}

}  // namespace
}  // namespace mega::parallel
