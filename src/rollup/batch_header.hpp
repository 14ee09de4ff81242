#pragma once

// The header of a batch as BatchInbox keeps it on L1, and its hash:
//
//   batch hash = keccak256(abi.encode(l2 chain id, header, kind, data hashes))
//
// The header's eleven fields are words in declaration order.

#include "base/bytes.hpp"
#include "rollup/abi.hpp"
#include "types/mini_block.hpp"

#include <vector>

namespace mega::rollup {

struct BatchHeader {
    Hash256 parent{};  // hash of the batch before; 0 for the first
    uint64_t index = 0;
    uint64_t first_block = 0;
    uint64_t last_block = 0;
    uint64_t deposit_cursor = 0;  // after last_block
    uint64_t origin_number = 0;   // of last_block
    Hash256 origin_hash{};
    uint64_t last_timestamp = 0;  // of last_block
    Hash256 last_block_hash{};    // 0 for a forced batch
    Hash256 mini_block_digest{};  // 0 for a forced batch
    Address sequencer{};
    friend bool operator==(const BatchHeader&, const BatchHeader&) = default;
};

enum class BatchKind : uint8_t { blobs = 0, calldata = 1, forced = 2 };

void write(AbiWriter& out, const BatchHeader& header);
[[nodiscard]] BatchHeader read_batch_header(AbiReader& in);

[[nodiscard]] Hash256 batch_hash(
    uint64_t l2_chain_id,
    const BatchHeader& header,
    BatchKind kind,
    std::span<const Hash256> data_hashes
);

/// keccak256 of the headers' signing hashes, one after the other.
[[nodiscard]] Hash256 mini_block_digest(std::span<const MiniBlockHeader> headers);

}  // namespace mega::rollup
