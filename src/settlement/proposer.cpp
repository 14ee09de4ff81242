#include "settlement/proposer.hpp"

#include "settlement/abi.hpp"

namespace mega::settlement {

void Proposer::tick() {
    const auto stepped = step();
    const std::string words = stepped ? "" : stepped.error().message;
    counters_.failures += stepped ? 0 : 1;
    if (!words.empty() && words != last_words_ && !parts_.stop.is_stopped()) {
        parts_.log("proposer: " + words);
    }
    last_words_ = words;
}

Result<bool> Proposer::step() {
    const auto inbox = read_inbox_head(parts_.client, options_.rollup.batch_inbox);
    if (!inbox) {
        return Err{inbox.error()};
    }
    const auto finalized = finalize_due(inbox->l1.timestamp);
    if (!finalized || *finalized) {
        return finalized;
    }
    const auto newest = newest_claim();
    if (!newest) {
        return Err{newest.error()};
    }
    counters_.last_claimed_block = newest->claim.last_block;
    if (inbox->last_block <= newest->claim.last_block ||
        inbox->l1.timestamp < newest->claim.proposed_at + options_.interval_s) {
        return false;
    }
    return propose(*inbox, *newest);
}

Result<Proposer::Place> Proposer::newest_claim() {
    const auto count = read_claim_count(parts_.client, options_.contracts.state_claims);
    if (!count) {
        return Err{count.error()};
    }
    for (uint64_t index = *count; index > 1;) {
        --index;
        auto claim = read_claim(parts_.client, options_.contracts.state_claims, index);
        if (!claim) {
            return Err{claim.error()};
        }
        if (claim->status != ClaimStatus::rejected) {
            return Place{index, *std::move(claim)};
        }
    }
    return Place{};
}

Result<Proposer::Place> Proposer::parent_after(const Place& newest) {
    const auto verifier = read_committee_verifier(parts_.client, options_.contracts.state_claims);
    if (!verifier) {
        return Err{verifier.error()};
    }
    if (!*verifier) {
        return newest;
    }
    Place parent = newest;
    while (parent.index > 0 && parent.claim.status != ClaimStatus::final) {
        --parent.index;
        auto claim = read_claim(parts_.client, options_.contracts.state_claims, parent.index);
        if (!claim) {
            return Err{claim.error()};
        }
        parent.claim = *std::move(claim);
    }
    return parent;
}

Result<bool> Proposer::propose(const InboxHead& inbox, const Place& newest) {
    const auto batch = find_batch(
        parts_.client,
        options_.rollup.batch_inbox,
        inbox.next_index - 1,
        options_.rollup.l1_start_block,
        inbox.l1.number
    );
    if (!batch || !*batch) {
        return Err{!batch ? batch.error() : Error{"the last batch is not in L1's logs"}};
    }
    const rollup::PostedBatch& posted = (*batch)->posted;
    const auto header = parts_.chain.header(posted.header.last_block);
    if (!header) {
        return Err{header.error()};
    }
    if (!*header) {
        return false;  // not executed here yet
    }
    if (posted.kind != rollup::BatchKind::forced &&
        mega::hash_of(**header) != posted.header.last_block_hash) {
        return Err{Error{
            "batch " + std::to_string(posted.header.index) + " ends in another block " +
            std::to_string(posted.header.last_block) + " than this chain: no claim on it"
        }};
    }
    const auto proof = parts_.chain.prove_message_passer(posted.header.last_block, {});
    const auto bond = read_claim_bond(parts_.client, options_.contracts.system_config);
    const auto parent = parent_after(newest);
    if (!proof || !bond || !parent) {
        return Err{!proof ? proof.error() : !bond ? bond.error() : parent.error()};
    }
    const auto receipt = parts_.sender.send(
        {.to = options_.contracts.state_claims,
         .data = propose_input(parent->index, posted, encode(**header), proof->account_proof),
         .value = *bond,
         .gas_limit = 0,
         .sidecar = {}}
    );
    if (!receipt || !receipt->status) {
        return Err{Error{
            "claim on batch " + std::to_string(posted.header.index) + ": " +
            (!receipt ? receipt.error().message : std::string("reverted"))
        }};
    }
    ++counters_.claims;
    counters_.last_claimed_block = posted.header.last_block;
    parts_.log(
        "claimed the state after block " + std::to_string(posted.header.last_block) + " (batch " +
        std::to_string(posted.header.index) + ")"
    );
    return true;
}

/// The oldest claim of ours that is still open, once its window has passed.
Result<bool> Proposer::finalize_due(uint64_t l1_time) {
    const auto count = read_claim_count(parts_.client, options_.contracts.state_claims);
    if (!count) {
        return Err{count.error()};
    }
    for (; first_open_ < *count; ++first_open_) {
        const auto claim = read_claim(parts_.client, options_.contracts.state_claims, first_open_);
        if (!claim) {
            return Err{claim.error()};
        }
        if (claim->status == ClaimStatus::final || claim->status == ClaimStatus::rejected) {
            continue;
        }
        if (claim->status != ClaimStatus::proposed || claim->finalizable_at > l1_time) {
            return false;
        }
        const auto receipt = parts_.sender.send(
            {.to = options_.contracts.state_claims,
             .data = abi::Encoder().word(u256{first_open_}).call("finalize(uint64)"),
             .value = {},
             .gas_limit = 0,
             .sidecar = {}}
        );
        if (!receipt || !receipt->status) {
            return Err{Error{
                "claim " + std::to_string(first_open_) + " cannot be made final: " +
                (!receipt ? receipt.error().message : std::string("reverted"))
            }};
        }
        ++counters_.finalized;
        parts_.log(
            "claim " + std::to_string(first_open_) + " is final: the state after block " +
            std::to_string(claim->last_block)
        );
        return true;
    }
    return false;
}

}  // namespace mega::settlement
