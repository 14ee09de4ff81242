#include "staking/keeper.hpp"

#include "settlement/ask.hpp"
#include "staking/epoch_opening.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace mega::staking {
namespace {

using settlement::abi::Decoder;
using settlement::abi::Encoder;

/// Short epochs must not keep duties and claims from their turn, nor all of them the sender's
/// others.
constexpr size_t steps_a_tick = 4;
constexpr size_t max_unrecorded = 256;
constexpr size_t max_committees = 8;
/// How far back batches are looked for, after a start or a long time without the lead: attestations
/// are kept of the last blocks only.
constexpr uint64_t look_back_blocks = 512;
constexpr uint32_t max_refusals = 3;  // of a call by L1, one after the other: then it is given up
constexpr uint64_t max_claims = 8;    // the newest, that are looked at
constexpr auto claim_pause = std::chrono::minutes(5);
constexpr uint64_t closing_epochs = 3;  // DutyRecord.CLOSING
constexpr std::string_view members_type = "(uint32[],uint96[])";
constexpr std::string_view aggregate_type = "(uint256,bytes)";

}  // namespace

void Keeper::tick() {
    auto stepped = step();
    for (size_t i = 1; i < steps_a_tick && stepped && *stepped; ++i) {
        stepped = step();
    }
    const std::string words = stepped ? "" : stepped.error().message;
    counters_.failures += stepped ? 0 : 1;
    if (!words.empty() && words != last_words_ && !parts_.stop.is_stopped()) {
        parts_.log("keeper: " + words);
    }
    last_words_ = words;
}

Result<bool> Keeper::step() {
    if (!staking_) {
        auto opened = L1Staking::open(parts_.client, options_.contracts.mega);
        if (!opened) {
            return Err{opened.error()};
        }
        staking_ = *std::move(opened);
    }
    const auto head = parts_.client.block("latest");
    if (!head || !*head) {
        return Err{!head ? head.error() : Error{"L1 has no latest block"}};
    }
    const uint64_t epoch = staking_->clock().epoch_of((*head)->timestamp);
    const settlement::StakingContracts& contracts = options_.contracts.mega;
    // Each has its turn, whatever becomes of the one before.
    std::optional<Error> first_error;
    const auto is_done = [&](Result<bool> done) {
        if (!done && !first_error) {
            first_error = done.error();
        }
        return done && *done;
    };
    if (is_done(open_epoch(epoch)) ||
        (!contracts.duty_record.is_zero() && is_done(record_due(**head))) ||
        (!contracts.committee_verifier.is_zero() && is_done(prove_claims(**head))) ||
        (!contracts.slasher.is_zero() && is_done(settle_due(epoch)))) {
        return true;
    }
    return first_error ? Result<bool>{Err{*first_error}} : Result<bool>{false};
}

Result<bool> Keeper::open_epoch(uint64_t epoch) {
    const auto end = staking_->opened_end();
    if (!end) {
        return Err{end.error()};
    }
    if (*end > epoch) {
        return false;
    }
    const auto table = staking_->stake_table(epoch);
    if (!table) {
        return Err{table.error()};
    }
    if (table->entries.empty()) {
        return false;  // nobody has a stake yet
    }
    const auto headers = find_epoch_headers(parts_.client, staking_->clock(), epoch);
    if (!headers) {
        return Err{headers.error()};
    }
    if (!*headers) {
        return false;
    }
    const std::string what = "opening epoch " + std::to_string(epoch);
    if (auto sent = send(options_.contracts.mega.epochs, open_epoch_input(epoch, **headers), what);
        !sent) {
        return Err{Error{sent.error().message}};
    }
    ++counters_.epochs_opened;
    parts_.log(fmt::format("opened epoch {} with {} validators", epoch, table->entries.size()));
    return true;
}

