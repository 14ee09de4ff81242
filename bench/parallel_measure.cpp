#include "bench/parallel_measure.hpp"

#include "bench/clock.hpp"
#include "bench/statistics.hpp"
#include "parallel/executor.hpp"
#include "trie/state_tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <thread>

namespace mega::bench {
namespace {

class NoNodes final : public trie::NodeSource {
  public:
    [[nodiscard]] std::optional<Bytes> load(const trie::TreeId&, BytesView, const Hash256&)
        const override {
        return std::nullopt;
    }
};

/// The accounts and slots that the workload changes, committed to: it is brought back after each
/// run.
class Commitment {
  public:
    explicit Commitment(const state::StateDiff& diff) : tree_(nodes_, empty_trie_root) {
        apply(state::invert(diff));
    }
    [[nodiscard]] Hash256 root_after(const state::StateDiff& diff) {
        apply(diff);
        return tree_.root();
    }
    void take_back(const state::StateDiff& diff) { apply(state::invert(diff)); }

  private:
    void apply(const state::StateDiff& diff) {
        const auto updates = execution::tree_updates(diff);
        MEGA_ASSERT(tree_.apply(updates).has_value());
    }

    NoNodes nodes_;
    trie::StateTree tree_;
};

/// Calls work(i) for i < count on that many threads, this one included.
void on_threads(uint32_t threads, size_t count, const std::function<void(size_t)>& work) {
    constexpr size_t piece = 16;
    std::atomic<size_t> next{0};
    const auto run = [&] {
        for (size_t begin = next.fetch_add(piece); begin < count; begin = next.fetch_add(piece)) {
            for (size_t i = begin; i < std::min(begin + piece, count); ++i) {
                work(i);
            }
        }
    };
    std::vector<std::jthread> others;
    for (uint32_t i = 1; i < threads; ++i) {
        others.emplace_back(run);
    }
    run();
}

struct Outcome {
    parallel::BatchResult batch;
    Hash256 root;
};

/// What is measured, in either way.
class Contest {
  public:
    Contest(const Workload& workload, const MeasureOptions& options)
        : workload_(&workload), options_(&options) {
        for (const uint32_t threads : options.threads) {
            parallel::ExecutorOptions executor;
            executor.threads = threads;
            executor.is_always_parallel = threads == 1;  // the cost of the parallel path itself
            executors_.push_back(std::make_unique<parallel::ParallelExecutor>(executor));
        }
        const uint32_t most = std::ranges::max(options.threads);
        const bool has_apart =
            workload.nature == Nature::independent && most > 1 && !options.stages.commits;
        tools_ = std::vector<Tools>(has_apart ? most : 1);
        reference_ = one_by_one(tools_.front(), workload.transactions);
    }

    [[nodiscard]] Result<WorkloadTimings> run();

  private:
    /// The tools of a thread that executes alone.
    struct Tools {
        evm::Vm vm;
        state::Journal journal;
    };

    [[nodiscard]] parallel::BatchResult one_by_one(
        Tools& tools, std::span<const SignedTransaction> transactions
    ) const;
    void run_apart();
    [[nodiscard]] Result<void> take_turn(size_t turn);
    [[nodiscard]] std::vector<SignedTransaction> recovered(uint32_t threads) const;
    [[nodiscard]] Outcome run_way(size_t way);
    [[nodiscard]] std::optional<std::string> difference(const Outcome& outcome) const;
    void note(size_t way, double seconds, double cpu_seconds);
    [[nodiscard]] WorkloadTimings summary();
    [[nodiscard]] size_t apart() const { return 1 + executors_.size(); }

