#include "settlement/batcher.hpp"

#include "rollup/blobs.hpp"

#include <algorithm>

namespace mega::settlement {
namespace {

constexpr size_t max_calldata_bytes = 120'000;  // of BatchInbox
/// Of BatchInbox. A schedule of leaders takes no batch that is more than a slot ahead: slots are no
/// shorter than this where L1's clock may fall behind.
constexpr uint64_t seconds_ahead = 15;
constexpr uint64_t blob_batch_gas = 600'000;
constexpr uint64_t calldata_gas_a_byte = 40;  // EIP-7623's floor

}  // namespace

Batcher::Batcher(const BatcherOptions& options, uint64_t l2_chain_id, Parts parts)
    : options_(options),
      parts_(std::move(parts)),
      builder_(parts_.source, l2_chain_id),
      lease_(
          parts_.client,
          {.batch_inbox = options.batch_inbox,
           .sender = parts_.sender.address(),
           .holder = options.holder,
           .lease_s = options.lease_s}
      ) {}

void Batcher::run() {
    while (!parts_.stop.is_stopped()) {
        const auto posted = step();
        const std::string words = posted ? "" : posted.error().message;
        if (!posted) {
            ++counters_.failures;
        }
        if (!words.empty() && words != last_words_) {
            parts_.log("batcher: " + words);
        }
        last_words_ = words;
        const bool is_more_likely = posted && *posted;
        if (!parts_.stop.wait_ms(is_more_likely ? 1 : options_.poll_ms)) {
            return;
        }
    }
}

BatchLimits Batcher::limits(const InboxHead& head, size_t max_payload_bytes) const {
    return {
        .max_payload_bytes = max_payload_bytes,
        .last_timestamp = head.l1.timestamp + seconds_ahead,
        .last_origin = head.l1.number + 1,
    };
}

Result<bool> Batcher::step() {
    if (parts_.may_post && !parts_.may_post()) {
        return false;
    }
    // Before the nonce is read: another one's transaction with this key must not look like that of
    // another machine.
    std::unique_lock<std::mutex> turn;
    if (parts_.turn != nullptr) {
        turn = std::unique_lock(*parts_.turn);
    }
    const auto head = read_inbox_head(parts_.client, options_.batch_inbox);
    if (!head) {
        return Err{head.error()};
    }
    counters_.last_block = head->last_block;
    if (parts_.source.sealed_number() <= head->last_block) {
        return false;
    }
    auto ours = is_ours(*head);
    if (!ours || !*ours) {
        return ours;
    }
    const size_t target = size_t{options_.target_blobs} * rollup::data_bytes_per_blob;
    const auto backlog = builder_.backlog(head->last_block, limits(*head, target));
    if (!backlog) {
        return Err{backlog.error()};
    }
    if (!is_due(*backlog, *head)) {
        return false;
    }
    const auto way = find_way(*head, *backlog);
    if (!way || !*way) {
        return way ? Result<bool>(false) : Err{way.error()};
    }
    are_blobs_refused_ = false;
    auto posted = cut_and_post(*head, **way);
    if (posted || !are_blobs_refused_ || options_.data != BatchData::automatic) {
        return posted;
    }
    blobs_again_at_ = head->l1.timestamp + options_.blob_retry_s;
    parts_.log(
        posted.error().message + ": calldata for the next " +
        std::to_string(options_.blob_retry_s) + " s"
    );
    return cut_and_post(
        *head, {.nonce = (*way)->nonce, .may_outbid = (*way)->may_outbid, .as_calldata = true}
    );
}

Result<std::optional<Batcher::Way>> Batcher::find_way(
    const InboxHead& head, const Backlog& backlog
) {
    const auto nonce = parts_.client.nonce_at(parts_.sender.address(), head.l1.number);
    if (!nonce) {
        return Err{nonce.error()};
    }
    const auto answer = lease_.ask(head, *nonce);
    if (!answer) {
        return Err{answer.error()};
    }
    const std::string words = answer->stand_back.value_or("");
    if (!words.empty() && words != last_stand_back_) {
        parts_.log("batcher: " + words);
    }
    last_stand_back_ = words;
    counters_.is_standing_by = answer->stand_back.has_value();
    if (answer->stand_back) {
        return std::optional<Way>{};
    }
    const auto as_calldata = prefers_calldata(backlog, head);
    if (!as_calldata) {
        return Err{as_calldata.error()};
    }
    return std::optional(
        Way{.nonce = *nonce, .may_outbid = answer->may_outbid, .as_calldata = *as_calldata}
    );
}

Result<bool> Batcher::cut_and_post(const InboxHead& head, const Way& way) {
    const size_t most = way.as_calldata ? max_calldata_bytes
                                        : size_t{options_.max_blobs} * rollup::data_bytes_per_blob;
    auto batch = builder_.build(head, parts_.sender.address(), limits(head, most));
    if (!batch) {
        return Err{batch.error()};
    }
    return *batch ? post(**std::move(batch), way) : Result<bool>(false);
}

/// A batch may only continue a chain that ends in our block: otherwise L1 holds a batch that is not
/// ours (a forced one, another sequencer's), which the chain has to adopt first.
Result<bool> Batcher::is_ours(const InboxHead& head) {
    if (head.last_block == 0) {
        return true;
    }
    const auto block = parts_.source.block(head.last_block);
    if (!block) {
        return Err{block.error()};
    }
    if (!*block) {
        return false;
    }
    const bool is_same = (*block)->header.timestamp == head.last_timestamp &&
                         (*block)->position.cursor == head.deposit_cursor &&
                         (*block)->position.origin.number == head.origin_number;
    if (!is_same) {
        return Err{Error{
            "L1 ends in another block " + std::to_string(head.last_block) +
            " than this chain: it has to be adopted before anything can be posted"
        }};
    }
    return true;
}

bool Batcher::is_due(const Backlog& backlog, const InboxHead& head) const {
    if (backlog.blocks == 0) {
        return false;
    }
    const size_t target = size_t{options_.target_blobs} * rollup::data_bytes_per_blob;
    // L1's clock stands still between its blocks, the chain's goes on.
    const uint64_t now = std::max(head.l1.timestamp, backlog.newest_timestamp);
    return options_.is_eager || backlog.payload_bytes >= target ||
           backlog.blocks >= BatchLimits{}.max_blocks ||
           now >= backlog.oldest_timestamp + options_.max_age_s ||
           (head.overdue_cursor > head.deposit_cursor && backlog.cursor >= head.overdue_cursor);
}

Result<bool> Batcher::prefers_calldata(const Backlog& backlog, const InboxHead& head) {
    if (options_.data != BatchData::automatic) {
        return options_.data == BatchData::calldata;
    }
    if (head.l1.timestamp < blobs_again_at_) {
        return true;
    }
    const auto fees = parts_.client.fees();
    if (!fees) {
        return Err{fees.error()};
    }
    if (!fees->has_blobs()) {
        return true;
    }
    const size_t blobs = rollup::blobs_needed(std::max<size_t>(backlog.payload_bytes, 1));
    const u256 blob_cost = fees->blob_base_fee * u256{blobs * crypto::kzg::blob_size_bytes};
    const u256 calldata_cost = fees->base_fee * u256{backlog.payload_bytes * calldata_gas_a_byte};
    return calldata_cost < blob_cost;  // also when it takes several batches
}

Result<TxRequest> Batcher::blob_request(const Batch& batch) {
    auto sidecar = make_sidecar(rollup::pack_blobs(batch.payload));
    if (!sidecar) {
        return Err{sidecar.error()};
    }
    for (size_t i = 0; i < (*sidecar)->blobs.size(); ++i) {
        const auto stored =
            parts_.archive.store((*sidecar)->versioned_hashes[i], (*sidecar)->blobs[i]);
        if (!stored) {
            return Err{stored.error()};
        }
    }
    return TxRequest{
        .to = options_.batch_inbox,
        .data = rollup::submit_blobs_input(batch.header),
        .value = {},
        .gas_limit = blob_batch_gas,
        .sidecar = *std::move(sidecar),
    };
}

Result<TxRequest> Batcher::request_of(const Batch& batch, const Way& way) {
    auto request = way.as_calldata
                       ? Result<TxRequest>(TxRequest{
                             .to = options_.batch_inbox,
                             .data = rollup::submit_calldata_input(batch.header, batch.payload),
                             .value = {},
                             .gas_limit = 0,
                             .sidecar = {},
                         })
                       : blob_request(batch);
    if (request) {
        request->data = lease_.signed_call(std::move(request->data));
        request->nonce = way.nonce;
        request->yields = !way.may_outbid;
    }
    return request;
}

Result<void> Batcher::see_origin(Batch& batch) {
    const auto origin = parts_.client.block(batch.header.origin_number);
    if (!origin) {
        return Err{origin.error()};
    }
    if (*origin && batch.header.origin_hash.is_zero()) {
        // Blocks that have seen nothing of L1 yet know but the number of where they stand.
        batch.header.origin_hash = (*origin)->hash;
    }
    if (!*origin || (*origin)->hash != batch.header.origin_hash) {
        return Err{Error{
            "block " + std::to_string(batch.header.last_block) + " has seen L1 block " +
            std::to_string(batch.header.origin_number) + ", which L1 has taken back"
        }};
    }
    return {};
}

Result<bool> Batcher::post(Batch batch, const Way& way) {
    if (auto seen = see_origin(batch); !seen) {
        return Err{seen.error()};
    }
    const auto made = request_of(batch, way);
    if (!made) {
        return Err{made.error()};
    }
    const TxRequest& request = *made;
    const size_t blobs = request.sidecar ? request.sidecar->blobs.size() : 0;
    const auto receipt = parts_.sender.send(request);
    if (!receipt) {
        are_blobs_refused_ = !way.as_calldata && receipt.error().kind == TxFailure::Kind::not_taken;
        if (receipt.error().kind == TxFailure::Kind::nonce_taken) {
            lease_.collide(way.nonce);
        }
        return Err{
            Error{"batch " + std::to_string(batch.header.index) + ": " + receipt.error().message}
        };
    }
    if (!receipt->status) {
        return Err{Error{
            "batch " + std::to_string(batch.header.index) + ": BatchInbox refused it in " +
            to_hex(receipt->tx_hash)
        }};
    }
    ++counters_.batches;
    counters_.blobs += blobs;
    counters_.payload_bytes += batch.payload.size();
    counters_.transactions += batch.transactions;
    counters_.last_block = batch.header.last_block;
    parts_.log(
        "batch " + std::to_string(batch.header.index) + ": blocks " +
        std::to_string(batch.header.first_block) + " to " +
        std::to_string(batch.header.last_block) + ", " + std::to_string(batch.transactions) +
        " transactions in " + std::to_string(batch.payload.size()) + " bytes of " +
        (way.as_calldata ? "calldata" : std::to_string(blobs) + " blob(s)") + ", L1 block " +
        std::to_string(receipt->block.number)
    );
    return true;
}

}  // namespace mega::settlement
