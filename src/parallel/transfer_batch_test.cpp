// Runs of plain transfers, settled account by account and one by one: everything that can make a
// transfer fail, or be more than a transfer, in any place.
//
//   MEGA_SEED             replays one run
//   MEGA_TRANSFER_BLOCKS  blocks for each number of threads (60 by default)

#include "base/seed_test.hpp"
#include "parallel/test_comparison.hpp"
#include "parallel/test_programs.hpp"

#include <random>

namespace mega::parallel {
namespace {

using test::address_of;
using test::Scenario;

constexpr uint64_t first_person = 0x10'0000;
constexpr uint64_t rich_person = 0x20'0000;
constexpr uint64_t contract = 0xc0de;
constexpr uint64_t delegated = 0xde1e;
constexpr uint64_t empty_account = 0xe0;

size_t block_count() {
    const char* named = std::getenv("MEGA_TRANSFER_BLOCKS");
    return named == nullptr ? 60 : std::strtoull(named, nullptr, 10);
}

ExecutorOptions settling(uint32_t threads) {
    ExecutorOptions options;
    options.threads = threads;
    options.starts_together = true;
    options.min_transfers = 1;
    options.min_shared_transfers = 1;
    return options;
}

/// A town whose people pay each other, mostly what they have.
class Town {
  public:
    explicit Town(uint64_t seed) : random_(seed) {}

    void make(Scenario& scenario) {
        people_ = 2 + below(one_in(3) ? 2000 : 40);
        poverty_ = one_in(3) ? 0 : 5 + below(200);
        mischief_ = one_in(3) ? 0 : 20 + below(2000);
        make_environment(scenario);
        for (uint64_t i = 0; i < people_; ++i) {
            scenario.state.set_balance(person(i), wealth());
        }
        scenario.state.set_balance(address_of(rich_person), state::high_balance - u256{below(2)});
        scenario.state.set_code(address_of(contract), test::counter_code());
        scenario.fund(address_of(delegated));
        scenario.state.set_code(
            address_of(delegated), *from_hex("0xef0100" + std::string(40, '1'))
        );
        scenario.state.set_account(address_of(empty_account), Account{});
        const size_t count = one_in(6) ? 3000 + below(3000) : 1 + below(300);
        for (size_t i = 0; i < count; ++i) {
            add_transfer(scenario);
        }
    }

