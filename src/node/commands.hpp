#pragma once

// What the subcommands do. Each returns the exit status and writes its own words.

#include "node/config.hpp"

namespace mega::node {

/// `mega dev` and `mega node`: runs until SIGINT or SIGTERM.
int run_node_command(const Config& config);

struct AccountCommand {
    std::filesystem::path file;
    std::filesystem::path password_file;
};
int run_account_new(const AccountCommand& command);
int run_account_show(const AccountCommand& command);

struct SnapshotCommand {
    std::filesystem::path file;
    std::filesystem::path data_directory = "data";
    std::string state_root;  // import: one of these two
    std::string trusted_block;
    uint64_t tree_cache_mib = 256;
};
int run_snapshot_export(const SnapshotCommand& command);
int run_snapshot_import(const SnapshotCommand& command);

}  // namespace mega::node
