#include "commands.hpp"
#include "layers_options.hpp"

#include <memory>

namespace mega::app {
namespace {

using Kind = node::StakingCommand::Kind;
using Options = std::shared_ptr<node::StakingCommand>;

CLI::App& add(
    CLI::App& staking,
    const std::string& name,
    const std::string& what,
    Kind kind,
    const Options& options,
    int& status
) {
    CLI::App* command = staking.add_subcommand(name, what);
    add_l1(*command, options->layers);
    add_key(*command, options->layers);
    command->callback([options, kind, &status] {
        options->kind = kind;
        status = node::run_staking(*options);
    });
    return *command;
}

void add_moves(CLI::App& staking, const Options& options, int& status) {
    CLI::App& delegate =
        add(staking, "delegate", "Stake with a validator", Kind::delegate, options, status);
    CLI::App& undelegate = add(
        staking, "undelegate", "Take stake back, after a while", Kind::undelegate, options, status
    );
    for (CLI::App* command : {&delegate, &undelegate}) {
        command->add_option("validator", options->validator, "Its id")->required();
    }
    delegate.add_option("amount", options->amount, "How much, in MEGA")->required();
    undelegate.add_option("amount", options->amount, "How much, in MEGA, or all")
        ->capture_default_str();
    add(staking, "withdraw", "Be paid what has left", Kind::withdraw, options, status);
    add(staking, "retire", "Give the seat back, with all own stake", Kind::retire, options, status);
}

}  // namespace

void add_staking_command(CLI::App& root, int& status) {
    const auto options = std::make_shared<node::StakingCommand>();
    CLI::App* staking = root.add_subcommand("staking", "Stake, duties, rewards (docs/staking.md)");
    staking->require_subcommand(1);

    CLI::App& registering =
        add(*staking, "register", "Become a validator", Kind::register_validator, options, status);
    registering.add_option("amount", options->amount, "Own stake, in MEGA")->required();
    registering.add_option("--bls-key", options->bls_key_file, "Key file of `mega validate`")
        ->required();
    registering.add_option("--signer-key", options->signer_key_file, "--key of `mega node`")
        ->required();
    registering.add_option(
        "--signer-password-file", options->signer_password_file, "Its keystore's password"
    );
    registering
        .add_option(
            "--commission",
            options->commission_bps,
            "Of what delegators earn, in hundredths of a per cent"
        )
        ->capture_default_str();
    registering.add_option(
        "--outbid", options->outbid, "Id of the validator that loses its seat, when none is free"
    );

    add_moves(*staking, options, status);

    CLI::App& show =
        add(*staking, "show", "Stakes, leaders, committee; own stake", Kind::show, options, status);
    CLI::App& report =
        add(*staking, "report", "Compute an epoch's rewards from L1", Kind::report, options, status
        );
    CLI::App& claim =
        add(*staking, "claim", "Be paid an epoch's rewards", Kind::claim, options, status);
    show.add_option("--epoch", options->epoch, "[the present one]");
    for (CLI::App* command : {&report, &claim}) {
        command->add_option("--epoch", options->epoch, "Which epoch")->required();
    }
    for (CLI::App* command : {&show, &report}) {
        command->add_flag("--json", options->is_json, "For programs");
    }
    CLI::Option* proposes = report.add_flag(
        "--propose", options->proposes, "Post its root on L1, with a bond, as an operator"
    );
    report.add_flag("--object", options->objects, "Put a bond against another root on L1")
        ->excludes(proposes);
    claim.add_option("--for", options->to, "Whose rewards [the sender's]");
}

}  // namespace mega::app
