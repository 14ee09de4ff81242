#include "parallel/executor.hpp"

#include "base/hex.hpp"
#include "execution/host.hpp"
#include "parallel/block.hpp"
#include "parallel/test_comparison.hpp"
#include "parallel/test_programs.hpp"

namespace mega::parallel {
namespace {

using test::address_of;
using test::Scenario;

constexpr uint64_t first_sender = 0x10000;
constexpr uint64_t first_recipient = 0x20000;
const Address contract = address_of(0xc0de);

ExecutorOptions always_parallel(uint32_t threads) {
    ExecutorOptions options;
    options.threads = threads;
    options.is_always_parallel = true;
    options.starts_together = true;
    options.min_threads_for_sums = 1;
    options.min_transfers = ExecutorOptions::never;  // rounds are what is tested here
    return options;
}

/// Every test with 1, 2, 4 and 8 threads.
class ExecutorTest : public testing::TestWithParam<uint32_t> {
  protected:
    ExecutorTest() : executor_(always_parallel(GetParam())) {
        for (uint64_t i = 0; i < 300; ++i) {
            scenario_.fund(address_of(first_sender + i));
        }
    }
    bool expect_sameness(RefusalPolicy policy = RefusalPolicy::stop) {
        return test::expect_sameness(
            executor_,
            scenario_.state,
            {.env = scenario_.env, .transactions = scenario_.transactions, .policy = policy}
        );
    }
    [[nodiscard]] const Report& report() const { return executor_.report(); }

