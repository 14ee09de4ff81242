#pragma once

// Cuts the next batch out of the chain: as many sealed blocks as fit, in their encoding, with the
// header that BatchInbox wants. Decides nothing about when; reads nothing but the chain.

#include "sequencer/block_source.hpp"
#include "settlement/inbox.hpp"

#include <deque>

namespace mega::settlement {

struct BatchLimits {
    size_t max_payload_bytes = 0;
    uint64_t max_blocks = 7'200;  // of BatchInbox
    uint64_t last_timestamp = 0;  // blocks after it wait
    uint64_t last_origin = 0;     // L1 blocks from which on no origin may be
};

struct Batch {
    rollup::BatchHeader header;
    Bytes payload;
    uint64_t transactions = 0;
    size_t estimated_bytes = 0;  // of the transactions before compression
};

/// What waits to be posted.
struct Backlog {
    uint64_t blocks = 0;
    uint64_t transactions = 0;
    size_t payload_bytes = 0;       // estimated
    uint64_t oldest_timestamp = 0;  // of the first block
    uint64_t newest_timestamp = 0;  // of the last
    uint64_t cursor = 0;            // of the queue, after the last
};

class BatchBuilder {
  public:
    BatchBuilder(const sequencer::BlockSource& source, uint64_t chain_id)
        : source_(&source), chain_id_(chain_id) {}

    /// Counts what follows `last_block`, no further than what fills `limits`.
    [[nodiscard]] Result<Backlog> backlog(uint64_t last_block, const BatchLimits& limits);
    /// Nothing when no block may be posted yet. Fails when a block alone is larger than a batch may
    /// be, and when a block cannot be posted at all.
    [[nodiscard]] Result<std::optional<Batch>> build(
        const InboxHead& after, const Address& sequencer, const BatchLimits& limits
    );

  private:
    using BlockPtr = std::shared_ptr<const sequencer::SourceBlock>;
    [[nodiscard]] Result<std::vector<BlockPtr>> collect(
        uint64_t last_block, const BatchLimits& limits
    );
    /// Drops what is posted, and everything when the chain has other blocks by now.
    [[nodiscard]] Result<void> refresh_read(uint64_t last_block);
    [[nodiscard]] size_t estimate_of(const sequencer::SourceBlock& block) const;

    const sequencer::BlockSource* source_;
    uint64_t chain_id_;
    /// Payload bytes per 1000 estimated bytes, learned from the last batch.
    uint64_t ratio_permille_ = 500;
    /// Consecutive blocks that were read, so that each is decoded once.
    std::deque<BlockPtr> read_;
};

}  // namespace mega::settlement
