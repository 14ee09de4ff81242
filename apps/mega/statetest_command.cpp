#include "commands.hpp"

#include "conformance/state_tests.hpp"
#include "evm/fork.hpp"

#include <iostream>
#include <memory>

namespace mega::app {

namespace {

struct Options {
    std::vector<std::string> paths;
    conformance::StateTestOptions tests;
    conformance::RunOptions run;
    bool is_traced = false;
};

int run(Options& options) {
    if (!options.tests.fork.empty() && !fork_from_name(options.tests.fork)) {
        std::cerr << "mega: unknown fork \"" << options.tests.fork << "\"\n";
        return 1;
    }
    options.tests.with_details = options.run.as_json;
    if (options.is_traced) {
        options.tests.trace = &std::cerr;
        options.run.jobs = 1;  // so that traces do not mix
    } else {
        options.run.split = conformance::state_test_splitter(options.tests);
    }
    return conformance::run_paths(
        options.paths, conformance::state_test_runner(options.tests), options.run
    );
}

}  // namespace

void add_statetest_command(CLI::App& root, int& status) {
    const auto options = std::make_shared<Options>();
    CLI::App* command = root.add_subcommand("statetest", "Run Ethereum's state tests");
    command->add_option("paths", options->paths, "Files, or folders of .json files")->required();
    command->add_option("--fork", options->tests.fork, "Cases of this fork only (Osaka, ...)");
    command->add_option("--test", options->tests.test, "Tests whose name contains this text only");
    command->add_flag("--trace", options->is_traced, "EIP-3155 on stderr, one line an instruction");
    command->add_flag("--json", options->run.as_json, "One JSON object a case on stdout");
    command->add_option("--jobs", options->run.jobs, "Threads [one a core]");
    command->callback([options, &status] { status = run(*options); });
}

}  // namespace mega::app