Result<const Committee*> Keeper::committee_at(uint64_t time) {
    const auto epoch = staking_->last_opened(staking_->clock().epoch_of(time));
    if (!epoch) {
        return Err{epoch.error()};
    }
    if (!*epoch) {
        return nullptr;
    }
    auto known = committees_.find(**epoch);
    if (known == committees_.end()) {
        auto committee = staking_->committee(**epoch);
        if (!committee) {
            return Err{committee.error()};
        }
        known = committees_.emplace(**epoch, *std::move(committee)).first;
        while (committees_.size() > max_committees && committees_.begin() != known) {
            committees_.erase(committees_.begin());
        }
    }
    return &known->second;
}

Result<void> Keeper::take_batches(const settlement::L1Header& head) {
    const uint64_t first = std::max(
        {uint64_t{1},
         head.number - std::min(head.number, look_back_blocks),
         options_.rollup.l1_start_block}
    );
    taken_to_block_ = std::max(taken_to_block_, first - 1);
    if (taken_to_block_ >= head.number) {
        return {};
    }
    const auto batches = settlement::read_batches(
        parts_.client, options_.rollup.batch_inbox, taken_to_block_ + 1, head.number
    );
    const auto logs = parts_.client.logs(
        {.from_block = taken_to_block_ + 1,
         .to_block = head.number,
         .addresses = {options_.contracts.mega.duty_record},
         .topics = {settlement::abi::event_topic("DutyRecorded(uint48,uint64,uint64,uint256,bool)")}
        }
    );
    if (!batches || !logs) {
        return Err{!batches ? batches.error() : logs.error()};
    }
    for (const settlement::L1Log& log : *logs) {
        // Anybody may record a part of those who attested: it counts when it is two thirds.
        Decoder in(log.log.data);
        static_cast<void>(in.u64());
        static_cast<void>(in.number());
        const bool is_quorate = in.boolean();
        if (log.log.topics.size() == 3 && in.is_good() && is_quorate) {
            recorded_[to_u256(log.log.topics[2]).low64()] = true;
        }
    }
    for (const settlement::BatchAt& batch : *batches) {
        if (batch.posted.kind != rollup::BatchKind::forced) {
            unrecorded_.push_back(batch);
        }
    }
    while (unrecorded_.size() > max_unrecorded) {
        unrecorded_.pop_front();
    }
    while (recorded_.size() > 2 * max_unrecorded) {
        recorded_.erase(recorded_.begin());
    }
    taken_to_block_ = head.number;
    return {};
}

Result<bool> Keeper::record_due(const settlement::L1Header& head) {
    if (auto taken = take_batches(head); !taken) {
        return Err{taken.error()};
    }
    for (auto batch = unrecorded_.begin(); batch != unrecorded_.end();) {
        if (recorded_.contains(batch->posted.header.index)) {
            batch = unrecorded_.erase(batch);
            continue;
        }
        const auto recorded = record(*batch, head);
        if (!recorded) {
            if (refusals_ >= max_refusals) {
                unrecorded_.erase(batch);
                refusals_ = 0;
            }
            return Err{recorded.error()};
        }
        if (!*recorded) {
            ++batch;
            continue;
        }
        batch = unrecorded_.erase(batch);
        if (**recorded) {
            return true;
        }
    }
    return false;
}

