#include "settlement/relayer.hpp"

#include <algorithm>

namespace mega::settlement {

void Relayer::tick() {
    const auto stepped = step();
    const std::string words = stepped ? "" : stepped.error().message;
    counters_.failures += stepped ? 0 : 1;
    if (!words.empty() && words != last_words_ && !parts_.stop.is_stopped()) {
        parts_.log("relayer: " + words);
    }
    last_words_ = words;
}

Result<std::optional<Relayer::Claimed>> Relayer::newest_claim() {
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
            return std::optional(Claimed{index, *std::move(claim)});
        }
    }
    return std::optional<Claimed>{};
}

/// Only blocks that a claim covers: what is younger cannot be proven yet, and may still change.
Result<void> Relayer::scan(uint64_t last_block) {
    while (next_block_ <= last_block) {
        const uint64_t to = std::min(last_block, next_block_ + options_.blocks_a_scan - 1);
        auto found = parts_.chain.withdrawals(next_block_, to);
        if (!found) {
            return Err{found.error()};
        }
        for (ChainProofs::Sent& sent : *found) {
            const Hash256 hash = hash_of(sent.withdrawal);
            open_.push_back({.sent = std::move(sent), .hash = hash});
        }
        next_block_ = to + 1;
    }
    return {};
}

Result<bool> Relayer::step() {
    has_sent_ = false;
    const auto claimed = newest_claim();
    if (!claimed) {
        return Err{claimed.error()};
    }
    if (!*claimed) {
        return false;
    }
    if (auto scanned = scan((*claimed)->claim.last_block); !scanned) {
        return Err{scanned.error()};
    }
    const auto latest = parts_.client.block("latest");
    if (!latest || !*latest) {
        return Err{!latest ? latest.error() : Error{"L1 has no latest block"}};
    }
    std::optional<Error> first_error;
    for (auto open = open_.begin(); open != open_.end();) {
        const auto done = advance(*open, **claimed, (*latest)->timestamp);
        if (!done) {
            if (parts_.client.is_lost() || parts_.stop.is_stopped()) {
                return Err{done.error()};
            }
            // One that cannot be brought home must not hold up the others.
            first_error = first_error ? first_error : std::optional(done.error());
            open->has_failed = true;
            open->tried_claim = (*claimed)->index;
        }
        open = done && *done ? open_.erase(open) : open + 1;
    }
    counters_.waiting = open_.size();
    return first_error ? Result<bool>(Err{*first_error}) : Result<bool>(has_sent_);
}

Result<bool> Relayer::advance(Open& open, const Claimed& claimed, uint64_t l1_time) {
    if (open.has_failed && open.tried_claim == claimed.index) {
        return false;
    }
    const auto finalized = is_finalized(parts_.client, options_.contracts.portal, open.hash);
    if (!finalized || *finalized) {
        return finalized;
    }
    const auto proven =
        read_proven(parts_.client, options_.contracts.portal, open.hash, parts_.sender.address());
    if (!proven) {
        return Err{proven.error()};
    }
    if (proven->proven_at == 0) {
        if (auto done = prove(open, claimed); !done) {
            return Err{done.error()};
        }
        return false;
    }
    const auto claim = read_claim(parts_.client, options_.contracts.state_claims, proven->claim);
    if (!claim) {
        return Err{claim.error()};
    }
    if (claim->status == ClaimStatus::rejected) {
        if (auto done = prove(open, claimed); !done) {
            return Err{done.error()};
        }
        return false;
    }
    if (claim->status != ClaimStatus::final || proven->mature_at > l1_time) {
        return false;
    }
    return finalize(open);
}

Result<void> Relayer::prove(Open& open, const Claimed& claimed) {
    const auto header = parts_.chain.header(claimed.claim.last_block);
    const auto proof =
        parts_.chain.prove_message_passer(claimed.claim.last_block, {sent_message_slot(open.hash)});
    if (!header || !*header || !proof) {
        return Err{
            !header ? header.error()
                    : (!proof ? proof.error() : Error{"the claimed block is not here"})
        };
    }
    const OutputRootProof output{
        .state_root = (*header)->state_root,
        .message_passer_root = proof->storage_root,
        .block_hash = mega::hash_of(**header),
    };
    const auto receipt = parts_.sender.send(
        {.to = options_.contracts.portal,
         .data = prove_withdrawal_input(
             open.sent.withdrawal, claimed.index, output, proof->slot_proofs.at(0)
         ),
         .value = {},
         .gas_limit = 0,
         .sidecar = {}}
    );
    if (!receipt || !receipt->status) {
        return Err{Error{
            "withdrawal " + to_hex(open.hash) +
            " cannot be proven: " + (!receipt ? receipt.error().message : std::string("reverted"))
        }};
    }
    has_sent_ = true;
    ++counters_.proven;
    parts_.log(
        "withdrawal " + to_hex(open.hash) + " proven against claim " + std::to_string(claimed.index)
    );
    return {};
}

Result<bool> Relayer::finalize(Open& open) {
    const auto receipt = parts_.sender.send(
        {.to = options_.contracts.portal,
         .data = finalize_withdrawal_input(open.sent.withdrawal, parts_.sender.address()),
         .value = {},
         .gas_limit = 0,
         .sidecar = {}}
    );
    if (!receipt || !receipt->status) {
        return Err{Error{
            "withdrawal " + to_hex(open.hash) + " cannot be finalised: " +
            (!receipt ? receipt.error().message : std::string("reverted"))
        }};
    }
    has_sent_ = true;
    ++counters_.finalized;
    parts_.log("withdrawal " + to_hex(open.hash) + " is paid");
    return true;
}

}  // namespace mega::settlement
