#pragma once

// The subcommands, one file a group. Each adds itself to `root`; once it is parsed it runs, and
// leaves its exit status in `status`.

#include <CLI/CLI.hpp>

namespace mega::app {

void add_node_commands(CLI::App& root, int& status);      // dev, node
void add_account_command(CLI::App& root, int& status);    // account new, account show
void add_bench_commands(CLI::App& root, int& status);     // bench node, bench engine
void add_blocktest_command(CLI::App& root, int& status);  // blocktest
void add_replay_command(CLI::App& root, int& status);     // replay

}  // namespace mega::app