    Scenario scenario_;
    ParallelExecutor executor_;
};

TEST_P(ExecutorTest, AnEmptyBatchIsNothing) {
    EXPECT_TRUE(expect_sameness());
    EXPECT_EQ(report().executions, 0U);
}

TEST_P(ExecutorTest, IndependentTransfersNeverRunTwice) {
    for (uint64_t i = 0; i < 300; ++i) {
        scenario_.add(address_of(first_sender + i), address_of(first_recipient + i), i);
    }
    EXPECT_TRUE(expect_sameness());
    EXPECT_EQ(report().executions, 300U) << to_text(report());
    EXPECT_EQ(report().native_transfers, 300U);
}

/// Data on L1 is charged, and the vault paid, without the interpreter.
TEST_P(ExecutorTest, TransfersOfAnL2WithFeesAreNativeToo) {
    scenario_.env.l2_fees = {u256{700}, scenario_.env.context.base_fee_per_gas, 2'500};
    const Address vault = execution::fee_vault_address;
    for (uint64_t i = 0; i < 300; ++i) {
        const bool meets_vault = i % 100 == 50;
        auto& tx = scenario_.add(
            address_of(first_sender + i), meets_vault ? vault : address_of(first_recipient + i), i
        );
        tx.tx.gas_limit = i % 100 == 70 ? 21'001 : 100'000;  // too little for the data
    }
    EXPECT_TRUE(expect_sameness(RefusalPolicy::skip));
    EXPECT_EQ(report().native_transfers, 294U) << to_text(report());
}

/// Once it is known that the payee's balance is only added to.
TEST_P(ExecutorTest, TokenPaymentsToOneHolderDoNotConflict) {
    const Address payee = address_of(first_recipient);
    scenario_.state.set_code(contract, test::token_code());
    scenario_.state.set_storage(contract, test::mapping_slot(payee, 0), 1);
    for (uint64_t i = 0; i < 300; ++i) {
        const Address payer = address_of(first_sender + i);
        scenario_.state.set_storage(contract, test::mapping_slot(payer, 0), 1000);
        // Now and then the payee itself pays: its balance must be exact enough for that.
        scenario_.call(payer, contract, test::token_transfer(payee, 1 + i % 7));
    }
    scenario_.fund(payee);
    scenario_.call(payee, contract, test::token_transfer(address_of(first_sender), 500));
    ParallelExecutor teacher{[] {
        ExecutorOptions options = always_parallel(4);
        options.round.hook = [](Moment moment, size_t tx) {
            if (moment == Moment::before_publication && tx % 4 == 0) {
                std::this_thread::sleep_for(std::chrono::microseconds(50));
            }
        };
        return options;
    }()};
    const Batch batch{.env = scenario_.env, .transactions = scenario_.transactions};
    EXPECT_TRUE(test::expect_sameness(teacher, scenario_.state, batch));
    EXPECT_GT(teacher.report().aborts, 0U) << "nothing learned";
    EXPECT_TRUE(test::expect_sameness(teacher, scenario_.state, batch));
    EXPECT_EQ(teacher.report().tracked_executions, 301U) << to_text(teacher.report());
    EXPECT_LE(teacher.report().aborts, 1U) << to_text(teacher.report());
    // And with whatever number of threads.
    EXPECT_TRUE(expect_sameness());
    EXPECT_TRUE(expect_sameness());
}

TEST_P(ExecutorTest, CreditsToOneAccountDoNotConflict) {
    for (uint64_t i = 0; i < 300; ++i) {
        scenario_.add(address_of(first_sender + i), contract, i);
    }
    EXPECT_TRUE(expect_sameness());
    EXPECT_EQ(report().aborts, 0U) << to_text(report());
}

TEST_P(ExecutorTest, PaymentsAndCreditsOfASenderDoNotConflict) {
    // Everyone pays everyone: balances move all the time, but always suffice.
    for (uint64_t i = 0; i < 300; ++i) {
        scenario_.add(address_of(first_sender + i), address_of(first_sender + (i * 7) % 300), 5);
    }
    EXPECT_TRUE(expect_sameness());
    EXPECT_EQ(report().aborts, 0U) << to_text(report());
}

TEST_P(ExecutorTest, AForeseenChainOfNoncesRunsOnce) {
    for (uint64_t i = 0; i < 400; ++i) {
        scenario_.add(address_of(first_sender + i % 3), address_of(first_recipient + i), 1);
    }
    EXPECT_TRUE(expect_sameness());
    EXPECT_EQ(report().aborts, 0U) << to_text(report());
}

TEST_P(ExecutorTest, AHotCounterCountsEveryone) {
    scenario_.state.set_code(contract, test::counter_code());
    for (uint64_t i = 0; i < 200; ++i) {
        scenario_.call(address_of(first_sender + i), contract, {});
    }
    EXPECT_TRUE(expect_sameness());
}

/// A counter that tells what it counts to: its writers must run one after the other.
TEST_P(ExecutorTest, AHotPlaceIsForeseenTheSecondTime) {
    using enum evm::Opcode;
    test::Assembler code;
    code.add_to_slot(0, 1).push(0).op({SLOAD}).push(0).push(0).op({LOG1, STOP});
    scenario_.state.set_code(contract, code.code());
    for (uint64_t i = 0; i < 200; ++i) {
        scenario_.call(address_of(first_sender + i), contract, {});
    }
    EXPECT_TRUE(expect_sameness());
    EXPECT_TRUE(expect_sameness());
    EXPECT_EQ(report().aborts, 0U) << to_text(report());
}

/// One that does not: they need not, once it has begun.
TEST_P(ExecutorTest, ACounterAddsUp) {
    scenario_.state.set_code(contract, test::counter_code());
    scenario_.state.set_storage(contract, 0, 1);
    for (uint64_t i = 0; i < 200; ++i) {
        scenario_.call(address_of(first_sender + i), contract, {});
    }
    for (int round = 0; round < 3; ++round) {
        EXPECT_TRUE(expect_sameness());
    }
    EXPECT_EQ(report().aborts, 0U) << to_text(report());
}

TEST_P(ExecutorTest, TokensMove) {
    scenario_.state.set_code(contract, test::token_code());
    for (uint64_t i = 0; i < 300; ++i) {
        const Address holder = address_of(first_sender + i);
        scenario_.state.set_storage(contract, test::mapping_slot(holder, 0), 1000);
        const Address to =
            address_of(i % 3 == 0 ? first_sender + (i * 5) % 300 : first_recipient + i);
        scenario_.call(holder, contract, test::token_transfer(to, i % 7 == 0 ? 1001 : 10));
    }
    EXPECT_TRUE(expect_sameness());
}

TEST_P(ExecutorTest, APoolKeepsItsProduct) {
    scenario_.state.set_code(contract, test::pool_code());
    scenario_.state.set_storage(contract, 2, 1'000'000'000);
    scenario_.state.set_storage(contract, 3, 5'000'000'000);
    for (uint64_t i = 0; i < 200; ++i) {
        const Address holder = address_of(first_sender + i);
        scenario_.state.set_storage(contract, test::mapping_slot(holder, 0), 1'000'000);
        scenario_.call(holder, contract, test::pool_swap(1000 + i));
    }
    EXPECT_TRUE(expect_sameness());
}

TEST_P(ExecutorTest, TheBeneficiaryMaySendAndReceive) {
    const Address beneficiary = address_of(first_sender);
    scenario_.env.context.beneficiary = beneficiary;
    for (uint64_t i = 0; i < 200; ++i) {
        scenario_.add(address_of(first_sender + i % 5), address_of(first_sender + (i + 1) % 5), i);
    }
    EXPECT_TRUE(expect_sameness());
}

TEST_P(ExecutorTest, ALazilyCreditedAccountIsReadAtEveryPosition) {
    // Stores BALANCE(COINBASE) under the caller.
    using enum evm::Opcode;
    scenario_.state.set_code(
        contract, test::Assembler{}.op({COINBASE, BALANCE, CALLER, SSTORE, STOP}).code()
    );
    for (uint64_t i = 0; i < 200; ++i) {
        const Address sender = address_of(first_sender + i);
        if (i % 4 == 0) {
            scenario_.call(sender, contract, {});
        } else {
            scenario_.add(sender, address_of(first_recipient + i), 1);
        }
    }
    EXPECT_TRUE(expect_sameness());
}

TEST_P(ExecutorTest, MoneyThatAnEarlierTransactionBroughtCanBeSpent) {
    // Each pays the next, who had nothing: foreseen by nobody, and all but the first fail at first.
    for (uint64_t i = 0; i < 100; ++i) {
        const uint64_t amount = (100 - i) * 10'000'000;
        scenario_.add(address_of(first_recipient + i), address_of(first_recipient + i + 1), amount);
    }
    scenario_.state.set_balance(address_of(first_recipient), u256{2'000'000'000});
    EXPECT_TRUE(expect_sameness());
}

TEST_P(ExecutorTest, APurseThatOthersFillPaysWhileItLasts) {
    // Passes on 100, which only works while there is enough; no slot tells of it.
    using enum evm::Opcode;
    scenario_.state.set_code(
        contract,
        test::Assembler{}
            .push(0)
            .push(0)
            .push(0)
            .push(0)
            .push(100)
            .push(address_of(first_recipient))
            .push(u256{30'000})
            .op({CALL, POP, STOP})
            .code()
    );
    scenario_.state.set_balance(contract, 250);
    scenario_.fund(address_of(first_recipient));
    for (uint64_t i = 0; i < 200; ++i) {
        auto& added = scenario_.call(address_of(first_sender + i), contract, {});
        added.tx.data = {1};
        added.tx.value = i % 3 == 0 ? 150 : 0;
    }
    for (int repetition = 0; repetition < 10; ++repetition) {
        ASSERT_TRUE(expect_sameness());
    }
}

TEST_P(ExecutorTest, ADestroyedContractForgetsItsSlots) {
    // The child counts its calls in slot 0, and ends when it is sent money; the factory makes it
    // anew at the same address.
    using enum evm::Opcode;
    scenario_.env.fork = Fork::shanghai;
    test::Assembler child;
    child.op({CALLVALUE});
    const size_t end = child.jump_if();
    child.add_to_slot(0, 1).op({STOP}).land(end).op({CALLER, SELFDESTRUCT});
    const Bytes runtime = child.code();
    ASSERT_LT(runtime.size(), 32U);
    const auto size = static_cast<uint8_t>(runtime.size());
    const Bytes init = test::Assembler{}
                           .push_bytes(runtime)
                           .push(0)
                           .op({MSTORE})
                           .push(size)
                           .push(static_cast<uint8_t>(32 - size))
                           .op({RETURN})
                           .code();
    Bytes words = init;
    words.resize(64);
    test::Assembler factory;
    factory.push_bytes(BytesView{words}.first(32)).push(0).op({MSTORE});
    factory.push_bytes(BytesView{words}.subspan(32)).push(32).op({MSTORE});
    factory.push(0).push(static_cast<uint8_t>(init.size())).push(0).push(0).op({CREATE2, STOP});
    scenario_.state.set_code(contract, factory.code());
    const Address address = execution::create2_address(contract, 0, init);
    scenario_.state.set_code(address, runtime);
    scenario_.state.set_nonce(address, 1);
    scenario_.state.set_storage(address, 0, 41);
    for (uint64_t i = 0; i < 120; ++i) {
        const Address sender = address_of(first_sender + i);
        if (i % 6 == 3) {
            scenario_.call(sender, contract, {2});  // make
        } else {
            scenario_.call(sender, address, {1}).tx.value = i % 6 == 2 ? 1 : 0;
        }
    }
    ASSERT_TRUE(expect_sameness());
    const auto result = executor_.execute(
        scenario_.state, {.env = scenario_.env, .transactions = scenario_.transactions}
    );
    size_t cleared = 0;
    for (const execution::TxResult& tx : result.results) {
        for (const state::AccountChange& change : tx.diff.accounts) {
            cleared += change.storage_cleared ? 1 : 0;
        }
    }
    EXPECT_EQ(cleared, 20U);
}

TEST_P(ExecutorTest, TheFirstInvalidTransactionEndsTheBatch) {
    for (uint64_t i = 0; i < 100; ++i) {
        auto& added = scenario_.add(address_of(first_sender + i), contract, 1);
        if (i == 40 || i == 70) {
            added.tx.nonce = 5;
        }
    }
    EXPECT_TRUE(expect_sameness());
    EXPECT_TRUE(expect_sameness(RefusalPolicy::skip));
}

TEST_P(ExecutorTest, MoneyThatAnEarlierTransactionSpentIsMissed) {
    // The sender's second transaction can no longer pay: its own first and a visitor decide.
    const Address poor = address_of(first_recipient);
    scenario_.state.set_balance(poor, 21000 * 20 + 21000 * 9 + 100);
    scenario_.add(poor, contract, 100);
    scenario_.add(poor, contract, 1);
    for (uint64_t i = 0; i < 50; ++i) {
        scenario_.add(address_of(first_sender + i), contract, 1);
    }
    EXPECT_TRUE(expect_sameness());
    EXPECT_TRUE(expect_sameness(RefusalPolicy::skip));
}

TEST_P(ExecutorTest, TheBlockGasLimitCountsInOrder) {
    scenario_.env.context.gas_limit = 21000 * 50 + 100;
    for (uint64_t i = 0; i < 60; ++i) {
        auto& added = scenario_.add(address_of(first_sender + i), contract, 1);
        added.tx.gas_limit = i % 9 == 8 ? 60000 : 21000;
    }
    EXPECT_TRUE(expect_sameness());
    EXPECT_TRUE(expect_sameness(RefusalPolicy::skip));
}

TEST_P(ExecutorTest, BlobsAreCountedInOrder) {
    scenario_.env.max_blobs = 5;
    scenario_.env.context.blob_base_fee = 1;
    for (uint64_t i = 0; i < 20; ++i) {
        auto& added = scenario_.add(address_of(first_sender + i), contract, 1);
        added.tx.type = TxType::blob;
        added.tx.max_fee_per_blob_gas = 10;
        Hash256 hash;
        hash[0] = 1;
        added.tx.blob_versioned_hashes.assign(1 + i % 3, hash);
    }
    EXPECT_TRUE(expect_sameness());
    EXPECT_TRUE(expect_sameness(RefusalPolicy::skip));
}

TEST_P(ExecutorTest, SmallWindowsAndLittleMemoryChangeNothing) {
    ExecutorOptions options = always_parallel(GetParam());
    options.round_limit = 37;
    options.round.window = 2;
    options.round.memory_limit_bytes = 1;
    ParallelExecutor executor{options};
    for (uint64_t i = 0; i < 200; ++i) {
        scenario_.add(address_of(first_sender + i % 11), address_of(first_sender + i % 7), i);
    }
    EXPECT_TRUE(test::expect_sameness(
        executor, scenario_.state, {.env = scenario_.env, .transactions = scenario_.transactions}
    ));
    EXPECT_GT(executor.report().rounds, 10U);
}

TEST_P(ExecutorTest, ABlockIsThatOfSequentialExecution) {
    scenario_.state.set_code(contract, test::counter_code());
    for (uint64_t i = 0; i < 50; ++i) {
        scenario_.call(address_of(first_sender + i), contract, {});
        scenario_.add(address_of(first_sender + 100 + i), address_of(first_sender + i), 1);
    }
    BlockHeader header;
    header.number = scenario_.env.context.number;
    const std::vector<Withdrawal> withdrawals{{1, 2, contract, 3}};
    evm::Vm vm;
    const auto expected = execution::execute_block(
        vm, scenario_.state, scenario_.env, header, scenario_.transactions, withdrawals
    );
    const auto actual = execute_block(
        executor_, scenario_.state, scenario_.env, header, scenario_.transactions, withdrawals
    );
    ASSERT_TRUE(expected && actual);
    EXPECT_EQ(encode(expected->diff), encode(actual->diff));
    EXPECT_EQ(
        execution::receipts_root(expected->receipts), execution::receipts_root(actual->receipts)
    );
    EXPECT_EQ(expected->gas_used, actual->gas_used);
    EXPECT_EQ(expected->logs_bloom, actual->logs_bloom);
    EXPECT_EQ(expected->requests, actual->requests);
    EXPECT_EQ(expected->fault, actual->fault);
    scenario_.transactions[30].tx.nonce = 9;
    const auto refused = execute_block(
        executor_, scenario_.state, scenario_.env, header, scenario_.transactions, withdrawals
    );
    const auto reference = execution::execute_block(
        vm, scenario_.state, scenario_.env, header, scenario_.transactions, withdrawals
    );
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message, reference.error().message);
}

INSTANTIATE_TEST_SUITE_P(Threads, ExecutorTest, testing::Values(1, 2, 4, 8));

// --- adaptive ---

TEST(AdaptiveExecutor, ASmallBatchOrAChainRunsSequentially) {
    ExecutorOptions options;
    options.threads = 2;
    options.min_transfers = ExecutorOptions::never;
    ParallelExecutor executor{options};
    Scenario scenario;
    scenario.fund(address_of(first_sender));
    for (uint64_t i = 0; i < 100; ++i) {
        scenario.add(address_of(first_sender), address_of(first_recipient + i), 1);
    }
    const Batch batch{.env = scenario.env, .transactions = scenario.transactions};
    EXPECT_TRUE(test::expect_sameness(executor, scenario.state, batch));
    EXPECT_EQ(executor.report().sequential_transactions, 100U);
    const Batch small{
        .env = scenario.env,
        .transactions = std::span<const SignedTransaction>{scenario.transactions}.first(3)
    };
    EXPECT_TRUE(test::expect_sameness(executor, scenario.state, small));
    EXPECT_EQ(executor.report().rounds, 0U);
}

/// Two threads take longer for transfers in a round than one; many do not.
TEST(AdaptiveExecutor, ARoundOfTransfersNeedsMoreThanTwoThreads) {
    Scenario scenario;
    for (uint64_t i = 0; i < 1000; ++i) {
        scenario.fund(address_of(first_sender + i));
        scenario.add(address_of(first_sender + i), address_of(first_recipient + i), 1);
    }
    const Batch batch{.env = scenario.env, .transactions = scenario.transactions};
    for (const uint32_t threads : {2U, 8U}) {
        ExecutorOptions options;
        options.threads = threads;
        options.min_transfers = ExecutorOptions::never;
        ParallelExecutor executor{options};
        EXPECT_TRUE(test::expect_sameness(executor, scenario.state, batch));
        EXPECT_EQ(executor.report().rounds != 0, threads == 8);
    }
}

TEST(AdaptiveExecutor, ARoundThatRepeatsEverythingGivesUp) {
    ExecutorOptions options;
    options.threads = 4;
    ParallelExecutor executor{options};
    Scenario scenario;
    scenario.state.set_code(contract, test::counter_code());
    for (uint64_t i = 0; i < 2000; ++i) {
        scenario.fund(address_of(first_sender + i));
        // A selector of its own each: nothing can be learned.
        scenario.call(address_of(first_sender + i), contract, to_bytes(u256{i}.to_hash().view()));
    }
    EXPECT_TRUE(test::expect_sameness(
        executor, scenario.state, {.env = scenario.env, .transactions = scenario.transactions}
    ));
}

TEST(AdaptiveExecutor, ZeroThreadsExecuteSequentially) {
    ExecutorOptions options;
    options.threads = 0;
    ParallelExecutor executor{options};
    Scenario scenario;
    for (uint64_t i = 0; i < 20; ++i) {
        scenario.fund(address_of(first_sender + i));
        scenario.add(address_of(first_sender + i), contract, 1);
    }
    EXPECT_TRUE(test::expect_sameness(
        executor, scenario.state, {.env = scenario.env, .transactions = scenario.transactions}
    ));
    EXPECT_EQ(executor.threads(), 1U);
    EXPECT_EQ(executor.report().sequential_transactions, 20U);
}

}  // namespace
}  // namespace mega::parallel