    const Workload* workload_;
    const MeasureOptions* options_;
    std::vector<Tools> tools_;  // of each thread that executes alone
    std::vector<std::unique_ptr<parallel::ParallelExecutor>> executors_;
    parallel::BatchResult reference_;
    state::StateDiff changed_;
    std::unique_ptr<Commitment> commitment_;
    Hash256 reference_root_;
    std::vector<Timing> timings_;  // of each way: sequential, each executor, then apart
};

state::StateDiff merged(parallel::BatchResult& batch) {
    std::vector<state::StateDiff> diffs;
    diffs.reserve(batch.results.size());
    for (execution::TxResult& result : batch.results) {
        diffs.push_back(std::exchange(result.diff, {}));
    }
    return state::merge_all(std::move(diffs));
}

/// What a sequencer or importer without src/parallel would do.
parallel::BatchResult Contest::one_by_one(
    Tools& tools, std::span<const SignedTransaction> transactions
) const {
    parallel::BatchResult all;
    all.results.reserve(transactions.size());
    all.receipts.reserve(transactions.size());
    state::Overlay overlay{*workload_->view};
    for (const SignedTransaction& tx : transactions) {
        const execution::ExecutionOptions options{
            .block_gas_left = workload_->env.context.gas_limit - all.gas_used
        };
        auto result = execution::execute_transaction(
            tools.vm, tools.journal, overlay, workload_->env, tx, options
        );
        if (!result) {
            break;  // the comparison says so
        }
        overlay.apply(result->diff);
        all.gas_used += result->gas_used;
        all.receipts.push_back(execution::take_receipt(tx.tx, *result, all.gas_used));
        if (!all.receipts.back().logs.empty()) {
            merge(all.logs_bloom, all.receipts.back().bloom);
        }
        all.results.push_back(*std::move(result));
    }
    return all;
}

std::vector<SignedTransaction> Contest::recovered(uint32_t threads) const {
    std::vector<SignedTransaction> transactions(workload_->transactions.size());
    on_threads(threads, transactions.size(), [&](size_t i) {
        if (auto decoded = decode_signed_transaction(workload_->transactions[i].raw)) {
            transactions[i] = *std::move(decoded);
        }
    });
    return transactions;
}

Outcome Contest::run_way(size_t way) {
    Outcome outcome;
    const uint32_t threads = way == 0 ? 1 : options_->threads[way - 1];
    if (way != 0 && !options_->learns) {
        executors_[way - 1]->forget();
    }
    const uint64_t cpu_began_ns = process_cpu_ns();
    const uint64_t began_ns = now_ns();
    std::vector<SignedTransaction> decoded;
    if (options_->stages.recovers) {
        decoded = recovered(threads);
    }
    const std::span<const SignedTransaction> transactions =
        options_->stages.recovers ? decoded : workload_->transactions;
    outcome.batch =
        way == 0 ? one_by_one(tools_.front(), transactions)
                 : executors_[way - 1]->execute(
                       *workload_->view, {.env = workload_->env, .transactions = transactions}
                   );
    state::StateDiff diff;
    if (options_->stages.commits) {
        diff = merged(outcome.batch);
        outcome.root = commitment_->root_after(diff);
    }
    const double seconds = static_cast<double>(now_ns() - began_ns) / 1e9;
    note(way, seconds, static_cast<double>(process_cpu_ns() - cpu_began_ns) / 1e9);
    if (options_->stages.commits) {
        commitment_->take_back(diff);
    }
    return outcome;
}

/// What comes out is of no use: the parts do not know each other's fees.
void Contest::run_apart() {
    // A sender's transactions stay together.
    std::vector<std::vector<SignedTransaction>> parts(tools_.size());
    for (const SignedTransaction& tx : workload_->transactions) {
        parts[std::hash<Address>{}(tx.sender) % parts.size()].push_back(tx);
    }
    std::vector<parallel::BatchResult> results(parts.size());
    const uint64_t cpu_began_ns = process_cpu_ns();
    const uint64_t began_ns = now_ns();
    {
        std::vector<std::jthread> threads;
        for (size_t i = 0; i < parts.size(); ++i) {
            threads.emplace_back([&, i] { results[i] = one_by_one(tools_[i], parts[i]); });
        }
    }
    const double seconds = static_cast<double>(now_ns() - began_ns) / 1e9;
    note(apart(), seconds, static_cast<double>(process_cpu_ns() - cpu_began_ns) / 1e9);
    for (size_t i = 0; i < parts.size(); ++i) {
        MEGA_ASSERT(results[i].results.size() == parts[i].size());
    }
}

void Contest::note(size_t way, double seconds, double cpu_seconds) {
    timings_[way].seconds.push_back(seconds);
    timings_[way].cpu_seconds.push_back(cpu_seconds);
}

std::optional<std::string> Contest::difference(const Outcome& outcome) const {
    const parallel::BatchResult& batch = outcome.batch;
    if (!batch.refusals.empty()) {
        return fmt::format(
            "transaction {}: {}", batch.refusals[0].index, batch.refusals[0].error.message
        );
    }
    if (batch.gas_used != reference_.gas_used) {
        return fmt::format("gas {} instead of {}", batch.gas_used, reference_.gas_used);
    }
    for (size_t i = 0; i < reference_.receipts.size(); ++i) {
        if (batch.receipts[i] != reference_.receipts[i]) {
            return fmt::format("receipt {} differs", i);
        }
        if (!options_->stages.commits && batch.results[i].diff != reference_.results[i].diff) {
            return fmt::format("the diff of transaction {} differs", i);
        }
    }
    if (options_->stages.commits && outcome.root != reference_root_) {
        return "the state root differs";
    }
    return std::nullopt;
}

Result<WorkloadTimings> Contest::run() {
    if (reference_.receipts.size() != workload_->transactions.size()) {
        return Err{
            Error{fmt::format("transaction {} has no place in it", reference_.receipts.size())}
        };
    }
    if (options_->stages.commits) {
        parallel::BatchResult copy = reference_;
        changed_ = merged(copy);
        commitment_ = std::make_unique<Commitment>(changed_);
        reference_root_ = commitment_->root_after(changed_);
        commitment_->take_back(changed_);
    }
    const size_t ways = apart() + (tools_.size() > 1 ? 1 : 0);
    timings_.assign(ways, {});
    if (auto warm = take_turn(0); !warm) {
        return Err{std::move(warm).error()};
    }
    timings_.assign(ways, {});
    const uint64_t began_ns = now_ns();
    const auto limit_ns = static_cast<uint64_t>(options_->seconds * 1e9);
    for (size_t turn = 0; turn < options_->turns || now_ns() - began_ns < limit_ns; ++turn) {
        if (auto taken = take_turn(turn); !taken) {
            return Err{std::move(taken).error()};
        }
    }
    return summary();
}

/// Each way once; another one begins each time, so that none always comes after the same.
Result<void> Contest::take_turn(size_t turn) {
    for (size_t i = 0; i < timings_.size(); ++i) {
        const size_t way = (turn + i) % timings_.size();
        if (way == apart()) {
            run_apart();
        } else if (const auto differs = difference(run_way(way))) {
            return Err{Error{
                way == 0 ? *differs
                         : fmt::format("{} threads: {}", options_->threads[way - 1], *differs)
            }};
        }
    }
    return {};
}

WorkloadTimings Contest::summary() {
    WorkloadTimings result;
    result.name = workload_->name;
    result.nature = workload_->nature;
    result.transactions = workload_->transactions.size();
    result.gas = reference_.gas_used;
    for (size_t way = 0; way < timings_.size(); ++way) {
        Timing& timing = timings_[way];
        timing.executions = result.transactions;
        if (way == apart()) {
            timing.threads = static_cast<uint32_t>(tools_.size());
            timing.is_apart = true;
        } else if (way != 0) {
            const parallel::Report& report = executors_[way - 1]->report();
            timing.threads = options_->threads[way - 1];
            timing.executions = report.executions;
            timing.aborts = report.aborts;
        }
    }
    result.timings = std::move(timings_);
    return result;
}

}  // namespace

Speedup speedup_of(const Timing& timing, const Timing& baseline) {
    MEGA_ASSERT(timing.seconds.size() == baseline.seconds.size() && !timing.seconds.empty());
    std::vector<double> ratios;
    for (size_t turn = 0; turn < timing.seconds.size(); ++turn) {
        ratios.push_back(baseline.seconds[turn] / timing.seconds[turn]);
    }
    std::ranges::sort(ratios);
    const size_t last = ratios.size() - 1;
    return {ratios[last / 2], ratios[last / 4], ratios[last - last / 4]};
}

Result<WorkloadTimings> measure(const Workload& workload, const MeasureOptions& options) {
    auto measured = Contest{workload, options}.run();
    if (!measured) {
        return Err{Error{workload.name + ": " + measured.error().message}};
    }
    return measured;
}

}  // namespace mega::bench
