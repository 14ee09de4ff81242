#include "staking/reward_source.hpp"

#include "rollup/events.hpp"
#include "settlement/ask.hpp"

#include <algorithm>
#include <set>

namespace mega::staking {
namespace {

using settlement::abi::Decoder;
using settlement::abi::Encoder;

constexpr uint64_t log_step = 10'000;        // L1 blocks a question
constexpr size_t max_logs = 1'000'000;       // of one event
constexpr size_t max_accounts = 100'000;     // of one validator
constexpr uint64_t epochs_until_closed = 3;  // DutyRecord, Rewards
constexpr size_t calls_at_once = 200;

const Hash256& duty_recorded_topic() {
    static const Hash256 topic =
        settlement::abi::event_topic("DutyRecorded(uint48,uint64,uint64,uint256,bool)");
    return topic;
}
const Hash256& bonded_topic() {
    static const Hash256 topic =
        settlement::abi::event_topic("Bonded(uint32,address,uint256,uint256,uint48)");
    return topic;
}
const Hash256& proposed_topic() {
    static const Hash256 topic =
        settlement::abi::event_topic("Proposed(uint48,bytes32,uint256,uint256,address)");
    return topic;
}
const Hash256& finalized_topic() {
    static const Hash256 topic = settlement::abi::event_topic("Finalized(uint48,bytes32,uint256)");
    return topic;
}

Bytes call(std::string_view signature) { return Encoder().call(signature); }
Bytes call_with(std::string_view signature, uint64_t argument) {
    return Encoder().word(u256{argument}).call(signature);
}

uint64_t topic_number(const Log& log, size_t i) {
    return i < log.topics.size() ? to_u256(log.topics[i]).low64() : 0;
}

}  // namespace

Result<u256> RewardSource::number(
    const Address& contract, const Bytes& question, std::optional<uint64_t> block
) {
    const auto answer = client_->call({.to = contract, .data = question}, block);
    if (!answer) {
        return Err{answer.error()};
    }
    Decoder in(*answer);
    const u256 value = in.number();
    return in.is_good() ? Result<u256>(value)
                        : Result<u256>(Err{Error{to_hex(contract) + " on L1 is no such contract"}});
}

Result<std::vector<settlement::L1Log>> RewardSource::logs(
    const Address& contract, const Hash256& topic, uint64_t from, uint64_t to
) {
    std::vector<settlement::L1Log> all;
    for (; from <= to; from += log_step) {
        auto some = client_->logs(
            {.from_block = from,
             .to_block = std::min(to, from + log_step - 1),
             .addresses = {contract},
             .topics = {topic}}
        );
        if (!some) {
            return Err{some.error()};
        }
        if (all.size() + some->size() > max_logs) {
            return Err{Error{"L1 holds more than 1,000,000 logs of one event"}};
        }
        std::ranges::move(*some, std::back_inserter(all));
    }
    return all;
}

Result<uint64_t> RewardSource::last_block_before(uint64_t time) {
    const auto head = client_->head_number();
    if (!head) {
        return Err{head.error()};
    }
    uint64_t low = 0;
    uint64_t high = *head;
    while (low < high) {
        const uint64_t middle = low + (high - low + 1) / 2;
        const auto block = client_->block(middle);
        if (!block || !*block) {
            return Err{!block ? block.error() : Error{"L1 lost a block"}};
        }
        if ((*block)->timestamp < time) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    return low;
}

Result<PostedRewards> RewardSource::status(uint64_t epoch) {
    const Address& rewards = rollup_->contracts.mega.rewards;
    PostedRewards posted;
    const auto read =
        settlement::ask(*client_, rewards, call_with("epochs(uint48)", epoch), [&](Decoder& in) {
            posted.root = in.word();
            posted.total = in.number();
            posted.claimed = in.number();
            posted.status = static_cast<RewardStatus>(in.u64() & 3);
            posted.finalizable_at = in.u64();
            return true;
        });
    return read ? Result<PostedRewards>(posted) : Result<PostedRewards>(Err{read.error()});
}

Result<PostedRewards> RewardSource::posted(uint64_t epoch) {
    auto read = status(epoch);
    if (!read || read->status == RewardStatus::none) {
        return read;
    }
    PostedRewards posted = *std::move(read);
    const auto found = block_of_root(epoch, posted.root);
    if (!found) {
        return Err{found.error()};
    }
    posted.l1_block = *found;
    return posted;
}

/// The block in which the epoch got this root; 0: it did not.
Result<uint64_t> RewardSource::block_of_root(uint64_t epoch, const Hash256& root) {
    const auto head = client_->head_number();
    if (!head) {
        return Err{head.error()};
    }
    // An operator proposed it; or governance put it there, in place of one that was rejected.
    for (const Hash256& topic : {proposed_topic(), finalized_topic()}) {
        const auto found =
            logs(rollup_->contracts.mega.rewards, topic, rollup_->config.l1_start_block, *head);
        if (!found) {
            return Err{found.error()};
        }
        for (const auto& log : *found) {
            if (topic_number(log.log, 1) == epoch && Decoder(log.log.data).word() == root) {
                return log.block.number;
            }
        }
    }
    return 0;
}

Result<std::optional<u256>> RewardSource::pot(std::optional<uint64_t> block) {
    const Address& rewards = rollup_->contracts.mega.rewards;
    std::optional<u256> sum = u256{};
    for (const std::string_view part : {"unassigned()", "emissionNow()"}) {
        const auto answer = client_->call({.to = rewards, .data = call(part)}, block);
        if (!answer) {
            return Err{answer.error()};
        }
        if (answer->empty()) {
            return std::optional<u256>{};
        }
        Decoder in(*answer);
        *sum += in.number();
        if (!in.is_good()) {
            return Err{Error{to_hex(rewards) + " on L1 tells no pot"}};
        }
    }
    return sum;
}

ValidatorDuty& RewardSource::duty_of(RewardInputs& inputs, uint32_t id) {
    auto at = std::ranges::lower_bound(inputs.validators, id, {}, &ValidatorDuty::id);
    if (at == inputs.validators.end() || at->id != id) {
        at = inputs.validators.insert(at, ValidatorDuty{.id = id});
    }
    return *at;
}

Result<void> RewardSource::add_blocks(RewardInputs& inputs, uint64_t from, uint64_t to) {
    const auto found = logs(rollup_->config.batch_inbox, rollup::batch_posted_topic(), from, to);
    if (!found) {
        return Err{found.error()};
    }
    std::map<Address, uint64_t> blocks;
    for (const auto& log : *found) {
        const auto batch = rollup::read_batch_log(log.log);
        if (!batch) {
            return Err{Error{"a batch on L1: " + batch.error().message}};
        }
        const bool counts =
            *batch && (*batch)->kind != rollup::BatchKind::forced &&
            staking_->clock().epoch_of((*batch)->header.last_timestamp) == inputs.epoch;
        if (counts) {
            const auto& header = (*batch)->header;
            const uint64_t count = header.last_block - header.first_block + 1;
            blocks[header.sequencer] += count;
            inputs.all_blocks += count;
        }
    }
    for (const auto& [sequencer, count] : blocks) {
        const auto id = staking_->id_of_operator(sequencer);
        if (!id) {
            return Err{id.error()};
        }
        if (*id != 0) {
            duty_of(inputs, *id).blocks += count;
        }
    }
    return {};
}

Result<void> RewardSource::add_attestations(RewardInputs& inputs, uint64_t from, uint64_t to) {
    const auto found = logs(rollup_->contracts.mega.duty_record, duty_recorded_topic(), from, to);
    if (!found) {
        return Err{found.error()};
    }
    std::map<uint64_t, u256> attested;  // by batch
    std::set<uint64_t> quorate;
    for (const auto& log : *found) {
        if (topic_number(log.log, 1) != inputs.epoch) {
            continue;
        }
        Decoder in(log.log.data);
        (void)in.u64();  // block number
        const u256 bitmap = in.number();
        const uint64_t batch = topic_number(log.log, 2);
        attested[batch] = attested[batch] | bitmap;
        if (in.boolean()) {
            quorate.insert(batch);
        }
        if (!in.is_good()) {
            return Err{Error{"a recorded duty on L1 is malformed"}};
        }
    }
    inputs.recorded = quorate.size();
    if (quorate.empty()) {
        return {};
    }
    const auto committee = staking_->committee(inputs.epoch);
    if (!committee) {
        return Err{committee.error()};
    }
    for (size_t i = 0; i < committee->ids.size(); ++i) {
        ValidatorDuty& duty = duty_of(inputs, committee->ids[i]);
        duty.stake = committee->members[i].stake;
        inputs.committee_stake += duty.stake;
        for (const uint64_t batch : quorate) {
            const bool has = ((attested[batch] >> static_cast<unsigned>(i)) & u256{1}) == u256{1};
            duty.attested += has ? 1 : 0;
        }
    }
    return {};
}

Result<void> RewardSource::add_shares(RewardInputs& inputs, uint64_t block) {
    const Address& staking = rollup_->contracts.mega.staking;
    const auto bonded = logs(staking, bonded_topic(), rollup_->config.l1_start_block, block);
    if (!bonded) {
        return Err{bonded.error()};
    }
    std::map<uint64_t, std::set<Address>> accounts;
    for (const auto& log : *bonded) {
        if (log.log.topics.size() == 3) {
            accounts[topic_number(log.log, 1)].insert(settlement::abi::to_address(log.log.topics[2])
            );
        }
    }
    for (ValidatorDuty& duty : inputs.validators) {
        const auto operator_address = staking_->operator_of(duty.id);
        const auto bps = number(
            staking,
            Encoder()
                .word(u256{duty.id})
                .word(u256{inputs.epoch})
                .call("commissionOf(uint32,uint48)")
        );
        if (!operator_address || !bps) {
            return Err{!operator_address ? operator_address.error() : bps.error()};
        }
        duty.operator_address = *operator_address;
        duty.commission_bps = bps->low64();
        const std::vector<Address> holders(accounts[duty.id].begin(), accounts[duty.id].end());
        if (holders.size() > max_accounts) {
            return Err{Error{"more than 100,000 accounts have staked with one validator"}};
        }
        for (size_t first = 0; first < holders.size(); first += calls_at_once) {
            std::vector<settlement::L1Call> questions;
            for (size_t i = first; i < std::min(holders.size(), first + calls_at_once); ++i) {
                questions.push_back(
                    {.to = staking,
                     .data = Encoder()
                                 .word(u256{duty.id})
                                 .word(holders[i])
                                 .call("sharesOf(uint32,address)")}
                );
            }
            const auto answers = client_->calls(questions, block);
            if (!answers) {
                return Err{answers.error()};
            }
            for (size_t i = 0; i < answers->size(); ++i) {
                Decoder in((*answers)[i]);
                const u256 shares = in.number();
                if (!in.is_good()) {
                    return Err{Error{to_hex(staking) + " on L1 tells no shares"}};
                }
                if (!shares.is_zero()) {
                    duty.shares[holders[first + i]] = shares;
                    duty.total_shares += shares;
                }
            }
        }
    }
    return {};
}

Result<void> RewardSource::check_closed(uint64_t epoch) {
    const auto head = client_->block("latest");
    if (!head || !*head) {
        return Err{!head ? head.error() : Error{"L1 has no latest block"}};
    }
    const uint64_t now = staking_->clock().epoch_of((*head)->timestamp);
    if (now < epoch + epochs_until_closed) {
        return Err{Error{
            "epoch " + std::to_string(epoch) + " is not closed: L1 is in epoch " +
            std::to_string(now) + ", a report is made three epochs later"
        }};
    }
    return {};
}

Result<RewardInputs> RewardSource::duties(uint64_t epoch) {
    const EpochClock& clock = staking_->clock();
    RewardInputs inputs{.epoch = epoch};
    const auto start = last_block_before(clock.epoch_start(epoch));
    const auto end = last_block_before(clock.epoch_start(epoch + epochs_until_closed));
    if (!start || !end) {
        return Err{!start ? start.error() : end.error()};
    }
    // A sequencer's clock may run a little ahead of L1's.
    const uint64_t from = std::max(*start > 64 ? *start - 64 : 0, rollup_->config.l1_start_block);
    if (auto added = add_blocks(inputs, from, *end); !added) {
        return Err{added.error()};
    }
    if (auto added = add_attestations(inputs, from, *end); !added) {
        return Err{added.error()};
    }
    if (auto added = add_shares(inputs, *start); !added) {
        return Err{added.error()};
    }
    return inputs;
}

Result<CheckedReport> RewardSource::report(uint64_t epoch) {
    if (auto closed = check_closed(epoch); !closed) {
        return Err{closed.error()};
    }
    const auto on_l1 = posted(epoch);
    auto inputs = duties(epoch);
    if (!on_l1 || !inputs) {
        return Err{!on_l1 ? on_l1.error() : inputs.error()};
    }
    CheckedReport first{.posted = *on_l1, .inputs = *std::move(inputs), .report = {}};
    const uint64_t proposal = on_l1->l1_block;
    if (proposal == 0) {
        const auto now = pot({});
        if (!now || !*now) {
            return Err{!now ? now.error() : Error{"L1 has no Rewards"}};
        }
        first.inputs.pot = **now;
        first.report = compute_rewards(first.inputs);
        return first;
    }
    std::optional<u256> last;
    for (uint64_t back = 1; back <= std::min(pot_choices, proposal); ++back) {
        const auto then = pot(proposal - back);
        if (!then) {
            return Err{then.error()};
        }
        if (!*then) {
            break;
        }
        if (last == **then) {
            continue;
        }
        CheckedReport next{.posted = *on_l1, .inputs = first.inputs, .report = {}};
        next.inputs.pot = **then;
        next.report = compute_rewards(next.inputs);
        if (next.matches()) {
            return next;
        }
        if (!last) {
            first = next;
        }
        last = **then;
    }
    return first;
}

}  // namespace mega::staking
