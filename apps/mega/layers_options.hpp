#pragma once

// Options that the commands between the layers share.

#include "node/commands.hpp"

#include <CLI/CLI.hpp>

namespace mega::app {

/// Of a command that has no business on L2.
inline void add_l1(CLI::App& command, node::LayersOptions& options) {
    command.add_option("--l1", options.l1_url, "JSON-RPC URL of an L1 node")->capture_default_str();
    command.add_option("--rollup", options.rollup_file, "rollup.json of the chain")
        ->capture_default_str();
}

inline void add_layers(CLI::App& command, node::LayersOptions& options) {
    add_l1(command, options);
    command.add_option("--l2", options.l2_url, "JSON-RPC URL of a node of the chain")
        ->capture_default_str();
}

inline void add_key(CLI::App& command, node::LayersOptions& options) {
    command.add_option("--key", options.key_file, "Keystore or key file of the sender");
    command.add_option("--password-file", options.password_file, "The keystore's password");
    command.add_option(
        "--account", options.account, "Account of the test mnemonic, on a development chain"
    );
}

}  // namespace mega::app
