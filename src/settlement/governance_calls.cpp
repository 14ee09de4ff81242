#include "settlement/governance_calls.hpp"

#include "settlement/abi.hpp"
#include "settlement/ask.hpp"

#include <algorithm>

namespace mega::settlement {
namespace {

constexpr unsigned address_bits = 160;
constexpr std::string_view skip_rewards = "skip(uint48)";

struct Field {
    std::string_view name;
    unsigned bits = 256;
    bool is_address = false;
};

/// A setter with the values that it sets at once, and who tells them.
struct Group {
    const Address& (*contract)(const Contracts&);
    std::string_view contract_name;
    std::vector<std::string_view> getters;  // their answers, one after the other, are the fields
    std::string_view setter;
    std::vector<Field> fields;
    bool is_of_l2 = false;
};

constexpr Field address_field(std::string_view name) { return {name, address_bits, true}; }

std::vector<Group> settlement_groups() {
    const auto config = [](const Contracts& c) -> const Address& { return c.system_config; };
    const auto relay = [](const Contracts& c) -> const Address& { return c.l2_parameter_relay; };
    const auto timelock = [](const Contracts& c) -> const Address& { return c.timelock; };
    return {
        {config,
         "systemConfig",
         {"chainParameters()"},
         "setChainParameters((uint64,uint64,uint32,uint32,uint32,address))",
         {{"gasLimit", 64},
          {"minBaseFee", 64},
          {"elasticity", 32},
          {"baseFeeDenominator", 32},
          {"miniBlockMillis", 32},
          address_field("beneficiary")},
         true},
        {config,
         "systemConfig",
         {"windows()"},
         "setWindows((uint64,uint64,uint64))",
         {{"forcedInclusionDelay", 64}, {"challengeWindow", 64}, {"proofMaturity", 64}}},
        {config,
         "systemConfig",
         {"bonds()"},
         "setBonds((uint128,uint128))",
         {{"claimBond", 128}, {"challengeBond", 128}}},
        {config,
         "systemConfig",
         {"depositMarket()"},
         "setDepositMarket((uint64,uint64,uint128))",
         {{"depositGasPerBlock", 64}, {"minDepositGasPrice", 64}, {"forcedFee", 128}}},
        {config,
         "systemConfig",
         {"sequencer()"},
         "setSequencer(address)",
         {address_field("sequencer")}},
        {config,
         "systemConfig",
         {"sequencerRegistry()"},
         "setSequencerRegistry(address)",
         {address_field("sequencerRegistry")}},
        {config, "systemConfig", {"guardian()"}, "setGuardian(address)", {address_field("guardian")}
        },
        {config, "systemConfig", {"feeVault()"}, "setFeeVault(address)", {address_field("feeVault")}
        },
        {relay,
         "l2ParameterRelay",
         {"fees()"},
         "setFees((uint32,uint32,uint16,uint256))",
         {{"baseFeeScalar", 32},
          {"blobBaseFeeScalar", 32},
          {"baseFeeShareBps", 16},
          {"megaPerEth", 256}},
         true},
        {timelock, "timelock", {"getMinDelay()"}, "updateDelay(uint256)", {{"timelockDelay", 256}}},
    };
}

std::vector<Group> staking_groups() {
    const auto staking = [](const Contracts& c) -> const Address& { return c.mega.staking; };
    const auto rewards = [](const Contracts& c) -> const Address& { return c.mega.rewards; };
    const auto schedule = [](const Contracts& c) -> const Address& {
        return c.mega.leader_schedule;
    };
    const auto governor = [](const Contracts& c) -> const Address& { return c.mega.governor; };
    return {
        {staking,
         "staking",
         {"minSelfStake()", "minDelegation()", "minChurn()", "maxValidators()"},
         "setParameters(uint96,uint96,uint96,uint32)",
         {{"minSelfStake", 96}, {"minDelegation", 96}, {"minChurn", 96}, {"maxValidators", 32}}},
        {rewards,
         "rewards",
         {"objectionWindow()", "bond()", "ratePpb()", "emissionCap()"},
         "setParameters(uint64,uint128,uint256,uint256)",
         {{"objectionWindow", 64}, {"rewardBond", 128}, {"rewardRatePpb", 256}, {"emissionCap", 256}
         }},
        {schedule,
         "leaderSchedule",
         {"silence()", "grace()", "fallbackSequencer()"},
         "setParameters(uint32,uint32,address)",
         {{"silence", 32}, {"grace", 32}, address_field("fallbackSequencer")}},
        {governor, "governor", {"votingDelay()"}, "setVotingDelay(uint48)", {{"votingDelay", 48}}},
        {governor, "governor", {"votingPeriod()"}, "setVotingPeriod(uint32)", {{"votingPeriod", 32}}
        },
        {governor,
         "governor",
         {"proposalThreshold()"},
         "setProposalThreshold(uint256)",
         {{"proposalThreshold", 256}}},
        {governor,
         "governor",
         {"quorumNumerator()"},
         "updateQuorumNumerator(uint256)",
         {{"quorumPercent", 256}}},
    };
}

const std::vector<Group>& groups() {
    static const std::vector<Group> all = [] {
        std::vector<Group> both = settlement_groups();
        for (Group& group : staking_groups()) {
            both.push_back(std::move(group));
        }
        return both;
    }();
    return all;
}

Result<std::vector<Hash256>> present_values(
    L1Client& client, const Contracts& contracts, const Group& group
) {
    Bytes words;
    for (const std::string_view getter : group.getters) {
        const auto answer =
            client.call({.to = group.contract(contracts), .data = abi::Encoder().call(getter)});
        if (!answer) {
            return Err{answer.error()};
        }
        append(words, *answer);
    }
    std::vector<Hash256> values;
    values.reserve(group.fields.size());
    abi::Decoder in(words);
    for (size_t i = 0; i < group.fields.size(); ++i) {
        values.push_back(in.word());
    }
    if (!in.is_good()) {
        return Err{Error{std::string(group.contract_name) + " on L1 has not these settings"}};
    }
    return values;
}

Result<Hash256> value_of(const Field& field, const std::string& text) {
    if (field.is_address) {
        const auto address = fixed_from_hex<20>(text);
        return address
                   ? Result<Hash256>(abi::to_word(*address))
                   : Result<Hash256>(Err{
                         Error{std::string(field.name) + " wants an address, not \"" + text + "\""}
                     });
    }
    const auto number = u256_from_text(text);
    const bool fits = number && (field.bits == 256 || *number < (u256{1} << field.bits));
    return fits ? Result<Hash256>(number->to_hash())
                : Result<Hash256>(Err{Error{
                      std::string(field.name) + " wants a number of " + std::to_string(field.bits) +
                      " bits, not \"" + text + "\""
                  }});
}

struct Place {
    size_t group = 0;
    size_t field = 0;
};
Result<Place> find_setting(std::string_view name) {
    for (size_t g = 0; g < groups().size(); ++g) {
        const auto& fields = groups()[g].fields;
        const auto found = std::ranges::find(fields, name, &Field::name);
        if (found != fields.end()) {
            return Place{g, static_cast<size_t>(found - fields.begin())};
        }
    }
    std::string known;
    for (const std::string& one : setting_names()) {
        known += known.empty() ? one : ", " + one;
    }
    return Err{Error{"no setting is called \"" + std::string(name) + "\"; there are: " + known}};
}

/// What a group shall be: nothing where no change touches it.
using Wanted = std::vector<std::vector<Hash256>>;

Result<void> apply(
    L1Client& client, const Contracts& contracts, const std::string& change, Wanted& wanted
) {
    const size_t sign = change.find('=');
    if (sign == std::string::npos || sign == 0) {
        return Err{Error{"\"" + change + "\" is not NAME=VALUE"}};
    }
    const auto place = find_setting(std::string_view(change).substr(0, sign));
    if (!place) {
        return Err{place.error()};
    }
    const Group& group = groups()[place->group];
    const Field& field = group.fields[place->field];
    if (group.contract(contracts).is_zero()) {
        return Err{Error{"the chain has no contract " + std::string(group.contract_name)}};
    }
    const auto value = value_of(field, change.substr(sign + 1));
    if (!value) {
        return Err{value.error()};
    }
    auto& values = wanted[place->group];
    if (values.empty()) {
        auto present = present_values(client, contracts, group);
        if (!present) {
            return Err{present.error()};
        }
        values = *std::move(present);
    }
    if (values[place->field] == *value) {
        return Err{Error{std::string(field.name) + " has this value already"}};
    }
    values[place->field] = *value;
    return {};
}

std::string name_of(const Address& address, const Contracts& contracts) {
    Contracts copy = contracts;
    for (const auto& [name, at] : named_addresses(copy)) {
        if (*at == address) {
            return name;
        }
    }
    for (const auto& [name, at] : named_addresses(copy.mega)) {
        if (*at == address) {
            return name;
        }
    }
    return to_hex(address);
}

bool calls(const GovernanceCall& call, std::string_view signature) {
    const abi::Selector selector = abi::selector(signature);
    return call.data.size() >= 4 &&
           std::ranges::equal(selector.view(), BytesView(call.data).first(4));
}

const Group* group_of(const GovernanceCall& call, const Contracts& contracts) {
    for (const Group& group : groups()) {
        if (group.contract(contracts) == call.target && !call.target.is_zero() &&
            calls(call, group.setter)) {
            return &group;
        }
    }
    return nullptr;
}

}  // namespace

std::vector<std::string> setting_names() {
    std::vector<std::string> names;
    for (const Group& group : groups()) {
        for (const Field& field : group.fields) {
            names.emplace_back(field.name);
        }
    }
    return names;
}

Result<std::vector<GovernanceCall>> calls_of_settings(
    L1Client& client, const Contracts& contracts, const std::vector<std::string>& changes
) {
    Wanted wanted(groups().size());
    for (const std::string& change : changes) {
        if (auto applied = apply(client, contracts, change, wanted); !applied) {
            return Err{applied.error()};
        }
    }
    std::vector<GovernanceCall> calls;
    for (size_t g = 0; g < wanted.size(); ++g) {
        if (wanted[g].empty()) {
            continue;
        }
        abi::Encoder arguments;
        for (const Hash256& value : wanted[g]) {
            arguments.word(value);
        }
        calls.push_back({groups()[g].contract(contracts), {}, arguments.call(groups()[g].setter)});
    }
    return calls;
}

Result<std::vector<GovernanceCall>> calls_to_skip_rewards(
    L1Client& client, const Contracts& contracts, uint64_t last
) {
    const Address& rewards = contracts.mega.rewards;
    if (rewards.is_zero()) {
        return Err{Error{"the chain has no contract rewards"}};
    }
    const auto next =
        ask(client, rewards, abi::Encoder().call("nextEpoch()"), [](abi::Decoder& in) {
            return in.u64();
        });
    if (!next) {
        return Err{next.error()};
    }
    if (last < *next || last - *next >= max_governance_calls) {
        return Err{Error{
            "Rewards goes on with epoch " + std::to_string(*next) +
            ": one proposal can skip those up to " +
            std::to_string(*next + max_governance_calls - 1) + ", not up to " + std::to_string(last)
        }};
    }
    std::vector<GovernanceCall> calls;
    for (uint64_t epoch = *next; epoch <= last; ++epoch) {
        calls.push_back({rewards, {}, abi::Encoder().word(u256{epoch}).call(skip_rewards)});
    }
    return calls;
}

std::string words_of(const GovernanceCall& call, const Contracts& contracts) {
    std::string words = name_of(call.target, contracts);
    if (const Group* group = group_of(call, contracts)) {
        words += "." + std::string(group->setter.substr(0, group->setter.find('('))) + ":";
        abi::Decoder in(BytesView(call.data).subspan(4));
        for (const Field& field : group->fields) {
            const Hash256 value = in.word();
            words +=
                (&field == group->fields.data() ? " " : ", ") + std::string(field.name) + " " +
                (field.is_address ? to_hex(abi::to_address(value)) : to_decimal(to_u256(value)));
        }
    } else if (call.target == contracts.mega.rewards && calls(call, skip_rewards)) {
        words +=
            ".skip: epoch " + to_decimal(abi::Decoder(BytesView(call.data).subspan(4)).number());
    } else if (call.data.size() < 4) {
        words += ": a payment";
    } else {
        words += ": call " + to_hex(BytesView(call.data).first(4)) + " with " +
                 std::to_string(call.data.size() - 4) + " bytes";
    }
    if (!call.value.is_zero()) {
        words += ", " + to_decimal(call.value) + " wei";
    }
    return words;
}

bool changes_l2(const GovernanceCall& call, const Contracts& contracts) {
    const Group* group = group_of(call, contracts);
    return group != nullptr && group->is_of_l2;
}

}  // namespace mega::settlement
