#include "settlement/l1_source.hpp"

#include <algorithm>

namespace mega::settlement {
namespace {

rollup::L1Block to_rollup(const L1Header& header) {
    return {
        .ref =
            {.number = header.number,
             .hash = header.hash,
             .timestamp = header.timestamp,
             .base_fee = header.base_fee,
             .blob_base_fee = header.blob_base_fee},
        .parent_hash = header.parent_hash,
        .entries = {},
    };
}

}  // namespace

Result<std::vector<rollup::L1Block>> read_l1_blocks(
    L1Client& client, const Address& deposit_queue, uint64_t from, uint64_t to
) {
    const auto headers = client.blocks(from, to);
    if (!headers) {
        return Err{headers.error()};
    }
    std::vector<rollup::L1Block> blocks;
    for (const L1Header& header : *headers) {
        if (!blocks.empty() && header.parent_hash != blocks.back().ref.hash) {
            break;  // L1 changed between two answers: the next look sees it whole
        }
        blocks.push_back(to_rollup(header));
    }
    if (blocks.empty()) {
        return blocks;
    }
    const auto logs = client.logs(
        {.from_block = from,
         .to_block = blocks.back().ref.number,
         .addresses = {deposit_queue},
         .topics = {rollup::deposit_queued_topic(), rollup::transaction_forced_topic()}}
    );
    if (!logs) {
        return Err{logs.error()};
    }
    for (const L1Log& log : *logs) {
        rollup::L1Block& block = blocks[log.block.number - from];
        if (log.block.hash != block.ref.hash) {
            blocks.resize(log.block.number - from);
            break;
        }
        auto entry = rollup::read_queue_log(log.log);
        if (!entry) {
            return Err{Error{
                "L1 block " + std::to_string(log.block.number) +
                ", a log of the deposit queue: " + entry.error().message
            }};
        }
        if (*entry) {
            block.entries.push_back(**std::move(entry));
        }
    }
    return blocks;
}

Result<std::vector<BatchAt>> read_batches(
    L1Client& client, const Address& batch_inbox, uint64_t from, uint64_t to
) {
    const auto logs = client.logs(
        {.from_block = from,
         .to_block = to,
         .addresses = {batch_inbox},
         .topics = {rollup::batch_posted_topic(), rollup::batch_calldata_topic()}}
    );
    if (!logs) {
        return Err{logs.error()};
    }
    std::vector<BatchAt> batches;
    for (const L1Log& log : *logs) {
        auto posted = rollup::read_batch_log(log.log);
        auto calldata = rollup::read_calldata_log(log.log);
        if (!posted || !calldata) {
            return Err{Error{
                "L1 block " + std::to_string(log.block.number) + ", a log of the batch inbox: " +
                (!posted ? posted.error().message : calldata.error().message)
            }};
        }
        if (*posted) {
            batches.push_back({**std::move(posted), log.block, {}, log.tx_hash});
        } else if (*calldata && !batches.empty() &&
                   batches.back().posted.header.index == (*calldata)->index) {
            batches.back().calldata = std::move((*calldata)->data);
        }
    }
    return batches;
}

namespace {

Result<std::vector<Blob>> blobs_of(
    L1Client& client, const BlobArchive* archive, const BatchAt& batch
) {
    const auto header = client.block(batch.block.number);
    if (!header || !*header || (*header)->hash != batch.block.hash) {
        return Err{Error{
            !header ? header.error().message
                    : "L1 block " + std::to_string(batch.block.number) + " is gone"
        }};
    }
    auto blobs = client.blobs(**header, batch.posted.data_hashes);
    if (blobs || archive == nullptr) {
        return blobs;
    }
    std::vector<Blob> kept;
    for (const Hash256& hash : batch.posted.data_hashes) {
        auto blob = archive->load(hash);
        if (!blob) {
            return Err{Error{blobs.error().message + "; " + blob.error().message}};
        }
        kept.push_back(*std::move(blob));
    }
    return kept;
}

}  // namespace

Result<rollup::BatchInput> read_batch_data(
    L1Client& client, const BlobArchive* archive, const BatchAt& batch
) {
    rollup::BatchInput input{.posted = batch.posted, .blobs = {}, .calldata = {}};
    if (batch.posted.kind == rollup::BatchKind::blobs) {
        auto blobs = blobs_of(client, archive, batch);
        if (!blobs) {
            return Err{blobs.error()};
        }
        input.blobs = *std::move(blobs);
    } else if (batch.posted.kind == rollup::BatchKind::calldata) {
        input.calldata = batch.calldata;
    }
    return input;
}

Result<std::vector<rollup::L1BlockInput>> read_l1_inputs(
    L1Client& client,
    const rollup::RollupConfig& config,
    const BlobArchive* archive,
    uint64_t from,
    uint64_t to
) {
    auto blocks = read_l1_blocks(client, config.deposit_queue, from, to);
    if (!blocks) {
        return Err{blocks.error()};
    }
    std::vector<rollup::L1BlockInput> inputs;
    for (rollup::L1Block& block : *blocks) {
        inputs.push_back({.block = std::move(block), .batches = {}});
    }
    if (inputs.empty()) {
        return inputs;
    }
    const auto batches =
        read_batches(client, config.batch_inbox, from, inputs.back().block.ref.number);
    if (!batches) {
        return Err{batches.error()};
    }
    for (const BatchAt& batch : *batches) {
        rollup::L1BlockInput& input = inputs[batch.block.number - from];
        if (batch.block.hash != input.block.ref.hash) {
            inputs.resize(batch.block.number - from);  // reorganised between two answers
            break;
        }
        auto data = read_batch_data(client, archive, batch);
        if (!data) {
            return Err{data.error()};
        }
        input.batches.push_back(*std::move(data));
    }
    return inputs;
}

}  // namespace mega::settlement
