#include "bench/bench.hpp"
#include "commands.hpp"

#include <memory>

namespace mega::app {

namespace {

void add_bench_node(CLI::App& bench, int& status) {
    const auto shared = std::make_shared<bench::NodeBenchOptions>();
    bench::NodeBenchOptions& options = *shared;
    CLI::App* node =
        bench.add_subcommand("node", "Measure a node through its RPC, anvil beside it");
    node->add_option("--json", options.json_file, "Write the figures to this file, too");
    node->add_option("--seconds", options.seconds, "Length of one measured run")
        ->capture_default_str();
    node->add_option("--runs", options.runs, "Runs; the median is reported")->capture_default_str();
    node->add_option("--rates", options.rates, "Transactions per second, for latency")
        ->capture_default_str();
    node->add_option("--accounts", options.accounts, "Sizes of the state, for memory and restart")
        ->delimiter(',')
        ->capture_default_str();
    node->add_option("--connections", options.connections, "Connections of the latency client")
        ->capture_default_str();
    node->add_flag("--skip-latency", options.skip_latency, "Leave latency out");
    node->add_flag("--skip-anvil", options.skip_anvil, "Leave the comparison with anvil out");
    node->add_flag("--skip-throughput", options.skip_throughput, "Leave throughput out");
    node->add_flag("--skip-memory", options.skip_memory, "Leave memory and restart out");
    node->add_option("--binary", options.binary, "The node to measure [this program]");
    node->add_option("--anvil", options.anvil, "The anvil to compare with")->capture_default_str();
    node->add_option(
            "--work-directory", options.work_directory, "Where data directories are made, on a disk"
    )
        ->capture_default_str();
    node->callback([shared, &status] { status = bench::run_bench_node(*shared); });
}

void add_bench_engine(CLI::App& bench, int& status) {
    const auto shared = std::make_shared<bench::EngineBenchOptions>();
    bench::EngineBenchOptions& options = *shared;
    CLI::App* engine = bench.add_subcommand("engine", "Measure the same pipeline without RPC");
    engine->add_option("--json", options.json_file, "Write the figures to this file, too");
    engine->add_option("--seconds", options.seconds, "Length of one measured run")
        ->capture_default_str();
    engine->add_option("--runs", options.runs, "Runs; the median is reported")
        ->capture_default_str();
    engine->add_option("--accounts", options.accounts, "Accounts that exist before")
        ->capture_default_str();
    engine->add_option("--batch", options.batch, "Transactions at a time")->capture_default_str();
    engine
        ->add_option(
            "--work-directory",
            options.work_directory,
            "Where the data directory is made, on a disk"
        )
        ->capture_default_str();
    engine->callback([shared, &status] { status = bench::run_bench_engine(*shared); });
}

void add_bench_evm(CLI::App& bench, int& status) {
    const auto shared = std::make_shared<bench::EvmBenchOptions>();
    bench::EvmBenchOptions& options = *shared;
    CLI::App* evm = bench.add_subcommand("evm", "Measure contracts, or precompiles, on one core");
    evm->add_option(
           "paths",
           options.paths,
           "Files or folders of ipsilon/evm-benchmarks and paradigmxyz/revmc, or of precompile "
           "vectors"
    )
        ->required();
    evm->add_flag("--precompiles", options.precompiles, "Measure precompiles on their vectors");
    evm->add_option("--filter", options.filter, "Only what has this in its name");
    evm->add_option("--seconds", options.seconds, "For one program")->capture_default_str();
    evm->add_option(
        "--baseline",
        options.baselines,
        "Compare with these results of evmone-bench (Google Benchmark's JSON) or of this command"
    );
    evm->add_option(
        "--merge", options.merged, "Earlier results of this command that count as further runs"
    );
    evm->add_option("--json", options.json_file, "Write the figures to this file, too");
    evm->callback([shared, &status] { status = bench::run_bench_evm(*shared); });
}

void add_bench_settlement(CLI::App& bench, int& status) {
    const auto shared = std::make_shared<bench::SettlementBenchOptions>();
    bench::SettlementBenchOptions& options = *shared;
    CLI::App* settlement = bench.add_subcommand(
        "settlement", "Measure batches: bytes and L1 gas per transaction, codec and derivation"
    );
    settlement->add_option("--json", options.json_file, "Write the figures to this file, too");
    settlement->add_option("--transactions", options.transactions, "In a batch measured for size")
        ->check(CLI::Range(100, 50'000))
        ->capture_default_str();
    settlement->add_option("--derived", options.derived, "Transfers to derive")
        ->check(CLI::Range(1000, 5'000'000))
        ->capture_default_str();
    settlement->add_option("--runs", options.runs, "Of which the median is reported")
        ->check(CLI::Range(1, 100))
        ->capture_default_str();
    settlement->add_option("--level", options.level, "zstd level where levels are not compared")
        ->check(CLI::Range(-5, 22))
        ->capture_default_str();
    settlement
        ->add_option(
            "--live-seconds",
            options.live_seconds,
            "Of load at each rate on a chain with a real L1; 0 leaves that part out"
        )
        ->check(CLI::Range(0, 3600))
        ->capture_default_str();
    settlement
        ->add_option("--work-directory", options.work_directory, "Where the data directory is made")
        ->capture_default_str();
    settlement->callback([shared, &status] { status = bench::run_bench_settlement(*shared); });
}

void add_bench_parallel(CLI::App& bench, int& status) {
    const auto shared = std::make_shared<bench::ParallelBenchOptions>();
    bench::ParallelBenchOptions& options = *shared;
    CLI::App* parallel =
        bench.add_subcommand("parallel", "Measure parallel execution against sequential");
    parallel->add_option(
        "blocks", options.blocks, "Recorded Ethereum blocks, too: paths as `mega replay` takes them"
    );
    parallel->add_option("--json", options.json_file, "Write the figures to this file, too");
    parallel
        ->add_option(
            "--threads",
            options.threads,
            "Numbers of threads [1,2,4,8,16 as far as there are cores]"
        )
        ->delimiter(',');
    parallel->add_option("--runs", options.runs, "Turns of all ways at least; medians are reported")
        ->capture_default_str();
    parallel->add_option("--seconds", options.seconds, "Go on taking turns so long, a workload")
        ->capture_default_str();
    parallel->add_option("--scale", options.scale, "Makes the workloads that many times as long")
        ->capture_default_str();
    parallel->add_option("--seed", options.seed, "Of the workloads")->capture_default_str();
    parallel->add_option("--filter", options.filter, "Only what has this in its name");
    parallel
        ->add_option("--contracts", options.contracts, "Bytecode, from bench/compile_contracts.mjs")
        ->capture_default_str();
    parallel->add_flag("--skip-synthetic", options.skip_synthetic, "Recorded blocks alone");
    parallel->add_flag("--list-blocks", options.lists_blocks, "Show each block beside their sum");
    parallel->add_flag(
        "--execution-only", options.execution_only, "Leave the table with signatures and root out"
    );
    parallel->add_flag(
        "--learn", options.learns, "Keep what runs teach about contracts from run to run"
    );
    parallel->callback([shared, &status] { status = bench::run_bench_parallel(*shared); });
}

void add_bench_stateless(CLI::App& bench, int& status) {
    const auto shared = std::make_shared<bench::StatelessBenchOptions>();
    bench::StatelessBenchOptions& options = *shared;
    CLI::App* stateless = bench.add_subcommand(
        "stateless", "Measure witnesses and validation against a full node's execution"
    );
    stateless->add_option(
        "blocks", options.blocks, "Recorded Ethereum blocks, too: paths as `mega replay` takes them"
    );
    stateless->add_option("--json", options.json_file, "Write the figures to this file, too");
    stateless->add_option("--accounts", options.accounts, "Sizes of the state")
        ->delimiter(',')
        ->capture_default_str();
    stateless
        ->add_option("--block-sizes", options.block_sizes, "Transactions of blocks of transfers")
        ->delimiter(',')
        ->capture_default_str();
    stateless->add_option("--runs", options.runs, "Runs; the median is reported")
        ->capture_default_str();
    stateless->add_option("--filter", options.filter, "Only what has this in its name");
    stateless
        ->add_option("--contracts", options.contracts, "Bytecode, from bench/compile_contracts.mjs")
        ->capture_default_str();
    stateless
        ->add_option("--work-directory", options.work_directory, "Where files are made and removed")
        ->capture_default_str();
    stateless->add_option(
        "--alone", options.alone, "Validate the block in this file 20 times, and nothing else"
    );
    stateless->callback([shared, &status] { status = bench::run_bench_stateless(*shared); });
}

}  // namespace

void add_bench_commands(CLI::App& root, int& status) {
    CLI::App* bench = root.add_subcommand("bench", "Measure on this machine");
    bench->require_subcommand(1);
    add_bench_node(*bench, status);
    add_bench_engine(*bench, status);
    add_bench_evm(*bench, status);
    add_bench_settlement(*bench, status);
    add_bench_parallel(*bench, status);
    add_bench_stateless(*bench, status);
}

}  // namespace mega::app
