#pragma once

// The feed's past: what a follower that stands somewhere needs to come up to here. Works on
// whatever a ChainReader reads, so a replica serves its own followers with it.

#include "feed/record.hpp"
#include "sequencer/chain_reader.hpp"

namespace mega::feed {

/// Where a follower stands: what it has not yet.
struct Place {
    uint64_t block_number = 0;       // the block that is not sealed yet for it
    uint64_t mini_block_number = 0;  // the next mini-block, of the chain
};

struct Excerpt {
    std::vector<Bytes> records;
    Hash256 genesis_hash;
    /// What this node has sealed last, as of the records.
    uint64_t sealed_number = 0;
    Hash256 sealed_hash;
    uint64_t next_mini_block_number = 0;  // 0 when not known: nothing is in the open block
    /// The records end where the chain does at present.
    bool is_whole = false;
};

struct ExcerptLimits {
    size_t max_records = 256;
    /// Reached by one record more at most.
    size_t max_bytes = 8u << 20;
};

/// Whole blocks from `from` on, then the open one: its opening, and the mini-blocks from `from` on.
/// Nothing when `from` lies beyond. An error when a block cannot be read, or is not kept.
[[nodiscard]] Result<Excerpt> read_from(
    const sequencer::ChainReader& reader, const Place& from, const ExcerptLimits& limits
);

/// Records of what happens, as it happens.
[[nodiscard]] Bytes record_of(const sequencer::OpenBlock& open);
[[nodiscard]] Bytes record_of(const sequencer::MiniBlock& mini_block);
[[nodiscard]] Bytes record_of(const sequencer::SealedBlock& block);

}  // namespace mega::feed