Result<std::optional<bool>> Keeper::record(
    const settlement::BatchAt& batch, const settlement::L1Header& head
) {
    using Done = std::optional<bool>;
    const rollup::BatchHeader& posted = batch.posted.header;
    const auto committee = committee_at(posted.last_timestamp);
    if (!committee) {
        return Err{committee.error()};
    }
    const uint64_t epoch = staking_->clock().epoch_of(head.timestamp);
    if (*committee == nullptr || epoch >= (*committee)->epoch + closing_epochs) {
        return Done{false};
    }
    const auto header = parts_.chain.header(posted.last_block);
    if (!header) {
        return Err{header.error()};
    }
    if (!*header) {
        return Done{};  // not executed here yet
    }
    if (mega::hash_of(**header) != posted.last_block_hash) {
        return Done{false};
    }
    const auto sum = parts_.attestations(posted.last_block, posted.last_block_hash, **committee);
    if (!sum) {
        return Done{};
    }
    const auto weight = (*committee)->weigh(sum->keys);
    const bool is_whole = weight.attesters == (*committee)->members.size();
    const bool has_waited = head.number >= batch.block.number + options_.patience_blocks;
    if (!weight.is_quorate() || (!is_whole && !has_waited)) {
        return Done{};
    }
    const auto wide = widen(**committee, *sum);
    if (!wide) {
        return Done{false};
    }
    const Bytes data =
        Encoder()
            .dynamic(settlement::batch_tuple(batch.posted))
            .word((*header)->state_root)
            .dynamic(members_tuple(**committee))
            .dynamic(aggregate_tuple(*wide))
            .call(fmt::format(
                "record({},bytes32,{},{})", settlement::batch_type, members_type, aggregate_type
            ));
    const std::string what = "recording the duties of batch " + std::to_string(posted.index);
    if (auto sent = send(options_.contracts.mega.duty_record, data, what); !sent) {
        refusals_ += sent.error().is_revert ? 1 : 0;
        return Err{Error{sent.error().message}};
    }
    refusals_ = 0;
    ++counters_.duties_recorded;
    parts_.log(fmt::format(
        "recorded who attested batch {} (block {}): {} of {}",
        posted.index,
        posted.last_block,
        weight.attesters,
        (*committee)->members.size()
    ));
    return Done{true};
}

/// The newest claims: attestations are kept of the last blocks alone.
Result<bool> Keeper::prove_claims(const settlement::L1Header& head) {
    const Address& claims = options_.contracts.state_claims;
    const auto verifier = settlement::read_committee_verifier(parts_.client, claims);
    if (!verifier || *verifier != options_.contracts.mega.committee_verifier) {
        return verifier ? Result<bool>{false} : Err{verifier.error()};
    }
    const auto count = settlement::read_claim_count(parts_.client, claims);
    if (!count) {
        return Err{count.error()};
    }
    const uint64_t first = *count > max_claims ? *count - max_claims : 1;
    closed_claims_.erase(closed_claims_.begin(), closed_claims_.lower_bound(first));
    refused_claims_.erase(refused_claims_.begin(), refused_claims_.lower_bound(first));
    std::optional<Error> first_error;
    for (uint64_t index = first; index < *count; ++index) {
        const auto refused = refused_claims_.find(index);
        if (closed_claims_.contains(index) ||
            (refused != refused_claims_.end() && Clock::now() < refused->second)) {
            continue;
        }
        const auto claim = settlement::read_claim(parts_.client, claims, index);
        if (!claim) {
            return Err{claim.error()};
        }
        if (claim->status == settlement::ClaimStatus::final ||
            claim->status == settlement::ClaimStatus::rejected) {
            closed_claims_.insert(index);
            continue;
        }
        const auto proven = prove_claim(index, *claim, head);
        if (proven && *proven) {
            return true;
        }
        if (!proven && !first_error) {
            first_error = proven.error();
        }
    }
    return first_error ? Result<bool>{Err{*first_error}} : Result<bool>{false};
}

