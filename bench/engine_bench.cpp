// `mega bench engine`: transfers and token transfers through the engine, stage by stage and all at
// once.

#include "bench/bench.hpp"
#include "bench/report.hpp"
#include "bench/stages.hpp"
#include "bench/statistics.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace mega::bench {
namespace {

constexpr size_t sender_count = 1000;
/// Transactions a measured second stands for: more than the engine does, so that runs last.
constexpr uint64_t transactions_per_second = 15'000;

/// One kind of transaction, measured.
struct Measurement {
    std::string name;
    StageCosts costs;
    double stages_over_recovery = 0;  // sum of the stages' processor time / that of recovery
    double pipeline_tps = 0;
    double recovery_tps = 0;
    double pipeline_over_recovery = 0;  // wall time / that of recovery alone on the same cores
};

StageCosts median_of(const std::vector<StageCosts>& runs) {
    const auto pick = [&runs](double StageCosts::* stage) {
        std::vector<double> values;
        for (const StageCosts& run : runs) {
            values.push_back(run.*stage);
        }
        return median(std::move(values));
    };
    return {
        .decode = pick(&StageCosts::decode),
        .recover = pick(&StageCosts::recover),
        .execute = pick(&StageCosts::execute),
        .mini_block = pick(&StageCosts::mini_block),
        .tree = pick(&StageCosts::tree),
        .seal = pick(&StageCosts::seal),
        .log = pick(&StageCosts::log),
        .write = pick(&StageCosts::write),
    };
}

Measurement measure(
    const EngineBenchOptions& options, const std::string& name, const Template& make
) {
    progress(fmt::format("engine: {}, {} accounts at genesis", name, options.accounts));
    const auto senders = make_senders("engine", sender_count);
    Engine engine({
        .directory = options.work_directory / fmt::format("engine-{}", ::getpid()),
        .accounts = options.accounts,
        .senders = senders,
    });
    TransactionSource source(senders, engine_chain_id, make);
    Measurement result;
    result.name = name;
    const uint64_t count = uint64_t{options.seconds} * transactions_per_second;
    (void)measure_stages(engine, {source.take(count / 4), options.batch});  // warms caches up
    std::vector<StageCosts> costs;
    std::vector<double> pipeline;
    std::vector<double> recovery;
    std::vector<double> ratios;
    for (uint32_t run = 0; run < options.runs; ++run) {
        progress(fmt::format("engine: {}, run {} of {}", name, run + 1, options.runs));
        const auto apart = source.take(count);
        costs.push_back(measure_stages(engine, {apart, options.batch}));
        const auto together = source.take(count);
        const double recovery_s = measure_recovery(together);
        const double pipeline_s = measure_pipeline(engine, {together, options.batch});
        pipeline.push_back(static_cast<double>(count) / pipeline_s);
        recovery.push_back(static_cast<double>(count) / recovery_s);
        ratios.push_back(pipeline_s / recovery_s);
    }
    if (engine.failed_transactions() > 0) {
        progress(fmt::format("{} transactions failed", engine.failed_transactions()));
    }
    result.costs = median_of(costs);
    result.stages_over_recovery = result.costs.sum() / result.costs.recover;
    result.pipeline_tps = median(pipeline);
    result.recovery_tps = median(recovery);
    result.pipeline_over_recovery = median(ratios);
    return result;
}

Table stage_table(const EngineBenchOptions& options, const std::vector<Measurement>& measured) {
    Table table{
        .key = "engine_stages",
        .title = fmt::format(
            "Engine, stage by stage: processor time per transaction (median of {} runs)",
            options.runs
        ),
        .columns =
            {
                {"workload", "workload"},
                {"decode_us", "decode us", 2},
                {"recover_us", "recover us", 2},
                {"execute_us", "execute us", 2},
                {"mini_block_us", "mini-block us", 2},
                {"tree_us", "tree us", 2},
                {"seal_us", "seal us", 2},
                {"log_us", "log us", 2},
                {"write_us", "write us", 2},
                {"sum_us", "sum us", 2},
                {"sum_over_recover", "sum/recover", 2},
            },
    };
    for (const Measurement& one : measured) {
        const StageCosts& costs = one.costs;
        table.rows.push_back(
            {one.name,
             costs.decode,
             costs.recover,
             costs.execute,
             costs.mini_block,
             costs.tree,
             costs.seal,
             costs.log,
             costs.write,
             costs.sum(),
             one.stages_over_recovery}
        );
    }
    table.notes = {
        "mini-block: roots and signature; seal: roots and bloom of the block; log: encoding, "
        "writing, syncing (processor time; the disk's own is not in it); write: checkpoint to the "
        "database. Witness: made on demand, not while executing, and not in the sum."
    };
    return table;
}

Table pipeline_table(const EngineBenchOptions& options, const std::vector<Measurement>& measured) {
    Table table{
        .key = "engine_pipeline",
        .title = fmt::format(
            "Engine, all at once on all cores: decode, recover, execute, root, log with sync, "
            "database (median of {} runs)",
            options.runs
        ),
        .columns =
            {
                {"workload", "workload"},
                {"batch", "batch"},
                {"tps", "tx/s"},
                {"recovery_tps", "recovery alone tx/s"},
                {"ratio", "time/recovery (target 1.25)", 2},
            },
    };
    for (const Measurement& one : measured) {
        table.rows.push_back(
            {one.name,
             static_cast<double>(options.batch),
             one.pipeline_tps,
             one.recovery_tps,
             one.pipeline_over_recovery}
        );
    }
    return table;
}

}  // namespace

int run_bench_engine(const EngineBenchOptions& options) {
    if (options.runs == 0 || options.seconds == 0 || options.batch == 0 || options.accounts == 0) {
        progress("runs, seconds, batch and accounts must not be 0");
        return 1;
    }
    std::error_code error;
    std::filesystem::create_directories(options.work_directory, error);
    if (error) {
        progress("cannot create " + options.work_directory.string() + ": " + error.message());
        return 1;
    }
    const Machine machine = describe_machine(options.work_directory);
    std::vector<Measurement> measured;
    measured.push_back(measure(options, "transfer", transfer_template(options.accounts)));
    measured.push_back(measure(options, "token", token_template(options.accounts)));
    const auto delivered = deliver(
        machine,
        {stage_table(options, measured), pipeline_table(options, measured)},
        options.json_file
    );
    if (!delivered) {
        progress(delivered.error().message);
        return 1;
    }
    return 0;
}

}  // namespace mega::bench
