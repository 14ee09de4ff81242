#include "commands.hpp"
#include "replay/replay.hpp"

#include <memory>

namespace mega::app {

namespace {

void add_endpoint_options(CLI::App& command, replay::ReplayOptions& options) {
    command.add_option("--rpc", options.rpc_url, "Ethereum JSON-RPC endpoint (http://...)");
    command.add_option("--from", options.from, "First block, with --rpc");
    command.add_option("--to", options.to, "Last block, with --rpc; the first when left out");
    command.add_option("--cache", options.cache_directory, "Keep fetched blocks in this directory");
    command.add_flag(
        "--proofs",
        options.with_proofs,
        "Check every account and slot against the parent's state root, and the root after"
    );
    command.add_option(
        "--fork", options.fork, "Rules of a chain that is not Ethereum mainnet [deduced]"
    );
    command.add_option("--timeout-ms", options.timeout_ms, "Longest wait for one answer")
        ->check(CLI::Range(1, 3'600'000))
        ->capture_default_str();
}

void add_execution_options(CLI::App& command, replay::ReplayOptions& options) {
    command
        .add_option(
            "--threads", options.threads, "Threads of execution; 1 is sequential [one a core]"
        )
        ->check(CLI::Range(1U, parallel::ExecutorOptions::max_threads));
    command.add_flag(
        "--compare",
        options.compares,
        "Execute sequentially, too: both must come to the same, bit for bit; show both times"
    );
    command.add_flag(
        "--learn",
        options.learns,
        "Let repetitions profit from what the executor learnt about the same block"
    );
    command.add_flag(
        "--report",
        options.with_execution_report,
        "Show conflicts, stages and CPU time of each block's execution"
    );
    command.add_option(
        "--timeline", options.timeline_file, "Draw what ran where into this file (SVG)"
    );
}

}  // namespace

void add_replay_command(CLI::App& root, int& status) {
    const auto shared = std::make_shared<replay::ReplayOptions>();
    replay::ReplayOptions& options = *shared;
    CLI::App* command =
        root.add_subcommand("replay", "Execute real blocks and compare with the chain");
    command->add_option(
        "path", options.paths, "Folders of recorded blocks, or files that --cache wrote"
    );
    add_endpoint_options(*command, options);
    command->add_option("--repeat", options.repeat, "Executions per block; the median is shown")
        ->check(CLI::Range(1, 100'000))
        ->capture_default_str();
    add_execution_options(*command, options);
    command->add_option("--json", options.json_file, "Write the results to this file, too");
    command->add_option(
        "--trace-tx", options.traced_transaction, "Print the call trace of this transaction instead"
    );
    command->callback([shared, &status] { status = replay::run_replay(*shared); });
}

}  // namespace mega::app
