#include "commands.hpp"
#include "node/commands.hpp"

#include <memory>

namespace mega::app {

void add_l1_command(CLI::App& root, int& status) {
    const auto shared = std::make_shared<node::L1DeployCommand>();
    node::L1DeployCommand& options = *shared;
    CLI::App* l1 = root.add_subcommand("l1", "The chain's contracts on L1");
    l1->require_subcommand(1);
    CLI::App* deploy = l1->add_subcommand(
        "deploy", "Deploy the contracts; write addresses.json, rollup.json and genesis.json"
    );
    deploy->add_option("--l1", options.l1_url, "JSON-RPC URL of an L1 node")->required();
    deploy->add_option("--key", options.key_file, "Keystore or key file of the deployer")
        ->required();
    deploy->add_option("--password-file", options.password_file, "The keystore's password");
    deploy->add_option("--config", options.config_file, "The chain's parameters (docs/bridge.md)")
        ->required();
    deploy->add_option(
        "--genesis", options.genesis_file, "geth-format file with L2's first accounts"
    );
    deploy->add_option("--out", options.out_directory, "Folder for the files written")->required();
    deploy->add_option("--confirmations", options.confirmations, "L1 blocks to wait for each step")
        ->capture_default_str();
    deploy->callback([shared, &status] { status = node::run_l1_deploy(*shared); });
}

}  // namespace mega::app
