#include "settlement/governance.hpp"

#include "crypto/keccak.hpp"
#include "settlement/ask.hpp"

#include <algorithm>
#include <array>

namespace mega::settlement {
namespace {

constexpr uint64_t log_step = 10'000;  // L1 blocks a question
constexpr size_t max_description_bytes = 16'384;
constexpr uint64_t push_gas = 200'000;
constexpr std::array<std::string_view, 8> state_names{
    "pending", "active", "canceled", "defeated", "succeeded", "queued", "expired", "executed"
};

const Hash256& created_topic() {
    static const Hash256 topic = abi::event_topic(
        "ProposalCreated(uint256,address,address[],uint256[],string[],bytes[],uint256,uint256,"
        "string)"
    );
    return topic;
}

abi::Encoder encoder_of(const std::vector<GovernanceCall>& calls) {
    std::vector<Hash256> targets;
    std::vector<Hash256> values;
    std::vector<Bytes> data;
    for (const GovernanceCall& call : calls) {
        targets.push_back(abi::to_word(call.target));
        values.push_back(call.value.to_hash());
        data.push_back(call.data);
    }
    abi::Encoder out;
    out.words(targets).words(values).bytes_list(data);
    return out;
}

Bytes call_about(const Proposal& proposal, std::string_view signature) {
    return encoder_of(proposal.calls)
        .word(crypto::keccak256(as_bytes(proposal.description)))
        .call(signature);
}

/// The bytes[] behind the head at `position`: its offsets count from behind the length.
std::vector<Bytes> read_bytes_list(BytesView data, size_t position) {
    abi::Decoder heads(data.subspan(std::min(data.size(), position * 32)));
    const uint64_t offset = heads.u64();
    if (!heads.is_good() || offset > data.size() || data.size() - offset < 32) {
        return {};
    }
    const BytesView tail = data.subspan(offset);
    // An element has an offset and a length: no more of them than the bytes allow.
    const uint64_t count = std::min<uint64_t>(abi::Decoder(tail).u64(), tail.size() / 64);
    abi::Decoder elements(tail.subspan(32));
    std::vector<Bytes> list;
    list.reserve(count);
    for (uint64_t i = 0; i < count; ++i) {
        list.push_back(elements.bytes());
    }
    return elements.is_good() ? list : std::vector<Bytes>{};
}

/// Nothing when it is not what MegaGovernor writes.
std::optional<Proposal> read_created(const Log& log) {
    abi::Decoder in(log.data);
    Proposal proposal;
    proposal.id = in.number();
    proposal.proposer = in.address();
    const std::vector<Hash256> targets = in.words();
    const std::vector<Hash256> values = in.words();
    (void)in.word();  // signatures: a relic, empty strings
    const std::vector<Bytes> data = read_bytes_list(log.data, 5);
    (void)in.word();
    proposal.vote_start = in.u64();
    (void)in.u64();
    const Bytes description = in.bytes();
    if (!in.is_good() || targets.size() != values.size() || targets.size() != data.size()) {
        return std::nullopt;
    }
    for (size_t i = 0; i < targets.size(); ++i) {
        proposal.calls.push_back({abi::to_address(targets[i]), to_u256(values[i]), data[i]});
    }
    proposal.description.assign(description.begin(), description.end());
    return proposal;
}

Bytes about(const u256& id, std::string_view signature) {
    return abi::Encoder().word(id).call(signature);
}

std::string seconds_left(uint64_t at, uint64_t now) {
    return at > now ? std::to_string(at - now) + " s" : "the next block of L1";
}

}  // namespace

std::string_view name_of(ProposalState state) { return state_names[static_cast<size_t>(state)]; }

std::string mega_words(const u256& wei) {
    std::string digits = to_decimal(wei);
    if (digits.size() < 19) {
        digits.insert(0, 19 - digits.size(), '0');
    }
    std::string fraction = digits.substr(digits.size() - 18);
    fraction.erase(fraction.find_last_not_of('0') + 1);
    return digits.substr(0, digits.size() - 18) + (fraction.empty() ? "" : "." + fraction) +
           " MEGA";
}

Result<u256> Governance::number(const Address& contract, const Bytes& question) {
    return ask(*client_, contract, question, [](abi::Decoder& in) { return in.number(); });
}

Result<uint64_t> Governance::l1_time() {
    const auto latest = client_->block("latest");
    if (!latest || !*latest) {
        return Err{!latest ? latest.error() : Error{"L1 has no latest block"}};
    }
    return (*latest)->timestamp;
}

Result<void> Governance::send(
    const std::string& what, const Address& to, Bytes data, const u256& value
) {
    const auto receipt = send_call(sender_, what, to, std::move(data), value);
    return receipt ? Result<void>{} : Result<void>(Err{receipt.error()});
}

Result<std::vector<Proposal>> Governance::proposals() {
    const auto head = client_->head_number();
    if (!head) {
        return Err{head.error()};
    }
    std::vector<Proposal> all;
    for (uint64_t from = rollup_->config.l1_start_block; from <= *head; from += log_step) {
        const auto logs = client_->logs(
            {.from_block = from,
             .to_block = std::min(*head, from + log_step - 1),
             .addresses = {rollup_->contracts.mega.governor},
             .topics = {created_topic()}}
        );
        if (!logs) {
            return Err{logs.error()};
        }
        for (const L1Log& log : *logs) {
            auto proposal = read_created(log.log);
            if (!proposal) {
                return Err{Error{"L1 transaction " + to_hex(log.tx_hash) + " proposes nonsense"}};
            }
            all.push_back(*std::move(proposal));
        }
    }
    return all;
}

Result<Proposal> Governance::find(const std::string& text) {
    const auto wanted = u256_from_text(text);
    if (!wanted) {
        return Err{Error{"\"" + text + "\" is neither the number nor the id of a proposal"}};
    }
    auto all = proposals();
    if (!all) {
        return Err{all.error()};
    }
    for (size_t i = 0; i < all->size(); ++i) {
        if ((*all)[i].id == *wanted || u256{i + 1} == *wanted) {
            return std::move((*all)[i]);
        }
    }
    return Err{Error{
        "there is no proposal " + text + "; " + std::to_string(all->size()) + " have been made"
    }};
}

Result<ProposalStatus> Governance::status(const Proposal& proposal) {
    const Address& governor = rollup_->contracts.mega.governor;
    const auto now = l1_time();
    const auto state = number(governor, about(proposal.id, "state(uint256)"));
    const auto end = number(governor, about(proposal.id, "proposalDeadline(uint256)"));
    const auto eta = number(governor, about(proposal.id, "proposalEta(uint256)"));
    ProposalStatus status;
    const auto votes =
        ask(*client_,
            governor,
            about(proposal.id, "proposalVotes(uint256)"),
            [&](abi::Decoder& in) {
                status.against = in.number();
                status.in_favour = in.number();
                status.abstaining = in.number();
                return true;
            });
    if (!now || !state || !end || !eta || !votes) {
        return Err{
            !now     ? now.error()
            : !state ? state.error()
            : !end   ? end.error()
            : !eta   ? eta.error()
                     : votes.error()
        };
    }
    if (*state >= u256{state_names.size()}) {
        return Err{Error{"L1 tells a state of a proposal that there is not"}};
    }
    status.state = static_cast<ProposalState>(state->low64());
    status.vote_end = end->low64();
    status.executable_from = eta->low64();
    status.l1_time = *now;
    if (status.state != ProposalState::pending) {
        const auto quorum = number(governor, about(u256{proposal.vote_start}, "quorum(uint256)"));
        if (!quorum) {
            return Err{quorum.error()};
        }
        status.quorum = *quorum;
    }
    return status;
}

Result<void> Governance::check_threshold(const Address& proposer) {
    const Address& governor = rollup_->contracts.mega.governor;
    const auto now = l1_time();
    const auto threshold = number(governor, abi::Encoder().call("proposalThreshold()"));
    if (!now || !threshold) {
        return Err{!now ? now.error() : threshold.error()};
    }
    const auto votes = number(
        governor,
        abi::Encoder().word(proposer).word(u256{*now - 1}).call("getVotes(address,uint256)")
    );
    if (!votes) {
        return Err{votes.error()};
    }
    if (*votes < *threshold) {
        return Err{Error{
            to_hex(proposer) + " has votes of " + mega_words(*votes) + ", a proposal needs " +
            mega_words(*threshold) +
            "; MEGA votes once its owner has named a delegate (mega gov delegate)"
        }};
    }
    return {};
}

Result<u256> Governance::propose(
    const std::vector<GovernanceCall>& calls, const std::string& description
) {
    if (sender_ == nullptr) {
        return Err{Error{"proposing: no key was given"}};
    }
    if (calls.empty() || calls.size() > max_governance_calls) {
        return Err{Error{"a proposal makes between 1 and 64 calls"}};
    }
    if (description.empty() || description.size() > max_description_bytes) {
        return Err{Error{"a proposal wants a description of at most 16384 bytes"}};
    }
    const Address& governor = rollup_->contracts.mega.governor;
    const Proposal proposal{.calls = calls, .description = description};
    const auto id =
        number(governor, call_about(proposal, "hashProposal(address[],uint256[],bytes[],bytes32)"));
    if (!id) {
        return Err{id.error()};
    }
    // 0 for one that is not there.
    const auto snapshot = number(governor, about(*id, "proposalSnapshot(uint256)"));
    if (!snapshot || !snapshot->is_zero()) {
        return snapshot ? id : snapshot;
    }
    if (auto enough = check_threshold(sender_->address()); !enough) {
        return Err{enough.error()};
    }
    auto sent = send(
        "proposing",
        governor,
        encoder_of(calls)
            .bytes(as_bytes(description))
            .call("propose(address[],uint256[],bytes[],string)")
    );
    return sent ? id : Result<u256>(Err{sent.error()});
}

Result<void> Governance::vote(const Proposal& proposal, Choice choice) {
    if (sender_ == nullptr) {
        return Err{Error{"voting: no key was given"}};
    }
    const Address& governor = rollup_->contracts.mega.governor;
    const Address& voter = sender_->address();
    const auto now = status(proposal);
    if (!now) {
        return Err{now.error()};
    }
    if (now->state == ProposalState::pending) {
        return Err{
            Error{"the vote begins in " + seconds_left(proposal.vote_start + 1, now->l1_time)}
        };
    }
    if (now->state != ProposalState::active) {
        return Err{Error{"the vote is over: " + std::string(name_of(now->state))}};
    }
    const auto has_voted = number(
        governor, abi::Encoder().word(proposal.id).word(voter).call("hasVoted(uint256,address)")
    );
    const auto votes = number(
        governor,
        abi::Encoder().word(voter).word(u256{proposal.vote_start}).call("getVotes(address,uint256)")
    );
    if (!has_voted || !votes) {
        return Err{!has_voted ? has_voted.error() : votes.error()};
    }
    if (!has_voted->is_zero()) {
        return Err{Error{to_hex(voter) + " has voted already"}};
    }
    if (votes->is_zero()) {
        return Err{Error{
            to_hex(voter) +
            " had no votes when this vote began; what is delegated later (mega gov delegate) "
            "counts "
            "for later proposals"
        }};
    }
    return send(
        "voting",
        governor,
        abi::Encoder()
            .word(proposal.id)
            .word(u256{static_cast<uint64_t>(choice)})
            .call("castVote(uint256,uint8)")
    );
}

Result<void> Governance::queue(const Proposal& proposal) {
    const auto now = status(proposal);
    if (!now) {
        return Err{now.error()};
    }
    switch (now->state) {
        case ProposalState::queued:
        case ProposalState::executed:
            return {};
        case ProposalState::succeeded:
            return send(
                "queueing",
                rollup_->contracts.mega.governor,
                call_about(proposal, "queue(address[],uint256[],bytes[],bytes32)")
            );
        case ProposalState::active:
            return Err{
                Error{"the vote goes on for " + seconds_left(now->vote_end + 1, now->l1_time)}
            };
        case ProposalState::defeated:
            return Err{Error{
                "it was defeated: for " + mega_words(now->in_favour) + ", against " +
                mega_words(now->against) + "; for and abstaining must reach " +
                mega_words(now->quorum)
            }};
        default:
            return Err{Error{"it is " + std::string(name_of(now->state))}};
    }
}

Result<void> Governance::execute(const Proposal& proposal) {
    const auto now = status(proposal);
    if (!now) {
        return Err{now.error()};
    }
    if (now->state == ProposalState::executed) {
        return {};
    }
    if (now->state != ProposalState::queued) {
        return Err{Error{"it is " + std::string(name_of(now->state)) + ", not queued"}};
    }
    if (now->l1_time < now->executable_from) {
        return Err{Error{
            "it may be executed in " + seconds_left(now->executable_from, now->l1_time) +
            ": the timelock's delay"
        }};
    }
    return send(
        "executing",
        rollup_->contracts.mega.governor,
        call_about(proposal, "execute(address[],uint256[],bytes[],bytes32)")
    );
}

Result<void> Governance::push_parameters() {
    const auto fee = number(
        rollup_->contracts.portal, abi::Encoder().word(u256{push_gas}).call("depositFee(uint64)")
    );
    if (!fee) {
        return Err{fee.error()};
    }
    // Twice, because the price may rise until the call is in; the surplus comes back.
    return send(
        "carrying the parameters to L2",
        rollup_->contracts.l2_parameter_relay,
        abi::Encoder().call("push()"),
        *fee + *fee
    );
}

Result<void> Governance::delegate(const Address& to) {
    if (sender_ == nullptr) {
        return Err{Error{"delegating: no key was given"}};
    }
    for (const Address& source : {rollup_->contracts.token, rollup_->contracts.mega.staked_votes}) {
        const auto present =
            number(source, abi::Encoder().word(sender_->address()).call("delegates(address)"));
        if (!present) {
            return Err{present.error()};
        }
        if (*present == to_u256(to)) {
            continue;
        }
        auto sent =
            send("delegating votes", source, abi::Encoder().word(to).call("delegate(address)"));
        if (!sent) {
            return sent;
        }
    }
    return {};
}

}  // namespace mega::settlement
