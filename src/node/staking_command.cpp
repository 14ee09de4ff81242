#include "node/commands.hpp"
#include "node/l1_options.hpp"
#include "node/l1_session.hpp"
#include "settlement/governance.hpp"
#include "staking/staker.hpp"

#include <nlohmann/json.hpp>

#include <cstdio>

namespace mega::node {
namespace {

namespace l1 = mega::settlement;
using staking::L1Staking;
using Kind = StakingCommand::Kind;
using Json = nlohmann::ordered_json;

/// What every subcommand has at hand.
struct Desk {
    const StakingCommand& command;
    L1Session& session;
    L1Staking& chain;
    staking::Staker staker;
    staking::RewardSource rewards;
};

Result<void> register_validator(Desk& desk) {
    const auto amount = parse_amount(desk.command.amount);
    const auto attester = read_l1_key(desk.command.bls_key_file, {});
    const auto base = read_l1_key(desk.command.signer_key_file, desk.command.signer_password_file);
    if (!amount || !attester || !base) {
        return Err{!amount ? amount.error() : !attester ? attester.error() : base.error()};
    }
    const auto id = desk.staker.register_validator(
        {.attester = *attester,
         .base = *base,
         .commission_bps = desk.command.commission_bps,
         .self_stake = *amount,
         .outbid = desk.command.outbid}
    );
    if (!id) {
        return Err{id.error()};
    }
    const auto signer = desk.chain.signer_of(*id);
    say(to_hex(desk.session.l1_sender->address()) + " is validator " + std::to_string(*id) +
        (signer ? ", its mini-blocks are signed by " + to_hex(*signer) : ""));
    return {};
}

void say_request(const staking::ExitRequest& request) {
    say("request " + std::to_string(request.number) + ": " + l1::mega_words(request.shares) +
        " of validator " + std::to_string(request.id) + ", paid from epoch " +
        std::to_string(request.payable_epoch) + " on (mega staking withdraw)");
}

Result<void> delegate(Desk& desk) {
    const auto amount = parse_amount(desk.command.amount);
    if (!amount) {
        return Err{amount.error()};
    }
    auto done = desk.staker.delegate(desk.command.validator, *amount);
    if (done) {
        say(l1::mega_words(*amount) + " delegated to validator " +
            std::to_string(desk.command.validator));
    }
    return done;
}

Result<void> undelegate(Desk& desk) {
    std::optional<u256> amount;
    if (desk.command.amount != "all") {
        const auto parsed = parse_amount(desk.command.amount);
        if (!parsed) {
            return Err{parsed.error()};
        }
        amount = *parsed;
    }
    const auto request = desk.command.kind == Kind::retire
                             ? desk.staker.retire()
                             : desk.staker.undelegate(desk.command.validator, amount);
    if (!request) {
        return Err{request.error()};
    }
    say_request(*request);
    return {};
}

/// All that are ripe; it is an error that there are some and none is.
Result<void> withdraw(Desk& desk) {
    const auto requests = desk.staker.requests_of(desk.session.l1_sender->address());
    if (!requests) {
        return Err{requests.error()};
    }
    if (requests->empty()) {
        say("nothing is on its way out");
        return {};
    }
    size_t paid = 0;
    std::string waits;
    for (const auto& request : *requests) {
        if (auto done = desk.staker.withdraw(request); !done) {
            waits = done.error().message;
            say("not yet: " + waits);
            continue;
        }
        ++paid;
        say("request " + std::to_string(request.number) + " is paid");
    }
    return paid > 0 ? Result<void>{} : Result<void>(Err{Error{waits}});
}

Json leaders_of(Desk& desk, uint64_t epoch) {
    const auto& clock = desk.chain.clock();
    Json slots = Json::array();
    for (uint64_t slot = 0; slot < clock.slots_per_epoch; ++slot) {
        const uint64_t start = clock.epoch_start(epoch) + slot * clock.slot_length();
        const auto ids = desk.chain.candidates_of(start);
        const auto leader = desk.chain.leader_at(start);
        slots.push_back(
            {{"start", start},
             {"leader", leader ? to_hex(*leader) : ""},
             {"candidates", ids ? Json(*ids) : Json::array()}}
        );
    }
    return slots;
}

Result<Json> overview(Desk& desk) {
    const auto now = desk.staker.present_epoch();
    if (!now) {
        return Err{now.error()};
    }
    const uint64_t epoch = desk.command.epoch.value_or(*now);
    const auto table = desk.chain.stake_table(epoch);
    const auto drawn = desk.chain.last_opened(epoch);
    if (!table || !drawn) {
        return Err{!table ? table.error() : drawn.error()};
    }
    Json out = {
        {"epoch", epoch}, {"presentEpoch", *now}, {"totalStake", to_decimal(table->total())}
    };
    out["drawnBy"] = *drawn ? Json(**drawn) : Json(nullptr);
    out["validators"] = Json::array();
    for (const auto& entry : table->entries) {
        const auto keys = desk.chain.keys_of(entry.id);
        if (!keys) {
            return Err{keys.error()};
        }
        out["validators"].push_back(
            {{"id", entry.id},
             {"stake", to_decimal(entry.stake)},
             {"operator", to_hex(keys->operator_address)},
             {"signer", to_hex(keys->signer)}}
        );
    }
    out["slots"] = leaders_of(desk, epoch);
    out["committee"] = Json::array();
    if (*drawn) {
        const auto committee = desk.chain.committee(**drawn);
        if (!committee) {
            return Err{committee.error()};
        }
        out["committee"] = committee->ids;
    }
    return out;
}

Result<Json> own_position(Desk& desk) {
    const Address& own = desk.session.l1_sender->address();
    const auto positions = desk.staker.positions_of(own);
    const auto requests = desk.staker.requests_of(own);
    if (!positions || !requests) {
        return Err{!positions ? positions.error() : requests.error()};
    }
    Json out = {{"account", to_hex(own)}, {"stakes", Json::array()}, {"leaving", Json::array()}};
    for (const auto& position : *positions) {
        out["stakes"].push_back({{"validator", position.id}, {"stake", to_decimal(position.stake)}}
        );
    }
    for (const auto& request : *requests) {
        out["leaving"].push_back(
            {{"request", request.number},
             {"validator", request.id},
             {"shares", to_decimal(request.shares)},
             {"paidFromEpoch", request.payable_epoch}}
        );
    }
    return out;
}

std::string wei_words(const Json& wei) {
    return l1::mega_words(u256_from_text(wei.get<std::string>()).value_or(u256{}));
}

void print(const Json& out) {
    say("epoch " + out["epoch"].dump() + " of L1 (now " + out["presentEpoch"].dump() + "), " +
        wei_words(out["totalStake"]) + " at stake" +
        (out["drawnBy"].is_null() ? ", none has been opened: the fallback sequencer is in charge"
                                  : ", drawn by epoch " + out["drawnBy"].dump()));
    for (const Json& validator : out["validators"]) {
        say("  validator " + validator["id"].dump() + "  " + wei_words(validator["stake"]) +
            "  operator " + validator["operator"].get<std::string>());
    }
    for (const Json& slot : out["slots"]) {
        say("  slot at " + slot["start"].dump() + "  " + slot["leader"].get<std::string>() +
            "  ranks " + slot["candidates"].dump());
    }
    say("  committee " + out["committee"].dump());
    if (!out.contains("own")) {
        return;
    }
    const Json& own = out["own"];
    say(own["account"].get<std::string>() + " has");
    for (const Json& stake : own["stakes"]) {
        say("  " + wei_words(stake["stake"]) + " with validator " + stake["validator"].dump());
    }
    for (const Json& request : own["leaving"]) {
        say("  request " + request["request"].dump() + ", paid from epoch " +
            request["paidFromEpoch"].dump() + " on");
    }
}

Result<void> show(Desk& desk) {
    auto out = overview(desk);
    if (!out) {
        return Err{out.error()};
    }
    if (desk.session.l1_sender) {
        const auto own = own_position(desk);
        if (!own) {
            return Err{own.error()};
        }
        (*out)["own"] = *own;
    }
    if (desk.command.is_json) {
        say(out->dump(4));
    } else {
        print(*out);
    }
    return {};
}

Json to_object(const staking::CheckedReport& reported) {
    const auto& report = reported.report;
    Json out = {
        {"epoch", report.epoch},
        {"pot", to_decimal(report.pot)},
        {"blocks", reported.inputs.all_blocks},
        {"recordedBatches", reported.inputs.recorded},
        {"total", to_decimal(report.total)},
        {"root", to_hex(report.root)},
        {"validators", Json::array()},
        {"leaves", Json::array()},
    };
    for (const auto& line : report.validators) {
        out["validators"].push_back(
            {{"id", line.id},
             {"sequencing", to_decimal(line.for_sequencing)},
             {"attesting", to_decimal(line.for_attesting)},
             {"commission", to_decimal(line.commission)}}
        );
    }
    for (size_t i = 0; i < report.leaves.size(); ++i) {
        Json proof = Json::array();
        for (const Hash256& sibling : report.proof_of(i)) {
            proof.push_back(to_hex(sibling));
        }
        const auto& leaf = report.leaves[i];
        out["leaves"].push_back(
            {{"account", to_hex(leaf.account)},
             {"amount", to_decimal(leaf.amount)},
             {"leaf", to_hex(leaf.hash)},
             {"proof", std::move(proof)}}
        );
    }
    const auto& posted = reported.posted;
    constexpr std::string_view states[] = {"none", "proposed", "disputed", "final"};
    out["onL1"] = {{"status", std::string(states[static_cast<size_t>(posted.status)])}};
    if (posted.status != staking::RewardStatus::none) {
        out["onL1"]["root"] = to_hex(posted.root);
        out["onL1"]["total"] = to_decimal(posted.total);
        out["onL1"]["matches"] = reported.matches();
    }
    return out;
}

void print_report(const Json& out) {
    say("epoch " + out["epoch"].dump() + ": pot " + wei_words(out["pot"]) + ", " +
        out["blocks"].dump() + " blocks, " + out["recordedBatches"].dump() + " batches recorded");
    for (const Json& line : out["validators"]) {
        say("  validator " + line["id"].dump() + "  sequencing " + wei_words(line["sequencing"]) +
            "  attesting " + wei_words(line["attesting"]) + "  commission " +
            wei_words(line["commission"]));
    }
    for (const Json& leaf : out["leaves"]) {
        say("  " + leaf["account"].get<std::string>() + "  " + wei_words(leaf["amount"]));
    }
    say("total " + wei_words(out["total"]) + ", root " + out["root"].get<std::string>());
    const Json& on_l1 = out["onL1"];
    if (!on_l1.contains("root")) {
        say("L1 has no root of this epoch");
        return;
    }
    say("L1 has the root " + on_l1["root"].get<std::string>() + " (" +
        on_l1["status"].get<std::string>() + "), total " + wei_words(on_l1["total"]) + ": " +
        (on_l1["matches"].get<bool>() ? "match" : "mismatch"));
}

/// Before the report, so that it tells what L1 has afterwards.
Result<void> act_on(Desk& desk, uint64_t epoch) {
    if (!desk.command.proposes && !desk.command.objects) {
        return {};
    }
    const auto checked = desk.rewards.report(epoch);
    if (!checked) {
        return Err{checked.error()};
    }
    return desk.command.proposes ? desk.staker.propose_rewards(*checked)
                                 : desk.staker.object(*checked);
}

Result<void> report(Desk& desk) {
    const uint64_t epoch = desk.command.epoch.value_or(0);
    if (auto done = act_on(desk, epoch); !done) {
        return done;
    }
    const auto checked = desk.rewards.report(epoch);
    if (!checked) {
        return Err{checked.error()};
    }
    const Json out = to_object(*checked);
    if (desk.command.is_json) {
        say(out.dump(4));
    } else {
        print_report(out);
    }
    return {};
}

Result<void> claim(Desk& desk) {
    Address account = desk.session.l1_sender->address();
    if (!desk.command.to.empty()) {
        const auto given = fixed_from_hex<20>(desk.command.to);
        if (!given) {
            return Err{Error{"--for is no address: " + desk.command.to}};
        }
        account = *given;
    }
    const auto checked = desk.rewards.report(desk.command.epoch.value_or(0));
    if (!checked) {
        return Err{checked.error()};
    }
    auto done = desk.staker.claim(*checked, account);
    if (done) {
        say(to_hex(account) + " is paid " +
            l1::mega_words(checked->report.leaf_of(account)->amount) + " for epoch " +
            std::to_string(checked->report.epoch));
    }
    return done;
}

Result<void> run(const StakingCommand& command) {
    const bool only_looks = command.kind == Kind::show ||
                            (command.kind == Kind::report && !command.proposes && !command.objects);
    const bool has_key = command.layers.account.has_value() || !command.layers.key_file.empty();
    auto session =
        open_l1_session(command.layers, /*needs_key=*/!only_looks || has_key, /*needs_l2=*/false);
    if (!session) {
        return Err{session.error()};
    }
    const l1::Contracts& contracts = (*session)->rollup.contracts;
    if (!contracts.has_staking()) {
        return Err{Error{command.layers.rollup_file.string() + " names no staking contract"}};
    }
    auto chain = L1Staking::open(*(*session)->l1_node, contracts.mega);
    if (!chain) {
        return Err{chain.error()};
    }
    L1Session& open = **session;
    Desk desk{
        command,
        open,
        **chain,
        staking::Staker(*open.l1_node, open.l1_sender.get(), **chain, open.rollup),
        staking::RewardSource(*open.l1_node, **chain, open.rollup)
    };
    switch (command.kind) {
        case Kind::register_validator:
            return register_validator(desk);
        case Kind::delegate:
            return delegate(desk);
        case Kind::undelegate:
        case Kind::retire:
            return undelegate(desk);
        case Kind::withdraw:
            return withdraw(desk);
        case Kind::claim:
            return claim(desk);
        case Kind::report:
            return report(desk);
        case Kind::show:
            return show(desk);
    }
    return {};
}

}  // namespace

int run_staking(const StakingCommand& command) {
    if (const auto done = run(command); !done) {
        std::fprintf(stderr, "mega staking: %s\n", done.error().message.c_str());
        return 1;
    }
    return 0;
}

}  // namespace mega::node
