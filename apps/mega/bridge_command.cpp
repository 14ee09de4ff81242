#include "commands.hpp"
#include "layers_options.hpp"

#include <memory>

namespace mega::app {

namespace {

CLI::App* add_transfer(
    CLI::App& bridge,
    const std::string& name,
    const std::string& description,
    node::BridgeCommand& options
) {
    CLI::App* command = bridge.add_subcommand(name, description);
    add_layers(*command, options.layers);
    command->add_option("amount", options.amount, "How much, in MEGA")->required();
    command->add_option("--to", options.to, "Who gets it on the other layer [the sender]");
    add_key(*command, options.layers);
    command->add_flag("--no-wait", options.returns_at_once, "Send it and do not follow it");
    return command;
}

}  // namespace

void add_bridge_command(CLI::App& root, int& status) {
    using Kind = node::BridgeCommand::Kind;
    const auto shared = std::make_shared<node::BridgeCommand>();
    node::BridgeCommand& options = *shared;
    CLI::App* bridge = root.add_subcommand("bridge", "Move MEGA between L1 and L2");
    bridge->require_subcommand(1);
    add_transfer(*bridge, "deposit", "From L1 to L2: seconds", options)
        ->callback([shared, &status] {
            shared->kind = Kind::deposit;
            status = node::run_bridge(*shared);
        });
    add_transfer(*bridge, "withdraw", "From L2 to L1: after the challenge window", options)
        ->callback([shared, &status] {
            shared->kind = Kind::withdraw;
            status = node::run_bridge(*shared);
        });
    CLI::App* look = bridge->add_subcommand("status", "Where a deposit or withdrawal stands");
    add_layers(*look, options.layers);
    look->add_option("transaction", options.transaction, "Its hash, on the layer it began on")
        ->required();
    look->callback([shared, &status] {
        shared->kind = Kind::status;
        status = node::run_bridge(*shared);
    });
}

}  // namespace mega::app
