#pragma once

// L1 as derivation and sequencer want it: blocks with the entries of the queue, batches with their
// data. Reads from an L1Client and, for blobs, from an archive when L1 has dropped them.

#include "rollup/derivation.hpp"
#include "settlement/blob_archive.hpp"
#include "settlement/l1_client.hpp"

namespace mega::settlement {

/// Blocks [from, to] and what they appended to the queue; at most 1024, fewer where the chain ends
/// or where a reorganisation happened between two questions. Consecutive, each the parent of the
/// next.
[[nodiscard]] Result<std::vector<rollup::L1Block>> read_l1_blocks(
    L1Client& client, const Address& deposit_queue, uint64_t from, uint64_t to
);

/// A batch where it was posted.
struct BatchAt {
    rollup::PostedBatch posted;
    L1BlockId block;
    std::optional<Bytes> calldata;  // of a batch of that kind
    Hash256 tx_hash{};
};
[[nodiscard]] Result<std::vector<BatchAt>> read_batches(
    L1Client& client, const Address& batch_inbox, uint64_t from, uint64_t to
);

/// With its data, from L1 or the archive (may be null). Fails when the data cannot be had, which is
/// not the same as data that is bad.
[[nodiscard]] Result<rollup::BatchInput> read_batch_data(
    L1Client& client, const BlobArchive* archive, const BatchAt& batch
);

/// Everything that derivation takes of the blocks [from, to]. As read_l1_blocks, it may end early.
[[nodiscard]] Result<std::vector<rollup::L1BlockInput>> read_l1_inputs(
    L1Client& client,
    const rollup::RollupConfig& config,
    const BlobArchive* archive,
    uint64_t from,
    uint64_t to
);

}  // namespace mega::settlement
