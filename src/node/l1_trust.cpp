#include "node/l1_trust.hpp"

#include "base/hex.hpp"
#include "settlement/claims.hpp"
#include "settlement/inbox.hpp"
#include "settlement/rollup_file.hpp"

namespace mega::node {
namespace {

using settlement::Claim;
using settlement::ClaimStatus;
using settlement::L1Client;
using settlement::RollupFile;

/// So many claims and batches are looked at, the newest first.
constexpr uint64_t max_looked_at = 1024;

/// Nothing when only the genesis is final.
Result<std::optional<std::pair<uint64_t, Claim>>> last_final_claim(
    L1Client& client, const Address& state_claims
) {
    const auto count = settlement::read_claim_count(client, state_claims);
    if (!count) {
        return Err{count.error()};
    }
    const uint64_t oldest = *count > max_looked_at ? *count - max_looked_at : 1;
    for (uint64_t index = *count; index > oldest; --index) {
        auto claim = settlement::read_claim(client, state_claims, index - 1);
        if (!claim) {
            return Err{claim.error()};
        }
        if (claim->status == ClaimStatus::final) {
            return std::optional{std::pair{index - 1, *std::move(claim)}};
        }
    }
    return std::optional<std::pair<uint64_t, Claim>>{};
}

/// The batch `index`, or the last one before it that names its last block: forced ones do not.
Result<std::optional<rollup::BatchHeader>> batch_at_or_before(
    L1Client& client, const RollupFile& rollup, uint64_t index, uint64_t l1_head
) {
    for (uint64_t tried = 0; tried < max_looked_at && tried <= index; ++tried) {
        const auto batch = settlement::find_batch(
            client,
            rollup.contracts.batch_inbox,
            index - tried,
            rollup.config.l1_start_block,
            l1_head
        );
        if (!batch) {
            return Err{batch.error()};
        }
        if (*batch && (*batch)->posted.header.last_block_hash != Hash256{}) {
            return std::optional{(*batch)->posted.header};
        }
    }
    return std::optional<rollup::BatchHeader>{};
}

}  // namespace

Result<L1Trust> trusted_by_l1(const std::string& l1_url, const std::filesystem::path& rollup_file) {
    const auto rollup = settlement::read_rollup_file(rollup_file);
    if (!rollup) {
        return Err{rollup.error()};
    }
    auto opened = L1Client::open({.url = l1_url, .beacon_url = {}});
    if (!opened) {
        return Err{opened.error()};
    }
    L1Client& client = **opened;
    const auto chain_id = client.chain_id();
    if (!chain_id) {
        return Err{chain_id.error()};
    }
    if (*chain_id != rollup->config.l1_chain_id) {
        return Err{Error{
            "the L1 has chain id " + std::to_string(*chain_id) + ", " + rollup_file.string() +
            " is of a chain on " + std::to_string(rollup->config.l1_chain_id)
        }};
    }
    const auto inbox = settlement::read_inbox_head(client, rollup->contracts.batch_inbox);
    if (!inbox) {
        return Err{inbox.error()};
    }
    const auto final_claim = last_final_claim(client, rollup->contracts.state_claims);
    if (!final_claim) {
        return Err{final_claim.error()};
    }
    L1Trust trust{
        .block_hash = rollup->config.l2_genesis_hash,
        .reason = "because L1 holds nothing of the chain but its genesis",
        .anchor_hash = rollup->config.l2_genesis_hash,
    };
    if (inbox->next_index == 0) {
        return trust;
    }
    const auto newest =
        batch_at_or_before(client, *rollup, inbox->next_index - 1, inbox->l1.number);
    if (!newest) {
        return Err{newest.error()};
    }
    if (!*newest) {
        return trust;
    }
    trust.anchor_number = (*newest)->last_block;
    trust.anchor_hash = (*newest)->last_block_hash;
    const bool is_final = final_claim->has_value();
    const auto batch =
        is_final ? batch_at_or_before(
                       client, *rollup, (*final_claim)->second.batch_index, inbox->l1.number
                   )
                 : newest;
    if (!batch) {
        return Err{batch.error()};
    }
    if (!*batch) {
        trust.reason = "because no batch with a final claim names its last block";
        return trust;
    }
    const std::string of_batch = "batch " + std::to_string((*batch)->index) + " on L1";
    trust.block_number = (*batch)->last_block;
    trust.block_hash = (*batch)->last_block_hash;
    trust.reason =
        is_final ? "because it ends " + of_batch + ", whose state is final with claim " +
                       std::to_string((*final_claim)->first)
                 : "because it ends " + of_batch + ", the newest; no claim of a state is final yet";
    return trust;
}

}  // namespace mega::node
