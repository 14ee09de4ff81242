#pragma once

// A mini-block: what a sequencer executed in a few milliseconds, signed. A block is a sequence of
// mini-blocks; a mini-block never spans blocks. Receipts of its transactions are final for everyone
// who trusts the sequencer's signature, and become provable when the block is sealed.
//
//   encoding   rlp([block_number, block_timestamp, index, mini_block_number, timestamp_us,
//                   gas_used, transaction_root, receipt_root, r, s, y_parity])
//   signature  secp256k1 over keccak256(rlp([the first eight fields]))

#include "crypto/secp256k1.hpp"
#include "types/rlp.hpp"

#include <optional>

namespace mega {

struct MiniBlockHeader {
    uint64_t block_number = 0;
    uint64_t block_timestamp = 0;    // seconds
    uint64_t index = 0;              // within the block, from 0
    uint64_t mini_block_number = 0;  // within the chain, from 0
    uint64_t timestamp_us = 0;
    uint64_t gas_used = 0;
    /// Roots over this mini-block's transactions and receipts alone.
    Hash256 transaction_root{};
    Hash256 receipt_root{};
    crypto::Signature signature{};

    friend bool operator==(const MiniBlockHeader&, const MiniBlockHeader&) = default;
};

[[nodiscard]] Hash256 signing_hash(const MiniBlockHeader& header);
[[nodiscard]] std::optional<Address> recover_signer(const MiniBlockHeader& header);
[[nodiscard]] Bytes encode(const MiniBlockHeader& header);
[[nodiscard]] Result<MiniBlockHeader, rlp::DecodeError> decode_mini_block_header(BytesView encoded);

}  // namespace mega
