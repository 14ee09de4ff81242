#pragma once

// The subcommands, one file a group. Each adds itself to `root`; once it is parsed it runs, and
// leaves its exit status in `status`.

#include <CLI/CLI.hpp>

namespace mega::node {
struct Config;
}
namespace mega::validator {
struct ValidateOptions;
}

namespace mega::app {

void add_node_commands(CLI::App& root, int& status);    // dev, node
void add_account_command(CLI::App& root, int& status);  // account new, account show
void add_bridge_command(CLI::App& root, int& status);   // bridge deposit, withdraw, status
void add_swap_command(CLI::App& root, int& status);     // swap offer, accept, claim, refund, status
void add_staking_command(CLI::App& root, int& status);  // staking register, delegate, show, ...
void add_gov_command(CLI::App& root, int& status);  // gov propose, vote, queue, execute, show, ...
void add_l1_command(CLI::App& root, int& status);   // l1 deploy
void add_bench_commands(CLI::App& root, int& status);     // bench node, bench engine
void add_blocktest_command(CLI::App& root, int& status);  // blocktest
void add_statetest_command(CLI::App& root, int& status);  // statetest
void add_replay_command(CLI::App& root, int& status);     // replay
void add_t8n_command(CLI::App& root, int& status);        // t8n
void add_validate_command(CLI::App& root, int& status);   // validate
void add_snapshot_command(CLI::App& root, int& status);   // snapshot export, snapshot import
void add_evm_command(CLI::App& root, int& status);        // evm run, t8n, statetest, blocktest

/// Chosen when linking: nothing in `mega`; --inject-fault in the test program `mega_faulty`.
void add_fault_keys(CLI::App& command, node::Config& config);
void add_fault_keys(CLI::App& command, validator::ValidateOptions& options);

}  // namespace mega::app
