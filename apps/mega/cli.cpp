#include "cli.hpp"

#include "commands.hpp"
#include "config_file.hpp"
#include "node/version.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <filesystem>
#include <vector>

namespace mega::app {

namespace {

/// The configuration file of the subcommand that is about to be parsed, when one is named.
Result<void> read_config(CLI::App& root, int argc, char** argv) {
    const auto path = config_path(argc, argv);
    if (!path || argc < 2) {
        return {};
    }
    const auto named =
        root.get_subcommands([&](const CLI::App* app) { return app->check_name(argv[1]); });
    // Commands that have no such option of their own may use the word for something else.
    const bool takes_one =
        !named.empty() && named.front()->get_option_no_throw("--config") != nullptr;
    return takes_one ? apply_config_file(*path, *named.front()) : Result<void>{};
}

/// A link named `evm` runs the subcommand of that name, so that tools made for geth's evm find it.
std::vector<char*> as_invoked(int argc, char** argv) {
    std::vector<char*> arguments(argv, argv + argc);
    static char evm[] = "evm";
    if (argc > 0 && std::filesystem::path(argv[0]).filename() == evm) {
        arguments.insert(arguments.begin() + 1, evm);
    }
    return arguments;
}

}  // namespace

int run_command_line(int given_argc, char** given_argv) {
    std::vector<char*> arguments = as_invoked(given_argc, given_argv);
    const int argc = static_cast<int>(arguments.size());
    char** argv = arguments.data();
    int status = 0;
    CLI::App root{"mega: an open, real-time Ethereum Layer 2"};
    root.require_subcommand(1);
    root.set_version_flag("--version", std::string(node::client_version));
    add_node_commands(root, status);
    add_account_command(root, status);
    add_l1_command(root, status);
    add_bridge_command(root, status);
    add_swap_command(root, status);
    add_gov_command(root, status);
    add_staking_command(root, status);
    add_bench_commands(root, status);
    add_blocktest_command(root, status);
    add_replay_command(root, status);
    add_statetest_command(root, status);
    add_t8n_command(root, status);
    add_evm_command(root, status);
    add_validate_command(root, status);
    add_snapshot_command(root, status);
    try {
        if (auto applied = read_config(root, argc, argv); !applied) {
            std::fprintf(stderr, "mega: %s\n", applied.error().message.c_str());
            return 2;
        }
        root.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        const int code = root.exit(error);
        return code == 0 ? 0 : 2;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "mega: %s\n", error.what());
        return 1;
    }
    return status;
}

}  // namespace mega::app
