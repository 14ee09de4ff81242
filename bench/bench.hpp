#pragma once

// Benchmarks of the whole system. `mega bench node` drives a real node process through its RPC;
// `mega bench engine` drives the same pipeline inside this process; `mega bench evm` runs contracts
// and precompiles on one core; `mega bench parallel` compares parallel execution with sequential;
// `mega bench settlement` measures batches and derivation. All print tables on stdout, progress on
// stderr, and write the same figures as JSON when asked to.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace mega::bench {

struct NodeBenchOptions {
    std::filesystem::path json_file;  // nothing is written when empty
    uint32_t seconds = 3;             // of one measured run
    uint32_t runs = 3;                // the median of them is reported
    bool skip_latency = false;
    bool skip_anvil = false;
    bool skip_throughput = false;
    bool skip_memory = false;                        // and restart, which uses the same chain
    std::vector<uint64_t> rates = {100, 500, 2000};  // transactions per second, for latency
    std::vector<uint64_t> accounts = {1'000'000};    // sizes of the state, for memory and restart
    /// Of the latency client: enough for the highest rate as long as the node follows.
    uint32_t connections = 8;
    /// Node that is measured; this program when empty.
    std::filesystem::path binary;
    std::filesystem::path anvil = "node_modules/.bin/anvil";
    /// Where data directories are made (and removed); it must be on a disk, not in memory.
    std::filesystem::path work_directory = "build/bench";
};

/// The program's exit status: 0 measured, 1 something failed (words on stderr).
int run_bench_node(const NodeBenchOptions& options);

struct EngineBenchOptions {
    std::filesystem::path json_file;
    uint32_t seconds = 3;  // of one measured run, roughly
    uint32_t runs = 3;
    uint64_t accounts = 100'000;  // that exist before the first transaction
    uint32_t batch = 100;         // transactions handed to the engine at a time
    std::filesystem::path work_directory = "build/bench";
};

int run_bench_engine(const EngineBenchOptions& options);

struct EvmBenchOptions {
    /// Files or folders of ipsilon/evm-benchmarks and paradigmxyz/revmc; for the precompiles, of
    /// their published vectors.
    std::vector<std::filesystem::path> paths;
    bool precompiles = false;  // measure these instead
    std::string filter;        // part of the name; empty takes all
    double seconds = 0.5;      // for one program
    /// Figures to compare with: JSON of evmone-bench (Google Benchmark) or of this program. Several
    /// files are several runs.
    std::vector<std::filesystem::path> baselines;
    /// Earlier results of this program that count as further runs of this one.
    std::vector<std::filesystem::path> merged;
    std::filesystem::path json_file;
};

/// Also 1 when a program left something else than its file says.
int run_bench_evm(const EvmBenchOptions& options);

struct SettlementBenchOptions {
    std::filesystem::path json_file;
    uint64_t transactions = 5000;  // of one batch that is measured for size
    uint64_t derived = 100'000;    // transfers that are derived
    uint32_t runs = 3;
    int level = 3;  // of zstd, where it is not compared
    /// Of load at each rate on a chain with a real L1; 0: that part is left out.
    uint32_t live_seconds = 90;
    std::filesystem::path work_directory = "build/bench";
};

/// Bytes and L1 gas per transaction, speed of the codec and of derivation; and on a real L1 what
/// batches cost, how often they come, and how long the bridge takes.
int run_bench_settlement(const SettlementBenchOptions& options);

inline constexpr uint32_t parallel_bench_max_threads = 256;

struct ParallelBenchOptions {
    /// Each counts the caller's; 1, 2, 4, 8, 16 as far as there are cores when empty.
    std::vector<uint32_t> threads;
    uint32_t runs = 9;   // of each way at least,
    double seconds = 3;  // and as many as begin within this time, a workload
    uint32_t scale = 1;  // of the workloads' sizes
    uint64_t seed = 1;
    std::string filter;  // part of a workload's name; empty takes all
    /// What bench/compile_contracts.mjs wrote.
    std::filesystem::path contracts = "build/bench/contracts.json";
    bool skip_synthetic = false;
    std::vector<std::filesystem::path> blocks;  // recorded ones, as `mega replay` takes them
    bool lists_blocks = false;                  // one by one, beside their sum
    bool execution_only = false;                // leaves signatures and root out
    bool learns = false;
    std::filesystem::path json_file;
};

/// Also 1 when parallel execution leaves anything else behind than sequential.
int run_bench_parallel(const ParallelBenchOptions& options);

struct StatelessBenchOptions {
    std::vector<uint64_t> accounts = {
        1'000'000, 10'000'000
    };  // in the tree, beside the block's own
    std::vector<uint64_t> block_sizes = {1000, 20'000};  // of blocks of transfers
    uint32_t runs = 5;
    std::string filter;  // part of a workload's name; empty takes all
    /// What bench/compile_contracts.mjs wrote.
    std::filesystem::path contracts = "build/bench/contracts.json";
    std::vector<std::filesystem::path> blocks;  // recorded ones, as `mega replay` takes them
    std::filesystem::path json_file;
    std::filesystem::path work_directory = "build/bench";
    std::filesystem::path alone;  // measures the block in this file, and nothing else
};

/// Also 1 when a block does not validate.
int run_bench_stateless(const StatelessBenchOptions& options);

}  // namespace mega::bench