  private:
    [[nodiscard]] uint64_t below(uint64_t bound) { return random_() % bound; }
    [[nodiscard]] bool one_in(uint64_t n) { return below(n) == 0; }
    [[nodiscard]] static Address person(uint64_t i) { return address_of(first_person + i); }
    [[nodiscard]] u256 wealth() {
        return poverty_ != 0 && one_in(poverty_) ? u256{below(3'000'000)}
                                                 : u256{1'000'000'000'000'000};
    }

    void make_environment(Scenario& scenario) {
        execution::BlockEnv& env = scenario.env;
        env.context.base_fee_per_gas = one_in(6) ? 0 : 7;
        env.fork = one_in(6) ? static_cast<Fork>(below(static_cast<uint64_t>(current_fork) + 1))
                             : current_fork;
        if (one_in(3)) {
            env.l2_fees = {
                .data_price = below(3), .base_fee_per_gas = 7, .base_fee_share_bps = 500
            };
        }
        if (one_in(8)) {
            env.context.gas_limit = 21000 * (1 + below(200)) + below(21000);
        }
        if (one_in(4)) {
            scenario.fund(env.context.beneficiary);
        } else if (one_in(12)) {
            scenario.state.set_account(env.context.beneficiary, Account{});
        } else if (one_in(12)) {
            scenario.state.set_balance(env.context.beneficiary, state::high_balance - u256{90'000});
        }
    }

    [[nodiscard]] Address recipient(const Scenario& scenario) {
        if (mischief_ == 0 || !one_in(mischief_)) {
            return person(one_in(3) ? below(3) : below(people_ + people_ / 10));
        }
        const std::array<Address, 7> others{
            scenario.env.context.beneficiary,
            execution::fee_vault_address,
            address_of(rich_person),
            address_of(contract),
            address_of(delegated),
            address_of(empty_account),
            address_of(2),  // a precompile
        };
        return others[below(others.size())];
    }

    [[nodiscard]] Address sender(const Scenario& scenario) {
        if (mischief_ == 0 || !one_in(mischief_)) {
            return person(below(people_));
        }
        const std::array<Address, 4> others{
            scenario.env.context.beneficiary,
            execution::fee_vault_address,
            address_of(rich_person),
            address_of(delegated),
        };
        return others[below(others.size())];
    }

    void add_transfer(Scenario& scenario) {
        const Address from = sender(scenario);
        const Address to = one_in(20) ? from : recipient(scenario);
        SignedTransaction& tx = scenario.add(from, to, one_in(10) ? 0 : below(2'000'000));
        tx.raw.resize(110);
        tx.tx.gas_limit = one_in(4) ? 21000 : 60000;
        tx.tx.max_priority_fee_per_gas = one_in(5) ? 0 : below(13);
        if (one_in(5)) {
            tx.tx.type = one_in(2) ? TxType::legacy : TxType::access_list;
        }
        if (mischief_ != 0 && one_in(mischief_)) {
            spoil(scenario, tx);
        }
    }

    /// The sender's later ones go on as if it counted, or do not.
    void spoil(Scenario& scenario, SignedTransaction& tx) {
        const bool goes_on = one_in(2);
        scenario.nonces[tx.sender] -= goes_on ? 0 : 1;
        switch (below(8)) {
            case 0:
                tx.tx.nonce += 1 + below(3);
                break;
            case 1:
                tx.tx.value = u256{1} << static_cast<unsigned>(200 + below(56));
                break;
            case 2:
                tx.tx.max_fee_per_gas = below(8);
                break;
            case 3:
                tx.tx.gas_limit = 20'999;
                break;
            case 4:
                tx.tx.data = {1, 2, 3};
                break;
            case 5:
                tx.tx.chain_id = 99;
                break;
            case 6:
                tx.tx.to.reset();
                break;
            default:
                tx.tx.access_list.push_back({tx.sender, {Hash256{}}});
                tx.tx.type = TxType::dynamic_fee;
                break;
        }
    }

    std::mt19937_64 random_;
    uint64_t people_ = 0;
    // One in so many; 0: none.
    uint64_t poverty_ = 0;
    uint64_t mischief_ = 0;
};

class TransferBatches : public testing::TestWithParam<uint32_t> {};

TEST_P(TransferBatches, AreWhatOneByOneGives) {
    const uint64_t first_seed = test_seed();
    ParallelExecutor lasting{settling(GetParam())};
    for (uint64_t i = 0; i < block_count(); ++i) {
        const uint64_t seed = first_seed + i;
        Scenario scenario;
        Town{seed}.make(scenario);
        ExecutorOptions options = settling(GetParam());
        options.is_always_parallel = seed % 3 == 0;
        options.round_limit = seed % 5 == 0 ? 50 : 1 << 14;
        options.round.records_spans = seed % 7 == 0;
        ParallelExecutor fresh{options};
        const Batch batch{
            .env = scenario.env,
            .transactions = scenario.transactions,
            .options = {.skip_sender_code_check = seed % 4 < 2},
            .policy = seed % 2 == 0 ? RefusalPolicy::skip : RefusalPolicy::stop,
        };
        ASSERT_TRUE(test::expect_sameness(fresh, scenario.state, batch)) << "MEGA_SEED=" << seed;
        ASSERT_TRUE(test::expect_sameness(lasting, scenario.state, batch)) << "MEGA_SEED=" << seed;
    }
}

INSTANTIATE_TEST_SUITE_P(Threads, TransferBatches, testing::Values(1, 2, 3, 4, 8, 16));

/// A proof over towns in which nothing happens would prove nothing.
TEST(TransferTown, IsEventful) {
    size_t settled = 0;
    size_t sequential = 0;
    size_t refused = 0;
    size_t created = 0;
    for (uint64_t seed = 1; seed <= 60; ++seed) {
        Scenario scenario;
        Town{seed}.make(scenario);
        ParallelExecutor executor{settling(2)};
        const BatchResult result = executor.execute(
            scenario.state,
            {.env = scenario.env,
             .transactions = scenario.transactions,
             .policy = RefusalPolicy::skip}
        );
        settled += executor.report().native_transfers;
        sequential += executor.report().sequential_transactions;
        refused += result.refusals.size();
        for (const execution::TxResult& tx : result.results) {
            for (const state::AccountChange& change : tx.diff.accounts) {
                created += change.before ? 0 : 1;
            }
        }
    }
    EXPECT_GT(settled, 5'000U);
    EXPECT_GT(sequential, 1'000U);
    EXPECT_GT(refused, 200U);
    EXPECT_GT(created, 200U);
}

/// Each pays somebody else, who is new.
void add_strangers(Scenario& scenario, uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) {
        scenario.fund(address_of(1'000'000 + i));
        scenario.add(address_of(1'000'000 + i), address_of(2'000'000 + i), 1);
    }
}

TEST(TransferBatch, SettlesAllOfAChainInOneStretch) {
    Scenario scenario;
    scenario.fund(address_of(1'000'000));
    constexpr uint64_t count = 5000;
    for (uint64_t i = 0; i < count; ++i) {
        // Everybody lives on what the one before has just sent.
        const u256 amount = u256{1'000'000'000} * u256{count - i};
        scenario.add(address_of(1'000'000 + i), address_of(1'000'001 + i), amount);
    }
    ParallelExecutor executor{settling(4)};
    const Batch batch{.env = scenario.env, .transactions = scenario.transactions};
    EXPECT_TRUE(test::expect_sameness(executor, scenario.state, batch));
    EXPECT_EQ(executor.report().native_transfers, count);
    EXPECT_EQ(executor.report().sequential_transactions, 0U);
    EXPECT_EQ(executor.report().rounds, 0U);
}

TEST(TransferBatch, GoesOnAfterOneThatCannotBeMade) {
    Scenario scenario;
    constexpr uint64_t count = 3000;
    add_strangers(scenario, count);
    scenario.transactions[1500].tx.nonce = 7;
    ParallelExecutor executor{settling(2)};
    const Batch batch{
        .env = scenario.env,
        .transactions = scenario.transactions,
        .policy = RefusalPolicy::skip,
    };
    EXPECT_TRUE(test::expect_sameness(executor, scenario.state, batch));
    EXPECT_GT(executor.report().native_transfers, count - 100);
    EXPECT_GT(executor.report().sequential_transactions, 0U);
}

/// Money for a contract that takes it (a wallet, wrapped ether) is a call.
TEST(TransferBatch, CallsWithoutDataAreTakenForCalls) {
    Scenario scenario;
    constexpr uint64_t contracts = 64;
    for (uint64_t i = 0; i < contracts; ++i) {
        scenario.state.set_code(address_of(contract + i), test::counter_code());
    }
    for (uint64_t i = 0; i < 2000; ++i) {
        scenario.fund(address_of(1'000'000 + i));
        scenario.add(address_of(1'000'000 + i), address_of(contract + i % contracts), 1);
        scenario.transactions.back().tx.gas_limit = 60'000;
    }
    ExecutorOptions options;
    options.threads = 4;
    ParallelExecutor executor{options};
    const Batch batch{.env = scenario.env, .transactions = scenario.transactions};
    EXPECT_TRUE(test::expect_sameness(executor, scenario.state, batch));
    EXPECT_GT(executor.report().rounds, 0U);
    EXPECT_LT(executor.report().sequential_transactions, 200U);
}

/// One that cannot be made among them does not keep what comes after from running in parallel.
TEST(TransferBatch, AFalseTransferHoldsUpTransfersAlone) {
    Scenario scenario;
    scenario.state.set_code(address_of(contract), test::token_code());
    for (uint64_t i = 0; i < 2000; ++i) {
        const Address person = address_of(1'000'000 + i);
        scenario.fund(person);
        if (i < 40) {
            scenario.add(person, address_of(2'000'000 + i), 1).tx.nonce = 5;
            continue;
        }
        scenario.state.set_storage(address_of(contract), test::mapping_slot(person, 0), 1000);
        scenario.call(person, address_of(contract), test::token_transfer(address_of(i), 1));
    }
    ExecutorOptions options;
    options.threads = 4;
    ParallelExecutor executor{options};
    const Batch batch{
        .env = scenario.env,
        .transactions = scenario.transactions,
        .policy = RefusalPolicy::skip,
    };
    EXPECT_TRUE(test::expect_sameness(executor, scenario.state, batch));
    EXPECT_EQ(executor.report().sequential_transactions, 40U);
    EXPECT_GT(executor.report().rounds, 0U);
}

TEST(TransferBatch, TellsWhatRanWhere) {
    Scenario scenario;
    constexpr uint64_t count = 2000;
    add_strangers(scenario, count);
    ExecutorOptions options = settling(2);
    options.round.records_spans = true;
    ParallelExecutor executor{options};
    const Batch batch{.env = scenario.env, .transactions = scenario.transactions};
    EXPECT_EQ(executor.execute(scenario.state, batch).results.size(), count);
    const Report& report = executor.report();
    EXPECT_EQ(report.executions, count);
    size_t commits = 0;
    for (const Span& span : report.spans) {
        commits += span.kind == Span::Kind::commit ? 1 : 0;
        EXPECT_LT(span.tx, count);
        EXPECT_LT(span.worker, 2U);
        EXPECT_LE(span.begin_ns, span.end_ns);
        EXPECT_LE(span.end_ns, report.wall_ns);
    }
    EXPECT_EQ(commits, 2U);  // chunks
}

/// Whatever is not worth settling together leaves the batch as it was.
TEST(TransferBatch, LeavesShortRunsAlone) {
    Scenario scenario;
    add_strangers(scenario, 31);
    ParallelExecutor executor{ExecutorOptions{}};
    const Batch batch{.env = scenario.env, .transactions = scenario.transactions};
    EXPECT_TRUE(test::expect_sameness(executor, scenario.state, batch));
    EXPECT_EQ(executor.report().native_transfers, 0U);
    EXPECT_EQ(executor.report().sequential_transactions, 31U);
}

}  // namespace
}  // namespace mega::parallel