/// Brings the committee's word on an open claim, when two thirds have attested its block and its
/// parent is final; the window decides on those that nobody attests any more.
Result<bool> Keeper::prove_claim(
    uint64_t index, const settlement::Claim& claim, const settlement::L1Header& head
) {
    const Address& claims = options_.contracts.state_claims;
    const auto header = parts_.chain.header(claim.last_block);
    if (!header || !*header) {
        return header ? Result<bool>{false} : Err{header.error()};
    }
    const auto committee = committee_at((*header)->timestamp);
    if (!committee || *committee == nullptr) {
        return committee ? Result<bool>{false} : Err{committee.error()};
    }
    const Hash256 hash = mega::hash_of(**header);
    const auto sum = parts_.attestations(claim.last_block, hash, **committee);
    const auto wide = sum ? widen(**committee, *sum) : std::nullopt;
    if (!wide || !(*committee)->weigh(sum->keys).is_quorate()) {
        return false;
    }
    const auto parent = settlement::read_claim(parts_.client, claims, claim.parent);
    if (!parent || parent->status != settlement::ClaimStatus::final) {
        return parent ? Result<bool>{false} : Err{parent.error()};
    }
    const auto batch = settlement::find_batch(
        parts_.client,
        options_.rollup.batch_inbox,
        claim.batch_index,
        options_.rollup.l1_start_block,
        head.number
    );
    const auto passer = parts_.chain.prove_message_passer(claim.last_block, {});
    if (!batch || !passer) {
        return Err{!batch ? batch.error() : passer.error()};
    }
    if (!*batch) {
        return false;
    }
    const Bytes proof = Encoder()
                            .dynamic(settlement::batch_tuple((*batch)->posted))
                            .word(u256{})
                            .word((*header)->state_root)
                            .word(passer->storage_root)
                            .word(hash)
                            .dynamic(members_tuple(**committee))
                            .dynamic(aggregate_tuple(*wide))
                            .take();
    const Bytes data = Encoder()
                           .word(u256{index})
                           .word(settlement::committee_kind())
                           .bytes(Encoder().dynamic(proof).take())
                           .call("prove(uint64,bytes32,bytes)");
    const std::string what = "proving claim " + std::to_string(index);
    if (auto sent = send(claims, data, what); !sent) {
        if (sent.error().is_revert) {
            refused_claims_[index] = Clock::now() + claim_pause;
        }
        return Err{Error{sent.error().message}};
    }
    ++counters_.claims_proven;
    parts_.log(fmt::format(
        "claim {} is final by the committee's word: the state after block {}",
        index,
        claim.last_block
    ));
    return true;
}

Result<bool> Keeper::settle_due(uint64_t epoch) {
    const Address& slasher = options_.contracts.mega.slasher;
    const auto count =
        settlement::ask(parts_.client, slasher, Encoder().call("offenceCount()"), [](Decoder& in) {
            return in.u64();
        });
    if (!count) {
        return Err{count.error()};
    }
    struct Offence {
        uint64_t id = 0;
        uint64_t settle_from = 0;
        bool is_settled = false;
    };
    bool is_gapless = true;
    std::optional<Error> first_error;
    for (uint64_t index = first_unsettled_; index < *count; ++index) {
        const auto offence = settlement::ask(
            parts_.client,
            slasher,
            Encoder().word(u256{index}).call("offences(uint256)"),
            [](Decoder& in) {
                Offence read;
                read.id = in.u64();
                (void)in.u64();
                read.settle_from = in.u64();
                read.is_settled = in.boolean();
                return read;
            }
        );
        if (!offence) {
            return Err{offence.error()};
        }
        if (offence->is_settled) {
            first_unsettled_ += is_gapless ? 1 : 0;
            continue;
        }
        is_gapless = false;
        if (epoch < offence->settle_from) {
            continue;
        }
        const std::string what = "settling offence " + std::to_string(index);
        if (auto sent = send(slasher, Encoder().word(u256{index}).call("settle(uint256)"), what);
            !sent) {
            first_error = first_error ? first_error : Error{sent.error().message};
            continue;
        }
        ++counters_.slashes_settled;
        parts_.log(fmt::format("settled offence {} of validator {}", index, offence->id));
        return true;
    }
    return first_error ? Result<bool>{Err{*first_error}} : Result<bool>{false};
}

Result<void, Keeper::SendFailure> Keeper::send(
    const Address& to, Bytes data, const std::string& what
) {
    const auto receipt = parts_.sender.send(
        {.to = to, .data = std::move(data), .value = {}, .gas_limit = 0, .sidecar = {}}
    );
    if (!receipt) {
        const bool is_revert = receipt.error().kind == settlement::TxFailure::Kind::reverts;
        return Err{SendFailure{what + ": " + receipt.error().message, is_revert}};
    }
    if (!receipt->status) {
        return Err{SendFailure{what + ": reverted", true}};
    }
    return {};
}

}  // namespace mega::staking
