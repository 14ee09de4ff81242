#include "commands.hpp"
#include "layers_options.hpp"

#include <memory>

namespace mega::app {
namespace {

using Kind = node::GovCommand::Kind;

CLI::App* add_step(
    CLI::App& gov,
    const std::string& name,
    const std::string& description,
    const std::shared_ptr<node::GovCommand>& options,
    int& status
) {
    CLI::App* command = gov.add_subcommand(name, description);
    add_l1(*command, options->layers);
    add_key(*command, options->layers);
    const Kind kind = name == "propose"    ? Kind::propose
                      : name == "vote"     ? Kind::vote
                      : name == "queue"    ? Kind::queue
                      : name == "execute"  ? Kind::execute
                      : name == "push"     ? Kind::push
                      : name == "delegate" ? Kind::delegate
                                           : Kind::show;
    command->callback([options, kind, &status] {
        options->kind = kind;
        status = node::run_gov(*options);
    });
    return command;
}

void add_proposal(CLI::App& command, node::GovCommand& options) {
    command.add_option("proposal", options.proposal, "Its number in `mega gov show`, or its id")
        ->required();
}

}  // namespace

void add_gov_command(CLI::App& root, int& status) {
    const auto shared = std::make_shared<node::GovCommand>();
    node::GovCommand& options = *shared;
    CLI::App* gov = root.add_subcommand("gov", "Propose, vote, and carry out (docs/governance.md)");
    gov->require_subcommand(1);

    CLI::App* propose = add_step(*gov, "propose", "Make a proposal", shared, status);
    propose->add_option(
        "--set", options.settings, "NAME=VALUE of a setting, such as gasLimit=60000000"
    );
    propose->add_option("--target", options.targets, "A contract to call");
    propose->add_option("--calldata", options.calldatas, "With what: 0x and hexadecimal digits");
    propose->add_option(
        "--skip-rewards",
        options.skip_rewards,
        "Let rewards go on behind this epoch, with no root up to it"
    );
    propose->add_option("--description", options.description, "What it is for")->required();

    CLI::App* vote = add_step(*gov, "vote", "Vote on a proposal, once", shared, status);
    add_proposal(*vote, options);
    vote->add_flag("--for", options.is_for, "In favour");
    vote->add_flag("--against", options.is_against, "Against");
    vote->add_flag("--abstain", options.abstains, "Counts towards the quorum alone");

    add_proposal(
        *add_step(*gov, "queue", "Hand one that has succeeded to the timelock", shared, status),
        options
    );
    add_proposal(
        *add_step(
            *gov, "execute", "Carry one out when the timelock's delay is over", shared, status
        ),
        options
    );
    add_step(*gov, "push", "Carry the chain's parameters from L1 to L2 again", shared, status);
    add_step(*gov, "delegate", "Name who votes with one's MEGA, held and staked", shared, status)
        ->add_option("to", options.to, "Who [oneself]");
    CLI::App* show = add_step(*gov, "show", "Proposals, their states and votes", shared, status);
    show->add_option("proposal", options.proposal, "This one alone");
    show->add_flag("--json", options.is_json, "For programs");
}

}  // namespace mega::app
