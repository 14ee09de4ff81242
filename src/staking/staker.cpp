#include "staking/staker.hpp"

#include "settlement/ask.hpp"
#include "settlement/governance.hpp"

#include <algorithm>
#include <set>

namespace mega::staking {
namespace {

using settlement::mega_words;
using settlement::abi::Decoder;
using settlement::abi::Encoder;

constexpr uint64_t log_step = 10'000;  // L1 blocks a question
constexpr std::string_view unbonding = "Unbonding(uint32,address,uint256,uint256,uint256,uint48)";
constexpr std::string_view bonded = "Bonded(uint32,address,uint256,uint256,uint48)";

Bytes call_with(std::string_view signature, uint64_t argument) {
    return Encoder().word(u256{argument}).call(signature);
}

}  // namespace

Result<u256> Staker::number(const Address& contract, const Bytes& question) {
    return settlement::ask(*client_, contract, question, [](Decoder& in) { return in.number(); });
}

Result<uint64_t> Staker::present_epoch() {
    const auto latest = client_->block("latest");
    if (!latest || !*latest) {
        return Err{!latest ? latest.error() : Error{"L1 has no latest block"}};
    }
    return staking_->clock().epoch_of((*latest)->timestamp);
}

Result<settlement::L1Receipt> Staker::send(const std::string& what, const Address& to, Bytes data) {
    return settlement::send_call(sender_, what, to, std::move(data));
}

Result<void> Staker::allow(const Address& spender, const u256& amount) {
    const Address& token = rollup_->contracts.token;
    const Address& own = sender_->address();
    const auto balance = number(token, Encoder().word(own).call("balanceOf(address)"));
    const auto allowed =
        number(token, Encoder().word(own).word(spender).call("allowance(address,address)"));
    if (!balance || !allowed) {
        return Err{!balance ? balance.error() : allowed.error()};
    }
    if (*balance < amount) {
        return Err{Error{
            to_hex(own) + " has " + mega_words(*balance) + " on L1, wanted are " +
            mega_words(amount)
        }};
    }
    if (*allowed >= amount) {
        return {};
    }
    const auto sent = send(
        "approving", token, Encoder().word(spender).word(amount).call("approve(address,uint256)")
    );
    return sent ? Result<void>{} : Result<void>(Err{sent.error()});
}

Result<uint32_t> Staker::register_validator(const Registration& registration) {
    if (sender_ == nullptr) {
        return Err{Error{"registering: no key was given"}};
    }
    const Address& own = sender_->address();
    const Address& staking = rollup_->contracts.mega.staking;
    auto id = staking_->id_of_operator(own);
    if (!id || *id != 0) {
        return id;
    }
    const auto least = number(staking, Encoder().call("minSelfStake()"));
    const auto most_bps = number(staking, Encoder().call("MAX_COMMISSION_BPS()"));
    if (!least || !most_bps) {
        return Err{!least ? least.error() : most_bps.error()};
    }
    if (registration.self_stake < *least) {
        return Err{Error{
            "a validator stakes " + mega_words(*least) + " itself at least, not " +
            mega_words(registration.self_stake)
        }};
    }
    if (u256{registration.commission_bps} > *most_bps) {
        return Err{Error{
            "the commission may be " + to_decimal(*most_bps) + " hundredths of a per cent at most"
        }};
    }
    const auto proofs = prove_keys(
        registration.attester,
        registration.base,
        {rollup_->config.l1_chain_id, staking_->l2_chain_id(), staking},
        own
    );
    if (!proofs) {
        return Err{proofs.error()};
    }
    if (auto allowed = allow(staking, registration.self_stake); !allowed) {
        return Err{allowed.error()};
    }
    const auto sent = send(
        "registering",
        staking,
        register_call(
            *proofs, registration.commission_bps, registration.self_stake, registration.outbid
        )
    );
    return sent ? staking_->id_of_operator(own) : Result<uint32_t>(Err{sent.error()});
}

Result<void> Staker::delegate(uint32_t id, const u256& amount) {
    if (sender_ == nullptr) {
        return Err{Error{"delegating: no key was given"}};
    }
    const Address& staking = rollup_->contracts.mega.staking;
    const auto operator_address = staking_->operator_of(id);
    const auto least = number(staking, Encoder().call("minDelegation()"));
    if (!operator_address || !least) {
        return Err{!operator_address ? operator_address.error() : least.error()};
    }
    if (operator_address->is_zero()) {
        return Err{Error{"there is no validator " + std::to_string(id)}};
    }
    if (amount < *least) {
        return Err{Error{mega_words(*least) + " are the least that can be delegated"}};
    }
    if (auto allowed = allow(staking, amount); !allowed) {
        return allowed;
    }
    const auto sent = send(
        "delegating", staking, Encoder().word(u256{id}).word(amount).call("delegate(uint32,uint96)")
    );
    return sent ? Result<void>{} : Result<void>(Err{sent.error()});
}

/// Sends what unbonds, and reads the request out of its log.
Result<ExitRequest> Staker::leave(const std::string& what, Bytes data) {
    const auto sent = send(what, rollup_->contracts.mega.staking, std::move(data));
    if (!sent) {
        return Err{sent.error()};
    }
    const Hash256 topic = settlement::abi::event_topic(unbonding);
    for (const Log& log : sent->logs) {
        if (log.topics.size() == 4 && log.topics[0] == topic) {
            const auto found = request(to_u256(log.topics[3]).low64(), sender_->address());
            if (!found || *found) {
                return found ? Result<ExitRequest>(**found)
                             : Result<ExitRequest>(Err{found.error()});
            }
        }
    }
    return Err{Error{what + ": " + to_hex(sent->tx_hash) + " unbonded nothing"}};
}

Result<ExitRequest> Staker::undelegate(uint32_t id, const std::optional<u256>& amount) {
    if (sender_ == nullptr) {
        return Err{Error{"undelegating: no key was given"}};
    }
    const Address& staking = rollup_->contracts.mega.staking;
    const Address& own = sender_->address();
    const Bytes whose = Encoder().word(u256{id}).word(own).call("stakeOf(uint32,address)");
    const auto stake = number(staking, whose);
    const auto shares =
        number(staking, Encoder().word(u256{id}).word(own).call("sharesOf(uint32,address)"));
    if (!stake || !shares) {
        return Err{!stake ? stake.error() : shares.error()};
    }
    if (shares->is_zero() || (amount && *amount > *stake)) {
        return Err{Error{
            to_hex(own) + " has " + mega_words(*stake) + " with validator " + std::to_string(id)
        }};
    }
    const u256 leaving = amount ? *shares * *amount / *stake : *shares;
    return leave(
        "undelegating", Encoder().word(u256{id}).word(leaving).call("undelegate(uint32,uint128)")
    );
}

Result<ExitRequest> Staker::retire() {
    if (sender_ == nullptr) {
        return Err{Error{"retiring: no key was given"}};
    }
    const auto id = staking_->id_of_operator(sender_->address());
    if (!id) {
        return Err{id.error()};
    }
    if (*id == 0) {
        return Err{Error{to_hex(sender_->address()) + " is no validator's operator"}};
    }
    return leave("retiring", Encoder().call("retire()"));
}

Result<std::optional<ExitRequest>> Staker::request(uint64_t number, const Address& account) {
    const auto delay =
        this->number(rollup_->contracts.mega.staking, Encoder().call("unbondingEpochs()"));
    if (!delay) {
        return Err{delay.error()};
    }
    return settlement::ask(
        *client_,
        rollup_->contracts.mega.staking,
        call_with("requests(uint256)", number),
        [&](Decoder& in) {
            const Address whose = in.address();
            ExitRequest read{.number = number};
            read.id = static_cast<uint32_t>(in.u64());
            read.payable_epoch = in.u64() + delay->low64();
            read.shares = in.number();
            return whose == account ? std::optional(read) : std::optional<ExitRequest>{};
        }
    );
}

Result<std::vector<Log>> Staker::logs_of(
    std::string_view event, size_t topic, const Address& account
) {
    const auto head = client_->head_number();
    if (!head) {
        return Err{head.error()};
    }
    std::vector<Log> found;
    const Hash256 wanted = settlement::abi::to_word(account);
    for (uint64_t from = rollup_->config.l1_start_block; from <= *head; from += log_step) {
        const auto logs = client_->logs(
            {.from_block = from,
             .to_block = std::min(*head, from + log_step - 1),
             .addresses = {rollup_->contracts.mega.staking},
             .topics = {settlement::abi::event_topic(event)}}
        );
        if (!logs) {
            return Err{logs.error()};
        }
        for (const auto& log : *logs) {
            if (log.log.topics.size() > topic && log.log.topics[topic] == wanted) {
                found.push_back(log.log);
            }
        }
    }
    return found;
}

Result<std::vector<ExitRequest>> Staker::requests_of(const Address& account) {
    const auto logs = logs_of(unbonding, 2, account);
    if (!logs) {
        return Err{logs.error()};
    }
    std::vector<ExitRequest> open;
    for (const Log& log : *logs) {
        if (log.topics.size() != 4) {
            continue;
        }
        const auto found = request(to_u256(log.topics[3]).low64(), account);
        if (!found) {
            return Err{found.error()};
        }
        if (*found) {
            open.push_back(**found);
        }
    }
    return open;
}

Result<void> Staker::withdraw(const ExitRequest& request) {
    const auto now = present_epoch();
    if (!now) {
        return Err{now.error()};
    }
    if (*now < request.payable_epoch) {
        return Err{Error{
            "request " + std::to_string(request.number) + " is paid from epoch " +
            std::to_string(request.payable_epoch) + " on; this is epoch " + std::to_string(*now)
        }};
    }
    const auto sent = send(
        "withdrawing",
        rollup_->contracts.mega.staking,
        call_with("withdraw(uint256)", request.number)
    );
    return sent ? Result<void>{} : Result<void>(Err{sent.error()});
}

Result<std::vector<Position>> Staker::positions_of(const Address& account) {
    const auto logs = logs_of(bonded, 2, account);
    if (!logs) {
        return Err{logs.error()};
    }
    std::set<uint32_t> ids;
    for (const Log& log : *logs) {
        ids.insert(static_cast<uint32_t>(to_u256(log.topics[1]).low64()));
    }
    std::vector<Position> positions;
    for (const uint32_t id : ids) {
        const auto stake = number(
            rollup_->contracts.mega.staking,
            Encoder().word(u256{id}).word(account).call("stakeOf(uint32,address)")
        );
        if (!stake) {
            return Err{stake.error()};
        }
        if (!stake->is_zero()) {
            positions.push_back({id, *stake});
        }
    }
    return positions;
}

Result<void> Staker::bond_as_operator() {
    if (sender_ == nullptr) {
        return Err{Error{"proposing rewards: no key was given"}};
    }
    const auto id = staking_->id_of_operator(sender_->address());
    const auto barred = id && *id != 0 ? staking_->is_barred(*id) : Result<bool>(false);
    const auto bond = number(rollup_->contracts.mega.rewards, Encoder().call("bond()"));
    if (!id || !barred || !bond) {
        return Err{!id ? id.error() : !barred ? barred.error() : bond.error()};
    }
    if (*id == 0 || *barred) {
        return Err{Error{
            to_hex(sender_->address()) +
            (*id == 0 ? " is no validator's operator: it takes one to propose a root or to object"
                      : " is jailed or out: it takes a validator in office")
        }};
    }
    return allow(rollup_->contracts.mega.rewards, *bond);
}

Result<void> Staker::propose_rewards(const CheckedReport& checked) {
    const std::string epoch = std::to_string(checked.report.epoch);
    if (checked.matches()) {
        return {};
    }
    if (checked.posted.status != RewardStatus::none) {
        return Err{Error{
            "epoch " + epoch + " has another root on L1, " + to_hex(checked.posted.root) +
            ": --object puts a bond against it"
        }};
    }
    if (checked.report.leaves.empty()) {
        return Err{Error{
            "nobody earned anything in epoch " + epoch +
            ": it is skipped by vote (mega gov propose --skip-rewards)"
        }};
    }
    const Address& rewards = rollup_->contracts.mega.rewards;
    const auto next = number(rewards, Encoder().call("nextEpoch()"));
    if (!next) {
        return Err{next.error()};
    }
    if (*next != u256{checked.report.epoch}) {
        return Err{Error{
            "roots are taken in order, the next one is that of epoch " + to_decimal(*next) +
            ": propose it, or have it skipped by vote (mega gov propose --skip-rewards)"
        }};
    }
    if (auto bonded_now = bond_as_operator(); !bonded_now) {
        return bonded_now;
    }
    const auto sent = send(
        "proposing rewards",
        rewards,
        Encoder()
            .word(u256{checked.report.epoch})
            .word(checked.report.root)
            .word(checked.report.total)
            .call("propose(uint48,bytes32,uint128)")
    );
    return sent ? Result<void>{} : Result<void>(Err{sent.error()});
}

Result<void> Staker::object(const CheckedReport& checked) {
    const std::string epoch = "epoch " + std::to_string(checked.report.epoch);
    if (checked.posted.status != RewardStatus::proposed) {
        return Err{Error{epoch + " has no root on L1 that one could object to"}};
    }
    if (checked.matches()) {
        return Err{Error{"the root of " + epoch + " on L1 is right"}};
    }
    if (auto bonded_now = bond_as_operator(); !bonded_now) {
        return bonded_now;
    }
    const auto sent = send(
        "objecting",
        rollup_->contracts.mega.rewards,
        call_with("object(uint48)", checked.report.epoch)
    );
    return sent ? Result<void>{} : Result<void>(Err{sent.error()});
}

/// Only what the report confirms.
Result<void> Staker::make_final(const CheckedReport& checked) {
    const PostedRewards& posted = checked.posted;
    const std::string epoch = "epoch " + std::to_string(checked.report.epoch);
    if (posted.status == RewardStatus::none || posted.status == RewardStatus::disputed) {
        return Err{Error{
            epoch + (posted.status == RewardStatus::none
                         ? " has no root on L1"
                         : "'s root is disputed: governance decides")
        }};
    }
    if (!checked.matches()) {
        return Err{Error{
            epoch + " has the root " + to_hex(posted.root) + " on L1, the report gives " +
            to_hex(checked.report.root) + ": no proof of ours fits"
        }};
    }
    if (posted.status == RewardStatus::final_) {
        return {};
    }
    const auto latest = client_->block("latest");
    if (!latest || !*latest) {
        return Err{!latest ? latest.error() : Error{"L1 has no latest block"}};
    }
    if ((*latest)->timestamp < posted.finalizable_at) {
        return Err{Error{
            epoch + "'s root is not final yet: objections may come for " +
            std::to_string(posted.finalizable_at - (*latest)->timestamp) + " s more"
        }};
    }
    const auto sent = send(
        "making the root final",
        rollup_->contracts.mega.rewards,
        call_with("finalize(uint48)", checked.report.epoch)
    );
    return sent ? Result<void>{} : Result<void>(Err{sent.error()});
}

Result<void> Staker::claim(const CheckedReport& checked, const Address& account) {
    const RewardReport& report = checked.report;
    const std::string epoch = "epoch " + std::to_string(report.epoch);
    if (auto final_now = make_final(checked); !final_now) {
        return final_now;
    }
    const RewardLeaf* leaf = report.leaf_of(account);
    if (leaf == nullptr) {
        return Err{Error{to_hex(account) + " earned nothing in " + epoch}};
    }
    const Address& rewards = rollup_->contracts.mega.rewards;
    const auto done = number(
        rewards, Encoder().word(u256{report.epoch}).word(account).call("hasClaimed(uint48,address)")
    );
    if (!done) {
        return Err{done.error()};
    }
    if (!done->is_zero()) {
        return Err{Error{to_hex(account) + " has been paid for " + epoch + " already"}};
    }
    const auto position = static_cast<size_t>(leaf - report.leaves.data());
    const auto sent = send(
        "claiming",
        rewards,
        Encoder()
            .word(u256{report.epoch})
            .word(account)
            .word(leaf->amount)
            .words(report.proof_of(position))
            .call("claim(uint48,address,uint256,bytes32[])")
    );
    return sent ? Result<void>{} : Result<void>(Err{sent.error()});
}

}  // namespace mega::staking
