#include "commands.hpp"
#include "layers_options.hpp"

#include <memory>

namespace mega::app {

namespace {

using Kind = node::SwapCommand::Kind;

CLI::App* add_step(
    CLI::App& swap,
    const std::string& name,
    const std::string& description,
    const std::shared_ptr<node::SwapCommand>& shared,
    int& status
) {
    static const std::map<std::string, Kind> kinds{
        {"offer", Kind::offer},
        {"accept", Kind::accept},
        {"claim", Kind::claim},
        {"refund", Kind::refund},
        {"status", Kind::status}
    };
    CLI::App* step = swap.add_subcommand(name, description);
    add_layers(*step, shared->layers);
    step->add_option("file", shared->file, "The swap's terms, which both sides hold")->required();
    if (name != "status") {
        add_key(*step, shared->layers);
        step->add_option("--margin-s", shared->margin_s, "Least time to react")
            ->capture_default_str();
    }
    if (name == "accept" || name == "claim") {
        step->add_option(
                "--finality", shared->finality, "What the block of the other side's lock must be"
        )
            ->check(CLI::IsMember({"latest", "safe", "finalized"}))
            ->capture_default_str();
    }
    const Kind kind = kinds.at(name);
    step->callback([shared, &status, kind] {
        shared->kind = kind;
        status = node::run_swap(*shared);
    });
    return step;
}

}  // namespace

void add_swap_command(CLI::App& root, int& status) {
    const auto shared = std::make_shared<node::SwapCommand>();
    node::SwapCommand& options = *shared;
    CLI::App* swap = root.add_subcommand("swap", "Exchange between the layers without trust");
    swap->require_subcommand(1);
    CLI::App* offer = add_step(*swap, "offer", "Lock the first leg; writes FILE", shared, status);
    offer->add_option("--give", options.give, "Amount, in units of 10^18")->required();
    offer->add_option("--want", options.want, "Amount on the other layer")->required();
    offer->add_option("--on", options.give_on, "The layer that it is given on")
        ->check(CLI::IsMember({"l1", "l2"}))
        ->capture_default_str();
    offer->add_option("--to", options.to, "Who may accept")->required();
    offer->add_option("--give-token", options.give_token, "Token [ether on L1, MEGA on L2]");
    offer->add_option("--want-token", options.want_token, "Token [ether on L1, MEGA on L2]");
    offer->add_option("--minutes", options.minutes, "Time until the first leg goes back")
        ->capture_default_str();
    add_step(*swap, "accept", "Check the first leg, lock the second", shared, status);
    add_step(*swap, "claim", "Take what the other side has locked", shared, status);
    add_step(*swap, "refund", "Take back what nobody claimed", shared, status);
    add_step(*swap, "status", "Where both legs stand", shared, status);
}

}  // namespace mega::app
