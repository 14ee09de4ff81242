#pragma once

// The data of a batch: blocks and their transactions as columns, compressed.
//
//   payload = version u8 = 1 ‖ length u32le of frame ‖ frame      (zeros may follow in the last
//   blob) frame   = one zstd frame of the columns, which states its content size, at most
//   max_columns_bytes columns = length[0] ‖ ... ‖ length[n - 1] ‖ column[0] ‖ ... ‖ column[n - 1]
//
// `varint` is LEB128 without superfluous bytes; lengths are varints, in bytes; the columns, in
// order:
//
//   block columns, one item a block
//     blocks        count; then for each block: flags u8 (1: gas limit given, 2: beneficiary given;
//                   both are always given for the first block), timestamp, origin number and cursor
//                   as varint differences from the block before (from 0 for the first), number of
//                   transactions varint, [gas limit varint], [beneficiary 20 bytes]
//   transaction columns, one item a transaction
//     shape         u8: type (0, 1, 2, 4) in bits 0-2, 8: a legacy transaction without chain id,
//                   16: creation, 32: value is not zero, 64: has data, 128: has lists
//     parity        one bit a transaction, lowest first, zeros up to the byte
//     nonce_low     u8;  nonce_high varint, of the nonce's other bits
//     gas_limit     number;  max_fee  number;  priority_fee  number (types 2 and 4)
//     to            address (unless creation)
//     value         amount (unless zero)
//   calldata columns
//     call          for calls with data of 4 + 32 n bytes: entry of the table of calls
//                   (selector, n), varint; for any other data: 0
//     data_length   varint, of other data;  data  their bytes, back to back
//     word_kind     u8 for each word of a call; what the kinds mean is listed at WordKind
//     word_bytes    of words that stand for themselves
//   lists (access lists, authorization lists), for transactions that have them
//     lists         count of access list entries, then per entry: address, count of keys;
//                   type 4: count of authorizations, then per tuple: chain id amount,
//                   address, nonce varint, y parity u8
//     list_words    the keys, and r and s of the tuples, 32 bytes each
//   tables, filled by what is used at least twice, most used first
//     addresses     20 bytes each;  words  32 bytes each;  numbers  amounts;  calls  selector ‖ n
//     literals      the addresses that are used once, in order of use
//   signatures      r ‖ s, 64 bytes each, big endian
//
// An *address* is a varint in the column of its field: 0 for the next literal, k + 1 for entry k of
// the table. A *number* likewise. An *amount* is a number with its trailing decimal zeros cut:
// exponent u8 ‖ length u8 ‖ that many bytes big endian, spread over three columns.
//
// A batch stands alone: nothing outside it is needed to decode it but the chain id. Encoding is
// canonical: the same blocks give the same columns, and decode_columns refuses any others. (The
// zstd frame around them is the compressor's choice.)

#include "rollup/l1.hpp"

#include <span>

namespace mega::rollup {

inline constexpr uint8_t batch_version = 1;
inline constexpr size_t max_columns_bytes = 16u << 20;
inline constexpr uint64_t max_blocks_per_batch = 7'200;  // as BatchInbox

/// A block as a batch holds it: without the transactions that come from L1.
struct BatchBlock {
    uint64_t timestamp = 0;  // seconds, not below that of the block before
    uint64_t origin_number = 0;
    uint64_t cursor = 0;  // of the deposit queue, after the block
    uint64_t gas_limit = 0;
    Address beneficiary{};
    std::vector<Transaction> transactions;
    friend bool operator==(const BatchBlock&, const BatchBlock&) = default;
};

/// Fails when a block goes back in time, origin or cursor, when a transaction is not for this chain
/// or of a type that a batch cannot hold, and when the columns would be larger than allowed.
[[nodiscard]] Result<Bytes> encode_columns(uint64_t chain_id, std::span<const BatchBlock> blocks);
/// Total: any bytes give blocks or words. Memory stays within a small multiple of the columns.
[[nodiscard]] Result<std::vector<BatchBlock>> decode_columns(uint64_t chain_id, BytesView columns);

struct CompressionOptions {
    int level = 6;
};
[[nodiscard]] Bytes make_payload(BytesView columns, const CompressionOptions& options = {});
/// The columns in a payload; bytes after the frame must be zeros.
[[nodiscard]] Result<Bytes> open_payload(BytesView payload);

/// Both steps at once.
[[nodiscard]] Result<Bytes> encode_batch(
    uint64_t chain_id, std::span<const BatchBlock> blocks, const CompressionOptions& options = {}
);
[[nodiscard]] Result<std::vector<BatchBlock>> decode_batch(uint64_t chain_id, BytesView payload);

}  // namespace mega::rollup
