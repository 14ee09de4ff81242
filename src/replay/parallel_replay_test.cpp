#include "base/fixtures_test.hpp"
#include "base/seed_test.hpp"
#include "replay/comparison.hpp"
#include "replay/execution_report.hpp"
#include "replay/file_source.hpp"
#include "replay/replay.hpp"
#include "replay/timeline.hpp"
#include "trie/ordered_root.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace mega::replay {
namespace {

const auto no_progress = [](size_t, size_t, const std::string&) {};

parallel::ExecutorOptions always_parallel(uint32_t threads) {
    parallel::ExecutorOptions options;
    options.threads = threads;
    options.is_always_parallel = true;
    options.starts_together = true;
    options.min_transfers = 4;
    // Delays that nobody can foresee.
    options.round.hook = [turn = std::make_shared<std::atomic<uint64_t>>(test_seed()
                          )](parallel::Moment moment, size_t tx) {
        const uint64_t dice = mix64(turn->fetch_add(1), static_cast<uint64_t>(moment) + 8 * tx);
        if (dice % 64 == 0) {
            std::this_thread::sleep_for(std::chrono::microseconds(dice / 64 % 50));
        }
    };
    return options;
}

std::vector<BlockReport> replay_recorded(const char* name, const Method& method) {
    const auto root = fixtures_root();
    if (!root || !std::filesystem::exists(*root / "mainnet" / name)) {
        return {};
    }
    const auto sources = open_path(*root / "mainnet" / name);
    EXPECT_TRUE(sources) << (sources ? "" : sources.error().message);
    return sources ? replay_all(*sources, method, no_progress) : std::vector<BlockReport>{};
}

// ---- the recorded mainnet blocks

class ParallelReplay : public testing::TestWithParam<uint32_t> {
  protected:
    void expect_sameness(const char* name, size_t count) {
        ParallelRunner runner{always_parallel(GetParam())};
        Method method = Method::with(runner);
        method.compares = true;
        method.repeat = 2;
        const auto reports = replay_recorded(name, method);
        if (reports.empty()) {
            GTEST_SKIP() << fixtures_missing(name);
        }
        EXPECT_EQ(reports.size(), count);
        for (const BlockReport& report : reports) {
            EXPECT_EQ(report.outcome, Outcome::passed) << report.title() << ": " << report.detail;
            ASSERT_TRUE(report.execution) << report.title();
            EXPECT_EQ(report.execution->sequential_transactions, 0U);
            EXPECT_GE(report.execution->executions, report.transactions);
            EXPECT_EQ(report.checked.back(), "same as sequential");
        }
        std::printf("%s\n", comparison_table_of({reports.back()}).c_str());
    }
};

TEST_P(ParallelReplay, RecordedMainnetBlocksComeToTheSame) { expect_sameness("pevm", 57); }
TEST_P(ParallelReplay, ABlockWithReceiptsAndTracesComesToTheSame) {
    expect_sameness("zksync-os", 1);
}

INSTANTIATE_TEST_SUITE_P(
    Threads, ParallelReplay, testing::Values(1, 2, 3, 4, 8, 16), testing::PrintToStringParamName()
);

// ---- blocks of our own

constexpr uint64_t first_sender = 0x100000;

/// Adds one to slot 0: PUSH0 SLOAD PUSH1 1 ADD PUSH0 SSTORE
const Bytes counter_code = *from_hex(
    "0x5f5460010160"
    "005500"
);
const Address counter = u256{0xc0de}.to_address();

SignedTransaction call(uint64_t sender, const Address& to) {
    SignedTransaction signed_tx;
    signed_tx.sender = u256{first_sender + sender}.to_address();
    signed_tx.tx.signature = {u256{1}.to_hash(), u256{1}.to_hash()};
    signed_tx.tx.type = TxType::dynamic_fee;
    signed_tx.tx.chain_id = 1;
    signed_tx.tx.gas_limit = 100'000;
    signed_tx.tx.max_fee_per_gas = 20;
    signed_tx.tx.to = to;
    return signed_tx;
}

ReplayBlock make_block(Fork fork, const std::shared_ptr<RecordedState>& state, const Address& to) {
    ReplayBlock block;
    block.header.number = fork >= Fork::paris ? 1000 : 1;
    block.header.gas_limit = 30'000'000;
    block.header.beneficiary = u256{0xbe9e}.to_address();
    block.header.timestamp = 1000;
    block.header.base_fee_per_gas = u256{7};
    state->set_account(counter, Account{.nonce = 1, .code_hash = state->set_code(counter_code)});
    for (uint64_t i = 0; i < 60; ++i) {
        block.transactions.push_back(call(i, to));
        state->set_account(block.transactions.back().sender, Account{.balance = u256{1} << 80});
    }
    block.state = state;
    return block;
}

ReplayBlock counting_block() {
    return make_block(Fork::cancun, std::make_shared<RecordedState>(), counter);
}

execution::BlockResult executed(
    const ChainRules& rules, const ReplayBlock& block, const Executor& executor = {}
) {
    evm::Vm vm;
    auto result = execute_block(vm, rules, block, executor);
    EXPECT_TRUE(result) << (result ? "" : result.error().message);
    return result ? *std::move(result) : execution::BlockResult{};
}

std::string difference_between(const ChainRules& rules, const ReplayBlock& block) {
    ParallelRunner runner{always_parallel(3)};
    const auto difference =
        first_difference(executed(rules, block), executed(rules, block, runner.executor()));
    return difference.value_or("");
}

TEST(parallel_replay, blocks_of_any_end_come_to_the_same) {
    EXPECT_EQ(difference_between(fixed_rules(1, Fork::cancun), counting_block()), "");
    EXPECT_EQ(difference_between(fixed_rules(1, Fork::shanghai), counting_block()), "");
    EXPECT_EQ(difference_between(own_rules(1), counting_block()), "");
    ReplayBlock mined = counting_block();
    mined.header.difficulty = 7;
    EXPECT_EQ(difference_between(fixed_rules(1, Fork::london), mined), "");
}

TEST(parallel_replay, the_dao_block_goes_through_the_executor) {
    ChainRules rules = fixed_rules(1, Fork::london);
    ReplayBlock block = counting_block();
    rules.config.dao_block = block.header.number;
    size_t calls = 0;
    const Executor counting = [&](auto& vm, const auto& view, const auto& env, auto transactions) {
        ++calls;
        return execute_sequentially(vm, view, env, transactions);
    };
    EXPECT_EQ(
        first_difference(executed(rules, block), executed(rules, block, counting)), std::nullopt
    );
    EXPECT_EQ(calls, 1U);
}

TEST(replay_checks, the_dao_is_drained_when_watched_too) {
    ChainRules rules = fixed_rules(1, Fork::london);
    ReplayBlock block = counting_block();
    block.header.difficulty = 7;
    rules.config.dao_block = block.header.number;
    // One of the accounts of EIP-779, and where its ether goes.
    const Address drained = Address::from(*from_hex("0xbb9bc244d798123fde783fcc1c72d3bb8c189413"));
    const Address refund = Address::from(*from_hex("0xbf4ed7b27f1d666546e30d74d50d173d20bca754"));
    dynamic_cast<RecordedState&>(*block.state).set_account(drained, Account{.balance = u256{5}});
    std::optional<Account> refunded;
    const Watcher watcher{
        .before = [&](size_t,
                      const state::StateView& view,
                      const execution::BlockEnv&) { refunded = view.account(refund); },
        .after = [](size_t, const execution::TxResult&) {},
    };
    evm::Vm vm;
    ASSERT_TRUE(watch_block(vm, rules, block, watcher));
    ASSERT_TRUE(refunded);
    EXPECT_EQ(refunded->balance, u256{5});
    block.header.gas_limit = max_gas_limit + 1;
    EXPECT_FALSE(watch_block(vm, rules, block, watcher));
}

TEST(parallel_replay, an_invalid_transaction_is_named_in_the_same_words) {
    ReplayBlock block = counting_block();
    block.transactions[17].tx.nonce = 5;
    const ChainRules rules = fixed_rules(1, Fork::cancun);
    ParallelRunner runner{always_parallel(2)};
    evm::Vm vm;
    const auto sequential = execute_block(vm, rules, block);
    const auto parallel = execute_block(vm, rules, block, runner.executor());
    ASSERT_FALSE(sequential);
    ASSERT_FALSE(parallel);
    EXPECT_EQ(sequential.error().message, parallel.error().message);
    EXPECT_NE(parallel.error().message.find("transaction 17"), std::string::npos);
}

TEST(parallel_replay, every_difference_is_found) {
    const auto expected = executed(fixed_rules(1, Fork::cancun), counting_block());
    ASSERT_EQ(first_difference(expected, expected), std::nullopt);
    const auto expect_found = [&](const std::string& words, auto&& change) {
        auto actual = expected;
        change(actual);
        const std::string difference = first_difference(expected, actual).value_or("none");
        EXPECT_NE(difference.find(words), std::string::npos) << words << " in: " << difference;
    };
    expect_found("transaction 3: gas used", [](auto& r) { ++r.results[3].gas_used; });
    expect_found("transaction 3: gas refunded", [](auto& r) { ++r.results[3].gas_refunded; });
    expect_found("transaction 4: another status", [](auto& r) {
        r.results[4].status = evm::Status::out_of_gas;
    });
    expect_found("another gas price", [](auto& r) { r.results[4].effective_gas_price = 1; });
    expect_found("other logs", [](auto& r) { r.results[4].logs.emplace_back(); });
    expect_found("another output", [](auto& r) { r.results[4].output.push_back(1); });
    expect_found("created", [](auto& r) { r.results[4].created = counter; });
    expect_found("results: 59", [](auto& r) { r.results.pop_back(); });
    expect_found("transaction 5: another receipt", [](auto& r) {
        ++r.receipts[5].cumulative_gas_used;
    });
    expect_found("receipts: 59", [](auto& r) { r.receipts.pop_back(); });
    expect_found("at account", [](auto& r) { r.diff.accounts[2].after->balance += u256{1}; });
    expect_found("at slot 0x0", [](auto& r) { r.diff.slots[0].after = 1; });
    expect_found("another state diff", [](auto& r) { r.diff.accounts.pop_back(); });
    expect_found("gas used", [](auto& r) { ++r.gas_used; });
    expect_found("bloom", [](auto& r) { r.logs_bloom[0] ^= 1; });
    expect_found("requests", [](auto& r) { r.requests.push_back({1}); });
    expect_found("fault", [](auto& r) { r.fault = "none"; });
}

// ---- a replay that finds parallel execution at fault

class OneBlock final : public BlockSource {
  public:
    explicit OneBlock(ReplayBlock block) : block_(std::move(block)) {}
    [[nodiscard]] size_t size() const override { return 1; }
    [[nodiscard]] std::string name(size_t) const override { return "made"; }
    [[nodiscard]] const ChainRules& rules() const override { return rules_; }
    [[nodiscard]] Result<ReplayBlock> load(size_t) override { return block_; }

