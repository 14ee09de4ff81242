#include "settlement/staking_config.hpp"

#include <limits>

namespace mega::settlement {
namespace {

constexpr size_t max_allocations = 64;
constexpr size_t max_guardians = 16;
/// "timelock" stands for an address that follows from the rest.
constexpr std::string_view timelock_name = "timelock";

class Reader {
  public:
    explicit Reader(const replay::Fields& in) : in_(&in) {}

    template <class T>
    void number(std::string_view name, T& value) const {
        if (in_->has(name)) {
            const uint64_t given = in_->u64(name);
            if (given > std::numeric_limits<T>::max()) {
                in_->note(std::string(name) + " is too large");
            }
            value = static_cast<T>(given);
        }
    }
    void amount(std::string_view name, u256& value) const {
        if (in_->has(name)) {
            value = wei_from(*in_, name);
        }
    }

  private:
    const replay::Fields* in_;
};

std::string text_of(const replay::Fields& in, std::string_view name) {
    const replay::json& object = in.value();
    const auto found = object.is_object() ? object.find(name) : object.end();
    return object.is_object() && found != object.end() && found->is_string()
               ? found->get<std::string>()
               : std::string{};
}

Allocation read_allocation(const replay::Fields& in) {
    Allocation line;
    line.name = text_of(in, "name");
    if (line.name.empty() || line.name.size() > 64) {
        in.note("wants a name of at most 64 bytes");
    }
    if (text_of(in, "beneficiary") != timelock_name) {
        line.beneficiary = in.address("beneficiary");
    }
    line.amount = wei_from(in, "amount");
    const Reader read(in);
    read.number("start", line.start);
    read.number("duration", line.duration_s);
    read.number("cliff", line.cliff_s);
    return line;
}

Result<void> check_distribution(const StakingConfig& config) {
    u256 sum;
    u256 for_timelock;
    for (const Allocation& line : config.distribution) {
        if (line.amount.is_zero() || line.amount > mega_supply) {
            return Err{Error{"distribution: \"" + line.name + "\" gets nothing or too much"}};
        }
        if (line.cliff_s > line.duration_s || (line.duration_s > 0 && line.start == 0)) {
            return Err{Error{"distribution: \"" + line.name + "\" vests at no possible time"}};
        }
        sum += line.amount;
        if (line.beneficiary.is_zero() && line.duration_s == 0) {
            for_timelock += line.amount;
        }
    }
    if (sum != mega_supply) {
        return Err{Error{
            "distribution: the amounts add up to " + to_decimal(sum) + ", not to " +
            to_decimal(mega_supply)
        }};
    }
    if (for_timelock < config.reward_reserve) {
        return Err{Error{"distribution: the timelock gets less than rewardReserve"}};
    }
    return {};
}

}  // namespace

u256 wei_from(const replay::Fields& fields, std::string_view name) {
    const std::string text = text_of(fields, name);
    if (!text.empty()) {
        if (const auto value = u256_from_text(text)) {
            return *value;
        }
    }
    return fields.word(name);
}

void use_development_units(StakingConfig& staking, GovernanceConfig& governance) {
    staking.epoch_length_s = 60;
    staking.exit_stride = 1;
    staking.unbonding_epochs = 8;
    staking.min_self_stake = u256{1'000} * one_mega;
    staking.min_delegation = one_mega;
    staking.min_churn = u256{10'000'000} * one_mega;
    staking.l1_slot_time_s = 0;
    staking.slots_per_epoch = 4;
    staking.silence_s = 3;
    staking.grace_s = 2;
    staking.correlation_epochs = 2;
    staking.downtime_window = 4;
    staking.objection_window_s = 10;
    staking.reward_bond = u256{100} * one_mega;
    staking.reward_rate_ppb = 1'000'000;
    staking.emission_cap = u256{1'000'000} * one_mega;
    governance.voting_delay_s = 2;
    governance.voting_period_s = 20;
    governance.proposal_threshold = u256{1'000} * one_mega;
    governance.late_quorum_extension_s = 5;
}

void read_staking_config(const replay::Fields& in, StakingConfig& config) {
    const Reader read(in);
    read.number("genesisTime", config.genesis_time);
    read.number("epochLength", config.epoch_length_s);
    read.number("exitStride", config.exit_stride);
    read.number("unbondingEpochs", config.unbonding_epochs);
    read.amount("minSelfStake", config.min_self_stake);
    read.amount("minDelegation", config.min_delegation);
    read.amount("minChurn", config.min_churn);
    read.number("maxValidators", config.max_validators);
    read.number("l1SlotTime", config.l1_slot_time_s);
    read.number("slotsPerEpoch", config.slots_per_epoch);
    read.number("silence", config.silence_s);
    read.number("grace", config.grace_s);
    read.number("committeeSize", config.committee_size);
    read.number("correlationEpochs", config.correlation_epochs);
    read.number("downtimeWindow", config.downtime_window);
    read.number("objectionWindow", config.objection_window_s);
    read.amount("rewardBond", config.reward_bond);
    read.number("rewardRatePpb", config.reward_rate_ppb);
    read.amount("emissionCap", config.emission_cap);
    read.amount("rewardReserve", config.reward_reserve);
    read.number("guardianThreshold", config.guardian_threshold);
    if (in.has("guardians")) {
        in.each("guardians", [&](const replay::Fields& member) {
            const auto address = fixed_from_hex<20>(
                member.value().is_string() ? member.value().get<std::string>() : std::string{}
            );
            if (!address || config.guardians.size() == max_guardians) {
                member.note("want at most 16 addresses");
                return;
            }
            config.guardians.push_back(*address);
        });
    }
    if (in.has("distribution")) {
        in.each("distribution", [&](const replay::Fields& line) {
            if (config.distribution.size() == max_allocations) {
                line.note("want at most 64 allocations");
                return;
            }
            config.distribution.push_back(read_allocation(line));
        });
    }
}

void read_governance_config(const replay::Fields& in, GovernanceConfig& config) {
    const Reader read(in);
    read.number("votingDelay", config.voting_delay_s);
    read.number("votingPeriod", config.voting_period_s);
    read.amount("proposalThreshold", config.proposal_threshold);
    read.number("quorumPercent", config.quorum_percent);
    read.number("lateQuorumExtension", config.late_quorum_extension_s);
}

Result<void> check(const StakingConfig& config, uint64_t challenge_window_s) {
    const auto wrong = [](const std::string& words) {
        return Result<void>(Err{Error{"staking: " + words}});
    };
    constexpr uint64_t most_s = 366 * 86'400;
    if (config.epoch_length_s == 0 || config.epoch_length_s > most_s ||
        config.unbonding_epochs > 100'000 || config.exit_stride == 0) {
        return wrong("epochLength, unbondingEpochs or exitStride is out of range");
    }
    if (config.unbonding_epochs * config.epoch_length_s <= challenge_window_s) {
        return wrong("unbondingEpochs x epochLength must outlast challengeWindow");
    }
    if (config.unbonding_epochs / config.exit_stride > 64) {
        return wrong("unbondingEpochs / exitStride may be 64 at most");
    }
    if (config.slots_per_epoch == 0 || config.slots_per_epoch > 64 ||
        config.epoch_length_s % config.slots_per_epoch != 0) {
        return wrong("epochLength must be a multiple of slotsPerEpoch, which may be 64 at most");
    }
    const uint64_t slot_s = config.epoch_length_s / config.slots_per_epoch;
    if (config.silence_s == 0 || config.silence_s > slot_s || config.grace_s > slot_s) {
        return wrong("silence and grace must fit into a slot");
    }
    if (config.min_self_stake.is_zero() || config.min_delegation.is_zero() ||
        config.min_churn.is_zero() || config.reward_bond.is_zero() ||
        config.objection_window_s == 0) {
        return wrong("least amounts, rewardBond and objectionWindow must not be 0");
    }
    if (config.max_validators == 0 || config.max_validators > 128 || config.committee_size == 0 ||
        config.committee_size > 128) {
        return wrong("maxValidators and committeeSize are between 1 and 128");
    }
    if (config.correlation_epochs == 0 || config.correlation_epochs > 256) {
        return wrong("correlationEpochs is between 1 and 256");
    }
    if (config.downtime_window == 0 || config.downtime_window + 3 > config.unbonding_epochs) {
        return wrong("downtimeWindow is between 1 and unbondingEpochs - 3");
    }
    if (config.reward_rate_ppb > 10'000'000) {
        return wrong("rewardRatePpb may be 10000000 at most");
    }
    const uint64_t members = std::max<uint64_t>(1, config.guardians.size());
    if (config.guardian_threshold == 0 || config.guardian_threshold > members) {
        return wrong("guardianThreshold is between 1 and the number of guardians");
    }
    return config.distribution.empty() ? Result<void>{} : check_distribution(config);
}

}  // namespace mega::settlement
