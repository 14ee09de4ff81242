// `mega bench parallel`: workloads from seeds and recorded blocks, one after the other and in
// parallel.

#include "bench/bench.hpp"
#include "bench/parallel_measure.hpp"
#include "bench/report.hpp"
#include "bench/statistics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

namespace mega::bench {
namespace {

std::vector<uint32_t> threads_of(const ParallelBenchOptions& options) {
    if (!options.threads.empty()) {
        return options.threads;
    }
    std::vector<uint32_t> threads;
    for (const uint32_t count : {1U, 2U, 4U, 8U, 16U}) {
        if (count <= std::max(1U, std::thread::hardware_concurrency())) {
            threads.push_back(count);
        }
    }
    return threads;
}

bool is_wanted(const ParallelBenchOptions& options, const std::string& name) {
    return name.find(options.filter) != std::string::npos;
}

std::string_view word_of(Nature nature) {
    switch (nature) {
        case Nature::independent:
            return "independent";
        case Nature::dependent:
            return "dependent";
        case Nature::mixed:
            break;
    }
    return "mixed";
}

std::vector<Column> columns() {
    return {
        {"workload", "workload"},
        {"nature", "nature"},
        {"transactions", "tx", 0},
        {"threads", "threads", 0},
        {"ms", "ms", 2},
        {"fastest_ms", "fastest", 2},
        {"speedup", "speed-up", 2},
        {"speedup_quartiles", "quartiles"},
        {"mgas_per_s", "Mgas/s", 0},
        {"tps", "tx/s", 0},
        {"re_executions", "re-executions", 0},
        {"cpu_ms", "CPU ms", 2},
        {"cpu_ratio", "CPU/sequential", 2},
    };
}

Cell way_of(const Timing& timing) {
    if (timing.threads == 0) {
        return std::string{"sequential"};
    }
    if (timing.is_apart) {
        return fmt::format("{} apart", timing.threads);
    }
    return static_cast<double>(timing.threads);
}

void add_rows(Table& table, const WorkloadTimings& measured) {
    const auto count = static_cast<double>(measured.transactions);
    const Timing& sequential = measured.timings.front();
    for (const Timing& timing : measured.timings) {
        const bool is_sequential = timing.threads == 0;
        const double seconds = median(timing.seconds);
        const Speedup speedup = speedup_of(timing, sequential);
        table.rows.push_back({
            measured.name,
            std::string{word_of(measured.nature)},
            count,
            way_of(timing),
            seconds * 1e3,
            std::ranges::min(timing.seconds) * 1e3,
            is_sequential ? Cell{} : Cell{speedup.median},
            is_sequential
                ? Cell{}
                : Cell{fmt::format("{:.2f}-{:.2f}", speedup.lower_quartile, speedup.upper_quartile)
                  },
            static_cast<double>(measured.gas) / seconds / 1e6,
            count / seconds,
            is_sequential || timing.is_apart ? Cell{}
                                             : Cell{static_cast<double>(timing.executions) - count},
            median(timing.cpu_seconds) * 1e3,
            median(timing.cpu_seconds) / median(sequential.cpu_seconds),
        });
    }
}

/// Turn by turn, as far as both go.
void add_turns(std::vector<double>& sum, const std::vector<double>& more) {
    sum.resize(std::min(sum.size(), more.size()));
    for (size_t turn = 0; turn < sum.size(); ++turn) {
        sum[turn] += more[turn];
    }
}

/// The blocks as if they were one workload. There is one at least.
WorkloadTimings sum_of(const std::vector<WorkloadTimings>& blocks) {
    WorkloadTimings sum = blocks.front();
    sum.name = fmt::format("{} recorded blocks", blocks.size());
    sum.nature = Nature::mixed;
    for (const WorkloadTimings& block : std::span{blocks}.subspan(1)) {
        sum.transactions += block.transactions;
        sum.gas += block.gas;
        for (size_t i = 0; i < block.timings.size(); ++i) {
            Timing& total = sum.timings[i];
            add_turns(total.seconds, block.timings[i].seconds);
            add_turns(total.cpu_seconds, block.timings[i].cpu_seconds);
            total.executions += block.timings[i].executions;
            total.aborts += block.timings[i].aborts;
        }
    }
    return sum;
}

Result<void> add_synthetic(
    Table& table,
    const ParallelBenchOptions& options,
    const Contracts& contracts,
    const MeasureOptions& how
) {
    WorkloadSize size;
    size.transfers *= options.scale;
    size.calls *= options.scale;
    size.swaps *= options.scale;
    size.seed = options.seed;
    for (const NamedWorkload& workload : synthetic_workloads(contracts, size)) {
        if (!is_wanted(options, workload.name)) {
            continue;
        }
        progress("parallel: " + workload.name);
        const auto measured = measure(workload.make(), how);
        if (!measured) {
            return Err{measured.error()};
        }
        add_rows(table, *measured);
    }
    return {};
}

Result<void> add_blocks(
    Table& table, const ParallelBenchOptions& options, const MeasureOptions& how
) {
    std::vector<WorkloadTimings> measured;
    for (const auto& path : options.blocks) {
        const auto workloads = recorded_blocks(path);
        if (!workloads) {
            return Err{workloads.error()};
        }
        progress(fmt::format("parallel: {} blocks of {}", workloads->size(), path.string()));
        MeasureOptions of_each = how;  // all of a file share the time of one workload
        of_each.seconds /= static_cast<double>(std::max<size_t>(workloads->size(), 1));
        for (const Workload& workload : *workloads) {
            if (!is_wanted(options, workload.name)) {
                continue;
            }
            auto block = measure(workload, of_each);
            if (!block) {
                return Err{block.error()};
            }
            measured.push_back(*std::move(block));
        }
    }
    for (const WorkloadTimings& block : measured) {
        if (options.lists_blocks) {
            add_rows(table, block);
        }
    }
    if (!measured.empty()) {
        add_rows(table, sum_of(measured));
    }
    return {};
}

Result<Table> table_of(
    const ParallelBenchOptions& options, const std::optional<Contracts>& contracts, Stages stages
) {
    const MeasureOptions how{
        .threads = threads_of(options),
        .turns = options.runs,
        .seconds = options.seconds,
        .stages = stages,
        .learns = options.learns,
    };
    const bool is_bare = !stages.recovers && !stages.commits;
    Table table{
        .key = is_bare ? "execution" : "with_signatures_and_root",
        .title = fmt::format(
            "Parallel execution{} (seed {})",
            is_bare ? "" : ", with signature recovery before and the state root after",
            options.seed
        ),
        .columns = columns(),
    };
    if (contracts) {
        if (const auto added = add_synthetic(table, options, *contracts, how); !added) {
            return Err{added.error()};
        }
    }
    if (const auto added = add_blocks(table, options, how); !added) {
        return Err{added.error()};
    }
    table.notes.emplace_back(
        "sequential: execute_transaction in a loop with one journal. All ways take turns, and each "
        "must leave the same receipts and diffs, or roots."
    );
    table.notes.push_back(fmt::format(
        "ms, CPU: medians of the turns, at least {} and as many as fit into {} s. speed-up: median "
        "of what sequential took over what this way took in the same turn; its quartiles.",
        options.runs,
        options.seconds
    ));
    table.notes.emplace_back(
        "apart: that many threads execute a part each in that loop, without knowing of each other: "
        "what the machine gives to so many at once. What comes out is of no use."
    );
    table.notes.emplace_back(
        options.learns ? "Profiles of contracts are kept from run to run."
                       : "Each run meets the contracts for the first time."
    );
    return table;
}

Result<void> run(const ParallelBenchOptions& options) {
    std::optional<Contracts> contracts;
    if (!options.skip_synthetic) {
        auto read = read_contracts(options.contracts);
        if (!read) {
            return Err{read.error()};
        }
        contracts = *std::move(read);
    }
    std::vector<Stages> all_stages{{}};
    if (!options.execution_only) {
        all_stages.push_back({.recovers = true, .commits = true});
    }
    std::vector<Table> tables;
    for (const Stages& stages : all_stages) {
        auto table = table_of(options, contracts, stages);
        if (!table) {
            return Err{table.error()};
        }
        if (table->rows.empty()) {
            return Err{Error{"no workload has '" + options.filter + "' in its name"}};
        }
        tables.push_back(*std::move(table));
    }
    const Machine machine = describe_machine(std::filesystem::temp_directory_path());
    return deliver(machine, tables, options.json_file);
}

Result<void> check(const ParallelBenchOptions& options) {
    constexpr uint32_t most_scale = 100;
    constexpr double most_seconds = 3600;
    if (options.runs == 0 || options.scale == 0 || options.scale > most_scale) {
        return Err{Error{"runs must be above 0, scale between 1 and 100"}};
    }
    if (!(options.seconds >= 0 && options.seconds <= most_seconds)) {
        return Err{Error{fmt::format("seconds must be between 0 and {}", most_seconds)}};
    }
    for (const uint32_t threads : options.threads) {
        if (threads == 0 || threads > parallel_bench_max_threads) {
            return Err{
                Error{fmt::format("threads must be between 1 and {}", parallel_bench_max_threads)}
            };
        }
    }
    return {};
}

}  // namespace

int run_bench_parallel(const ParallelBenchOptions& options) {
    auto done = check(options);
    if (done) {
        done = run(options);
    }
    if (!done) {
        progress(done.error().message);
        return 1;
    }
    return 0;
}

}  // namespace mega::bench
