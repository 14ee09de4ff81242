#pragma once

// The row encodings of ChainStore, drawn in chain_store.hpp. Decoding trusts nothing: rows may be
// damaged.

#include "storage/chain_store.hpp"

namespace mega::storage {

[[nodiscard]] Bytes encode_header_row(const StoredBlock& block);
[[nodiscard]] Result<StoredHeader> decode_header_row(BytesView row);

[[nodiscard]] Bytes encode_body_row(const StoredBlock& block);
[[nodiscard]] Bytes encode_receipts_row(const StoredBlock& block);
/// Puts the three rows of a block together.
[[nodiscard]] Result<StoredBlock> decode_block_rows(
    BytesView header, BytesView body, BytesView receipts
);

[[nodiscard]] Bytes encode(const Checkpoint& checkpoint);
[[nodiscard]] Result<Checkpoint> decode_checkpoint(BytesView row);

[[nodiscard]] Bytes encode(const TransactionLocation& location);
[[nodiscard]] Result<TransactionLocation> decode_location(BytesView row);

/// Big endian, so that rows sort by number.
[[nodiscard]] FixedBytes<8> number_key(uint64_t number);
[[nodiscard]] Result<uint64_t> decode_number_row(BytesView row);

}  // namespace mega::storage