  private:
    ReplayBlock block_;
    ChainRules rules_ = own_rules(1);
};

/// With a header that is right about everything that is checked.
ReplayBlock sealed_block() {
    ReplayBlock block = counting_block();
    const auto result = executed(own_rules(1), block);
    std::vector<Bytes> envelopes;
    for (SignedTransaction& signed_tx : block.transactions) {
        signed_tx.raw = encode(signed_tx.tx);
        envelopes.push_back(signed_tx.raw);
    }
    block.header.transactions_root = trie::ordered_root(envelopes);
    block.header.ommers_hash = empty_ommers_hash;
    block.header.gas_used = result.gas_used;
    block.header.logs_bloom = result.logs_bloom;
    block.header.receipts_root = execution::receipts_root(result.receipts);
    block.claimed.resize(block.transactions.size());
    return block;
}

TEST(parallel_replay, what_differs_from_sequential_fails_the_block) {
    OneBlock source{sealed_block()};
    evm::Vm vm;
    Method method{.executor = execute_sequentially, .compares = true};
    const BlockReport good = replay_block(source, 0, vm, method);
    EXPECT_EQ(good.outcome, Outcome::passed) << good.detail;
    EXPECT_TRUE(good.sequential_milliseconds);
    method.executor = [](auto& the_vm, const auto& view, const auto& env, auto transactions) {
        auto result = execute_sequentially(the_vm, view, env, transactions);
        // Nothing that a header states.
        result->results.back().diff.accounts.back().after->balance += u256{1};
        return result;
    };
    const BlockReport bad = replay_block(source, 0, vm, method);
    EXPECT_EQ(bad.outcome, Outcome::failed);
    EXPECT_NE(bad.detail.find("parallel execution differs: another state diff"), std::string::npos)
        << bad.detail;
}

TEST(parallel_replay, each_repetition_is_checked) {
    const ReplayBlock block = sealed_block();
    OneBlock source{block};
    evm::Vm vm;
    uint32_t runs = 0;
    Method method{
        .executor =
            [&](auto& the_vm, const auto& view, const auto& env, auto transactions) {
                auto result = execute_sequentially(the_vm, view, env, transactions);
                result->receipts.back().cumulative_gas_used += ++runs == 3 ? 1 : 0;
                return result;
            },
    };
    method.repeat = 3;
    const BlockReport report = replay_block(source, 0, vm, method);
    EXPECT_EQ(report.outcome, Outcome::failed);
    EXPECT_NE(report.detail.find("executed again: receipts root"), std::string::npos)
        << report.detail;
    // A read that fails later: the counter's code is gone.
    runs = 10;
    auto& state = dynamic_cast<RecordedState&>(*block.state);
    method.executor = [&](auto& the_vm, const auto& view, const auto& env, auto transactions) {
        auto result = execute_sequentially(the_vm, view, env, transactions);
        state.set_account(counter, Account{.nonce = 1, .code_hash = Hash256{{2}}});
        return result;
    };
    const BlockReport missing = replay_block(source, 0, vm, method);
    EXPECT_NE(missing.detail.find("executed again: "), std::string::npos) << missing.detail;
    EXPECT_NE(missing.detail.find("is not recorded"), std::string::npos) << missing.detail;
}

/// Fails a read that the block itself does not need.
TEST(parallel_replay, what_only_a_wrong_run_missed_is_no_failure) {
    const ReplayBlock block = sealed_block();
    OneBlock source{block};
    evm::Vm vm;
    const Method method{
        .executor =
            [](auto& the_vm, const auto& view, const auto& env, auto transactions) {
                (void)view.code(Hash256{{1}});
                return execute_sequentially(the_vm, view, env, transactions);
            }
    };
    const BlockReport report = replay_block(source, 0, vm, method);
    EXPECT_EQ(report.outcome, Outcome::passed) << report.detail;
    // One that the block needs is.
    auto* state = dynamic_cast<RecordedState*>(block.state.get());
    ASSERT_NE(state, nullptr);
    state->set_account(counter, Account{.nonce = 1, .code_hash = Hash256{{2}}});
    const BlockReport missing = replay_block(source, 0, vm, method);
    EXPECT_EQ(missing.outcome, Outcome::failed);
    EXPECT_NE(missing.detail.find("is not recorded"), std::string::npos) << missing.detail;
}

TEST(parallel_replay, recorded_states_are_read_from_many_threads) {
    RecordedState state;
    state.set_account(counter, Account{.nonce = 3});
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&state] {
            for (int j = 0; j < 1000; ++j) {
                EXPECT_EQ(state.account(counter)->nonce, 3U);
                EXPECT_NE(state.code(Hash256{{1}}), nullptr);
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_TRUE(state.failure());
    state.forget_failure();
    EXPECT_FALSE(state.failure());
}

// ---- tables and drawings

/// Two transactions on two workers; the second is executed twice.
BlockReport small_report() {
    using Kind = parallel::Span::Kind;
    parallel::Report execution;
    execution.transactions = 2;
    execution.executions = 3;
    execution.aborts = 1;
    execution.first_aborts = {{.tx = 1, .writer = 0, .address = counter, .slot = u256{5}}};
    execution.threads = 2;
    execution.wall_ns = 2'000'000;
    execution.cpu_ns = 3'000'000;
    execution.parallelism = 1.5;
    execution.spans = {
        {0, 0, Kind::execution, 0, 900},
        {1, 1, Kind::execution, 100, 800},
        {1, 0, Kind::re_execution, 1000, 1900},
        {1, 0, Kind::commit, 1900, 1950},
    };
    return {
        .name = "made",
        .number = 7,
        .transactions = 2,
        .gas_used = 42'000,
        .milliseconds = 2,
        .sequential_milliseconds = 3,
        .execution = execution,
        .outcome = Outcome::passed,
    };
}

size_t count_of(const std::string& text, const std::string& part) {
    size_t count = 0;
    for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
        ++count;
    }
    return count;
}

TEST(execution_report, tables_show_conflicts_and_times) {
    const std::string conflicts = execution_table_of({small_report()});
    EXPECT_NE(conflicts.find("transaction 1 had not seen transaction 0 at 0x"), std::string::npos);
    EXPECT_NE(conflicts.find("slot 0x5"), std::string::npos);
    EXPECT_NE(conflicts.find("1.50"), std::string::npos);
    const std::string times = comparison_table_of({small_report(), BlockReport{.name = "lost"}});
    EXPECT_EQ(count_of(times, "1.50"), 2U) << times;  // of the block and of the total
    EXPECT_EQ(count_of(times, "\n"), 3U) << times;
}

TEST(execution_report, json_holds_what_the_tables_show) {
    const auto whole = nlohmann::json::parse(json_of({small_report()}));
    EXPECT_EQ(whole["ratio"], 1.5);
    const auto& block = whole["blocks"][0];
    EXPECT_EQ(block["sequential_milliseconds"], 3.0);
    EXPECT_EQ(block["execution"]["aborts"], 1);
    EXPECT_EQ(block["execution"]["first_aborts"][0]["writer"], 0);
    EXPECT_EQ(block["execution"]["first_aborts"][0]["slot"], "0x5");
    const auto plain = nlohmann::json::parse(json_of({BlockReport{.name = "plain"}}));
    EXPECT_FALSE(plain.contains("ratio"));
    EXPECT_FALSE(plain["blocks"][0].contains("execution"));
}

TEST(timeline, an_execution_is_a_bar_in_the_row_of_its_worker) {
    const std::string svg = timeline_of({small_report()});
    EXPECT_TRUE(svg.starts_with("<svg "));
    EXPECT_TRUE(svg.ends_with("</svg>\n"));
    EXPECT_EQ(count_of(svg, "class=\"r\""), 2U);
    EXPECT_EQ(count_of(svg, "class=\"e\""), 2U);
    EXPECT_EQ(count_of(svg, "class=\"a\""), 1U);
    EXPECT_EQ(count_of(svg, "class=\"c\""), 1U);
    EXPECT_NE(svg.find("<title>transaction 1: aborted, 0.1 to 0.8 us</title>"), std::string::npos);
}

TEST(timeline, a_drawing_has_an_end) {
    BlockReport large = small_report();
    large.execution->spans.assign(max_timeline_bars / 2, {0, 0, {}, 0, 1});
    const std::string svg = timeline_of({large, large, large});
    EXPECT_EQ(count_of(svg, "class=\"e\""), max_timeline_bars);
    EXPECT_NE(svg.find("1 more blocks are left out"), std::string::npos);
    EXPECT_EQ(count_of(timeline_of({BlockReport{}}), "<rect"), 0U);
}

}  // namespace
}  // namespace mega::replay
