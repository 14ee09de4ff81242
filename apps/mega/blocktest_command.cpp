#include "commands.hpp"

#include "conformance/block_tests.hpp"
#include "conformance/executor_pool.hpp"
#include "ethereum/chain_config.hpp"

#include <algorithm>
#include <iostream>
#include <memory>
#include <thread>

namespace mega::app {

namespace {

struct Options {
    std::vector<std::string> paths;
    conformance::BlockTestOptions tests;
    conformance::RunOptions run;
    uint32_t threads = std::clamp<uint32_t>(
        std::thread::hardware_concurrency(), 1, parallel::ExecutorOptions::max_threads
    );
};

int run(Options& options) {
    if (!options.tests.fork.empty() && !ethereum::config_of_network(options.tests.fork)) {
        std::cerr << "mega: unknown network \"" << options.tests.fork << "\"\n";
        return 1;
    }
    options.tests.with_details = options.run.as_json;
    parallel::ExecutorOptions execution;
    execution.threads = options.threads;
    conformance::ExecutorPool executors{execution};
    if (options.threads > 1) {
        options.tests.executor = executors.executor();
    }
    options.run.split = conformance::block_test_splitter(options.tests);
    return conformance::run_paths(
        options.paths, conformance::block_test_runner(options.tests), options.run
    );
}

}  // namespace

void add_blocktest_command(CLI::App& root, int& status) {
    const auto options = std::make_shared<Options>();
    CLI::App* command = root.add_subcommand("blocktest", "Run Ethereum's blockchain tests");
    command->add_option("paths", options->paths, "Files, or folders of .json files")->required();
    command->add_option(
        "--fork", options->tests.fork, "Cases of this network only (Osaka, BerlinToLondonAt5, ...)"
    );
    command->add_option("--test", options->tests.test, "Tests whose name contains this text only");
    command->add_flag("--json", options->run.as_json, "One JSON object a case on stdout");
    command->add_option("--jobs", options->run.jobs, "Files at a time [one a core]");
    command
        ->add_option(
            "--threads",
            options->threads,
            "Threads of each block's execution; 1 is one transaction after the other [one a core]"
        )
        ->check(CLI::Range(1U, parallel::ExecutorOptions::max_threads));
    command->callback([options, &status] { status = run(*options); });
}

}  // namespace mega::app
