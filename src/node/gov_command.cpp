#include "node/commands.hpp"
#include "node/l1_session.hpp"
#include "settlement/governance.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>

namespace mega::node {
namespace {

namespace l1 = mega::settlement;
using Kind = GovCommand::Kind;

Result<std::vector<l1::GovernanceCall>> calls_of(const GovCommand& command, L1Session& session) {
    auto calls =
        l1::calls_of_settings(*session.l1_node, session.rollup.contracts, command.settings);
    if (!calls) {
        return calls;
    }
    if (command.skip_rewards) {
        auto skipping = l1::calls_to_skip_rewards(
            *session.l1_node, session.rollup.contracts, *command.skip_rewards
        );
        if (!skipping) {
            return skipping;
        }
        std::ranges::move(*skipping, std::back_inserter(*calls));
    }
    if (command.targets.size() != command.calldatas.size()) {
        return Err{Error{"as many --target as --calldata, please"}};
    }
    for (size_t i = 0; i < command.targets.size(); ++i) {
        const auto target = fixed_from_hex<20>(command.targets[i]);
        const auto data = from_hex(command.calldatas[i]);
        if (!target || !data) {
            return Err{Error{
                (!target ? "--target is no address: " + command.targets[i]
                         : "--calldata is not hexadecimal: " + command.calldatas[i])
            }};
        }
        calls->push_back({*target, {}, *data});
    }
    if (calls->empty()) {
        return Err{
            Error{"propose what? --set NAME=VALUE, --skip-rewards, or --target with --calldata"}
        };
    }
    return calls;
}

Result<void> propose(const GovCommand& command, L1Session& session, l1::Governance& governance) {
    const auto calls = calls_of(command, session);
    if (!calls) {
        return Err{calls.error()};
    }
    for (const auto& call : *calls) {
        say(l1::words_of(call, session.rollup.contracts));
    }
    const auto id = governance.propose(*calls, command.description);
    if (!id) {
        return Err{id.error()};
    }
    say("proposal " + to_decimal(*id));
    return {};
}

/// Whoever proposes writes what it likes: nothing of it shall move the reader's terminal.
std::string printable(std::string text) {
    std::ranges::replace_if(
        text, [](unsigned char letter) { return letter < 0x20 || letter == 0x7f; }, ' '
    );
    return text;
}

std::string time_words(const l1::Proposal& proposal, const l1::ProposalStatus& status) {
    const auto left = [&](uint64_t at) {
        return at > status.l1_time ? " in " + std::to_string(at - status.l1_time) + " s" : " now";
    };
    switch (status.state) {
        case l1::ProposalState::pending:
            return ", the vote begins" + left(proposal.vote_start + 1);
        case l1::ProposalState::active:
            return ", the vote ends" + left(status.vote_end + 1);
        case l1::ProposalState::queued:
            return ", may be executed" + left(status.executable_from);
        default:
            return "";
    }
}

nlohmann::ordered_json to_object(
    const l1::Proposal& proposal, const l1::ProposalStatus& status, const l1::Contracts& contracts
) {
    nlohmann::ordered_json calls = nlohmann::ordered_json::array();
    for (const auto& call : proposal.calls) {
        calls.push_back(
            {{"target", to_hex(call.target)},
             {"value", to_decimal(call.value)},
             {"calldata", to_hex(call.data)},
             {"words", l1::words_of(call, contracts)}}
        );
    }
    return {
        {"id", to_decimal(proposal.id)},
        {"proposer", to_hex(proposal.proposer)},
        {"state", std::string(l1::name_of(status.state))},
        {"description", proposal.description},
        {"for", to_decimal(status.in_favour)},
        {"against", to_decimal(status.against)},
        {"abstain", to_decimal(status.abstaining)},
        {"quorum", to_decimal(status.quorum)},
        {"voteStart", proposal.vote_start},
        {"voteEnd", status.vote_end},
        {"eta", status.executable_from},
        {"calls", std::move(calls)},
    };
}

Result<void> show(const GovCommand& command, L1Session& session, l1::Governance& governance) {
    auto all = governance.proposals();
    if (!all) {
        return Err{all.error()};
    }
    const auto wanted = command.proposal.empty() ? Result<l1::Proposal>(l1::Proposal{})
                                                 : governance.find(command.proposal);
    if (!wanted) {
        return Err{wanted.error()};
    }
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (size_t i = 0; i < all->size(); ++i) {
        const l1::Proposal& proposal = (*all)[i];
        if (!command.proposal.empty() && proposal.id != wanted->id) {
            continue;
        }
        const auto status = governance.status(proposal);
        if (!status) {
            return Err{status.error()};
        }
        if (command.is_json) {
            list.push_back(to_object(proposal, *status, session.rollup.contracts));
            continue;
        }
        say(std::to_string(i + 1) + "  " + std::string(l1::name_of(status->state)) +
            time_words(proposal, *status));
        say("   id " + to_decimal(proposal.id));
        say("   by " + to_hex(proposal.proposer) + ": " + printable(proposal.description));
        say("   for " + l1::mega_words(status->in_favour) + ", against " +
            l1::mega_words(status->against) + ", abstaining " + l1::mega_words(status->abstaining) +
            "; quorum " + l1::mega_words(status->quorum));
        for (const auto& call : proposal.calls) {
            say("   " + l1::words_of(call, session.rollup.contracts));
        }
    }
    if (command.is_json) {
        say(list.dump(4, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
    } else if (all->empty()) {
        say("nothing has been proposed");
    }
    return {};
}

Result<void> execute(
    const l1::Proposal& proposal, const L1Session& session, l1::Governance& governance
) {
    if (auto done = governance.execute(proposal); !done) {
        return done;
    }
    say("executed");
    for (const auto& call : proposal.calls) {
        if (l1::changes_l2(call, session.rollup.contracts)) {
            auto pushed = governance.push_parameters();
            if (pushed) {
                say("the chain's parameters are on their way to L2");
            }
            return pushed;
        }
    }
    return {};
}

Result<void> step(const GovCommand& command, L1Session& session, l1::Governance& governance) {
    const auto proposal = governance.find(command.proposal);
    if (!proposal) {
        return Err{proposal.error()};
    }
    if (command.kind == Kind::execute) {
        return execute(*proposal, session, governance);
    }
    const int choices = int{command.is_for} + int{command.is_against} + int{command.abstains};
    if (command.kind == Kind::vote && choices != 1) {
        return Err{Error{"one of --for, --against and --abstain, please"}};
    }
    auto done = command.kind == Kind::queue ? governance.queue(*proposal)
                                            : governance.vote(
                                                  *proposal,
                                                  command.is_for       ? l1::Choice::in_favour
                                                  : command.is_against ? l1::Choice::against
                                                                       : l1::Choice::abstain
                                              );
    if (done) {
        say(command.kind == Kind::queue ? "queued" : "voted");
    }
    return done;
}

Result<void> run(const GovCommand& command) {
    auto session = open_l1_session(
        command.layers, /*needs_key=*/command.kind != Kind::show, /*needs_l2=*/false
    );
    if (!session) {
        return Err{session.error()};
    }
    if ((*session)->rollup.contracts.mega.governor.is_zero()) {
        return Err{Error{command.layers.rollup_file.string() + " names no governor"}};
    }
    l1::Governance governance(
        *(*session)->l1_node, (*session)->l1_sender.get(), (*session)->rollup
    );
    switch (command.kind) {
        case Kind::propose:
            return propose(command, **session, governance);
        case Kind::show:
            return show(command, **session, governance);
        case Kind::push: {
            auto pushed = governance.push_parameters();
            if (pushed) {
                say("the chain's parameters are on their way to L2");
            }
            return pushed;
        }
        case Kind::delegate: {
            const Address& own = (*session)->l1_sender->address();
            const auto to = fixed_from_hex<20>(command.to.empty() ? to_hex(own) : command.to);
            if (!to) {
                return Err{Error{"\"" + command.to + "\" is no address"}};
            }
            auto done = governance.delegate(*to);
            if (done) {
                say("votes of " + to_hex(own) + " go to " + to_hex(*to));
            }
            return done;
        }
        default:
            return step(command, **session, governance);
    }
}

}  // namespace

int run_gov(const GovCommand& command) {
    if (const auto done = run(command); !done) {
        std::fprintf(stderr, "mega gov: %s\n", done.error().message.c_str());
        return 1;
    }
    return 0;
}

}  // namespace mega::node
