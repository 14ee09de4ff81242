#pragma once

// What the L1 contracts say in their logs, and how they are called. Only the shape is checked here:
// whether an entry follows the one before it, and a batch its parent, is derivation.hpp's business.
//
//   DepositQueued(uint64 indexed index, address indexed from, bytes envelope, bytes32 rollingHash)
//   TransactionForced(uint64 indexed index, address indexed payer, bytes envelope, bytes32
//   rollingHash) BatchPosted(uint64 indexed index, bytes32 indexed batchHash, uint8 kind,
//   BatchHeader header,
//               bytes32[] dataHashes)
//   BatchCalldata(uint64 indexed index, bytes data)

#include "rollup/batch_header.hpp"
#include "rollup/l1.hpp"
#include "types/receipt.hpp"

namespace mega::rollup {

/// keccak256 of the events' signatures: topic 0.
[[nodiscard]] const Hash256& deposit_queued_topic();
[[nodiscard]] const Hash256& transaction_forced_topic();
[[nodiscard]] const Hash256& batch_posted_topic();
[[nodiscard]] const Hash256& batch_calldata_topic();

/// A log of DepositQueue. An error when it is one of the two events but malformed; nothing when it
/// is another event.
[[nodiscard]] Result<std::optional<QueueEntry>> read_queue_log(const Log& log);

struct PostedBatch {
    BatchHeader header;
    BatchKind kind = BatchKind::blobs;
    std::vector<Hash256> data_hashes;
    Hash256 hash{};  // as the log says
    friend bool operator==(const PostedBatch&, const PostedBatch&) = default;
};
/// A log of BatchInbox, in the same way.
[[nodiscard]] Result<std::optional<PostedBatch>> read_batch_log(const Log& log);

struct BatchCalldata {
    uint64_t index = 0;
    Bytes data;
};
/// The data of a batch of kind calldata; its log follows that of the batch.
[[nodiscard]] Result<std::optional<BatchCalldata>> read_calldata_log(const Log& log);

// Inputs of the calls of BatchInbox.
[[nodiscard]] Bytes submit_calldata_input(const BatchHeader& header, BytesView data);
[[nodiscard]] Bytes submit_blobs_input(const BatchHeader& header);
[[nodiscard]] Bytes submit_forced_input();

/// The logs that the contracts emit, for tests and tools: the readers above read them
/// back.
[[nodiscard]] Log write_queue_log(
    const Address& deposit_queue, const QueueEntry& entry, const Address& from
);
[[nodiscard]] Log write_batch_log(const Address& batch_inbox, const PostedBatch& batch);
[[nodiscard]] Log write_calldata_log(const Address& batch_inbox, const BatchCalldata& calldata);

}  // namespace mega::rollup
