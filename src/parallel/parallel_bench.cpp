// The executor against plain sequential execution of the same transactions, in one run: state,
// results, diffs and receipts are made by both. Signatures and roots are not part of it.
//
// Each benchmark executes its workload once sequentially and once with the executor in every
// iteration, and reports the ratio of the medians as `speedup`; `tps` and `cpu` (CPU seconds over
// those of sequential) belong to the executor. Threads: 1 is the parallel path with one thread, 2
// and more as they are used by default.

#include "parallel/clock.hpp"
#include "parallel/executor.hpp"
#include "parallel/test_programs.hpp"

#include <benchmark/benchmark.h>

#include <random>

namespace mega::parallel {
namespace {

using test::address_of;
using test::Scenario;

constexpr uint64_t first_sender = 0x1'0000'0000;
constexpr uint64_t first_recipient = 0x2'0000'0000;
constexpr uint64_t first_contract = 0x3'0000'0000;
constexpr size_t transaction_count = 4000;

void transfers_disjoint(Scenario& scenario) {
    for (uint64_t i = 0; i < transaction_count; ++i) {
        scenario.fund(address_of(first_sender + i));
        scenario.add(address_of(first_sender + i), address_of(first_recipient + i), 1);
    }
}

void transfers_uniform(Scenario& scenario) {
    std::mt19937_64 random{1};
    for (uint64_t i = 0; i < transaction_count; ++i) {
        scenario.fund(address_of(first_sender + i));
    }
    for (uint64_t i = 0; i < transaction_count; ++i) {
        scenario.add(
            address_of(first_sender + random() % transaction_count),
            address_of(first_sender + random() % transaction_count),
            1
        );
    }
}

void transfers_to_one(Scenario& scenario) {
    for (uint64_t i = 0; i < transaction_count; ++i) {
        scenario.fund(address_of(first_sender + i));
        scenario.add(address_of(first_sender + i), address_of(first_recipient), 1);
    }
}

void chain_of_nonces(Scenario& scenario) {
    scenario.fund(address_of(first_sender));
    for (uint64_t i = 0; i < transaction_count; ++i) {
        scenario.add(address_of(first_sender), address_of(first_recipient + i), 1);
    }
}

void tokens(Scenario& scenario, uint64_t token_count, bool to_one) {
    for (uint64_t i = 0; i < token_count; ++i) {
        scenario.state.set_code(address_of(first_contract + i), test::token_code());
    }
    for (uint64_t i = 0; i < transaction_count; ++i) {
        const Address holder = address_of(first_sender + i);
        const Address token = address_of(first_contract + i % token_count);
        scenario.fund(holder);
        scenario.state.set_storage(token, test::mapping_slot(holder, 0), 1'000'000);
        const Address to = address_of(to_one ? first_recipient : first_recipient + i);
        scenario.call(holder, token, test::token_transfer(to, 5));
    }
}
void token_disjoint(Scenario& scenario) { tokens(scenario, 1, false); }
void tokens_many(Scenario& scenario) { tokens(scenario, 100, false); }
void token_to_one(Scenario& scenario) { tokens(scenario, 1, true); }

void pools(Scenario& scenario, uint64_t pool_count) {
    for (uint64_t i = 0; i < pool_count; ++i) {
        const Address pool = address_of(first_contract + i);
        scenario.state.set_code(pool, test::pool_code());
        scenario.state.set_storage(pool, 2, 1'000'000'000'000);
        scenario.state.set_storage(pool, 3, 3'000'000'000'000);
    }
    for (uint64_t i = 0; i < transaction_count; ++i) {
        const Address holder = address_of(first_sender + i);
        const Address pool = address_of(first_contract + i % pool_count);
        scenario.fund(holder);
        scenario.state.set_storage(pool, test::mapping_slot(holder, 0), 1'000'000'000);
        scenario.call(holder, pool, test::pool_swap(1000 + i));
    }
}
void pool_hot(Scenario& scenario) { pools(scenario, 1); }
void pools_hundred(Scenario& scenario) { pools(scenario, 100); }
void pools_disjoint(Scenario& scenario) { pools(scenario, transaction_count); }

void mint_counter(Scenario& scenario) {
    scenario.state.set_code(address_of(first_contract), test::counter_code());
    for (uint64_t i = 0; i < transaction_count; ++i) {
        scenario.fund(address_of(first_sender + i));
        scenario.call(address_of(first_sender + i), address_of(first_contract), {1, 2, 3, 4});
    }
}

/// Half transfers, a third tokens, the rest swaps on few pools.
void mix(Scenario& scenario) {
    std::mt19937_64 random{2};
    for (uint64_t i = 0; i < 10; ++i) {
        scenario.state.set_code(address_of(first_contract + i), test::token_code());
        const Address pool = address_of(first_contract + 100 + i);
        scenario.state.set_code(pool, test::pool_code());
        scenario.state.set_storage(pool, 2, 1'000'000'000'000);
        scenario.state.set_storage(pool, 3, 3'000'000'000'000);
    }
    for (uint64_t i = 0; i < transaction_count; ++i) {
        const Address sender = address_of(first_sender + random() % transaction_count);
        const Address other = address_of(first_sender + random() % transaction_count);
        scenario.fund(sender);
        const uint64_t dice = random() % 6;
        const Address token = address_of(first_contract + random() % 10);
        const Address pool = address_of(first_contract + 100 + random() % 10);
        if (dice < 3) {
            scenario.add(sender, other, 1);
        } else if (dice < 5) {
            scenario.state.set_storage(token, test::mapping_slot(sender, 0), 1'000'000'000);
            scenario.call(sender, token, test::token_transfer(other, 5));
        } else {
            scenario.state.set_storage(pool, test::mapping_slot(sender, 0), 1'000'000'000);
            scenario.call(sender, pool, test::pool_swap(1000 + i));
        }
    }
}

/// What a sequencer or importer without this library would do.
BatchResult run_sequentially(evm::Vm& vm, state::Journal& journal, const Scenario& scenario) {
    BatchResult result;
    state::Overlay overlay{scenario.state};
    for (size_t i = 0; i < scenario.transactions.size(); ++i) {
        const SignedTransaction& tx = scenario.transactions[i];
        auto done = execution::execute_transaction(vm, journal, overlay, scenario.env, tx);
        MEGA_ASSERT(done.has_value());
        overlay.apply(done->diff);
        result.gas_used += done->gas_used;
        result.receipts.push_back(execution::take_receipt(tx.tx, *done, result.gas_used));
        merge(result.logs_bloom, result.receipts.back().bloom);
        result.results.push_back(std::move(*done));
    }
    return result;
}

double median(std::vector<double> values) {
    std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
    return values[values.size() / 2];
}

void compare(benchmark::State& state, void (*make)(Scenario&)) {
    Scenario scenario;
    make(scenario);
    ExecutorOptions options;
    options.threads = static_cast<uint32_t>(state.range(0));
    options.is_always_parallel = options.threads == 1;
    ParallelExecutor executor{options};
    evm::Vm vm;
    state::Journal journal;
    const Batch batch{.env = scenario.env, .transactions = scenario.transactions};
    std::vector<double> sequential;
    std::vector<double> parallel;
    std::vector<double> cpu;
    std::vector<double> sequential_cpu;
    for (auto _ : state) {
        const uint64_t cpu_began_ns = thread_cpu_ns();
        const uint64_t began_ns = now_ns();
        const BatchResult expected = run_sequentially(vm, journal, scenario);
        const uint64_t half_ns = now_ns();
        sequential_cpu.push_back(static_cast<double>(thread_cpu_ns() - cpu_began_ns));
        const BatchResult actual = executor.execute(scenario.state, batch);
        const uint64_t ended_ns = now_ns();
        MEGA_ASSERT(expected.gas_used == actual.gas_used);
        sequential.push_back(static_cast<double>(half_ns - began_ns));
        parallel.push_back(static_cast<double>(ended_ns - half_ns));
        cpu.push_back(static_cast<double>(executor.report().cpu_ns));
        state.SetIterationTime(parallel.back() / 1e9);
    }
    const auto count = static_cast<double>(scenario.transactions.size());
    state.counters["speedup"] = median(sequential) / median(parallel);
    state.counters["cpu"] = median(cpu) / median(sequential_cpu);
    state.counters["tps"] = count / median(parallel) * 1e9;
    state.counters["seq_tps"] = count / median(sequential) * 1e9;
    state.counters["seq_cpu_ns"] = median(sequential_cpu) / count;
    state.counters["cpu_ns"] = median(cpu) / count;
    state.counters["executions"] = static_cast<double>(executor.report().executions);
    state.counters["aborts"] = static_cast<double>(executor.report().aborts);
}

// NOLINTBEGIN(bugprone-macro-parentheses): names
#define MEGA_WORKLOAD(name)                \
    BENCHMARK_CAPTURE(compare, name, name) \
        ->Arg(1)                           \
        ->Arg(2)                           \
        ->Unit(benchmark::kMillisecond)    \
        ->UseManualTime()
// NOLINTEND(bugprone-macro-parentheses)
MEGA_WORKLOAD(transfers_disjoint);
MEGA_WORKLOAD(transfers_uniform);
MEGA_WORKLOAD(transfers_to_one);
MEGA_WORKLOAD(token_disjoint);
MEGA_WORKLOAD(tokens_many);
MEGA_WORKLOAD(token_to_one);
MEGA_WORKLOAD(pools_disjoint);
MEGA_WORKLOAD(pools_hundred);
MEGA_WORKLOAD(pool_hot);
MEGA_WORKLOAD(mint_counter);
MEGA_WORKLOAD(chain_of_nonces);
MEGA_WORKLOAD(mix);
#undef MEGA_WORKLOAD

}  // namespace
}  // namespace mega::parallel
