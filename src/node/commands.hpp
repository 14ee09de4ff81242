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

}  // namespace mega::node
