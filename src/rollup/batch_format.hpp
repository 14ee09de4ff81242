#pragma once

// The data of a batch: blocks and their transactions as columns, compressed.
//
//   payload    version u8 = 1 ‖ frame length u32le ‖ signatures length u32le ‖ frame ‖ signatures;
//              zeros may follow in the last blob
//   frame      one zstd frame of the columns before the signatures; states its content size
//   columns    length of each, varint ‖ each, in the order of rollup::Column; at most
//              max_columns_bytes, signatures included
//
// Of each block, in order, in column `blocks` (which begins with their count, varint):
//
//   flags u8                          1: gas limit given, 2: beneficiary given; both always for the
//                                     first block, afterwards when they change
//   timestamp, origin number, cursor  varints, less those of the block before (0 for the first)
//   count of transactions varint, [gas limit varint], [beneficiary 20 bytes]
//
// Of each transaction, in order, in the columns:
//
//   shape               u8: type (0, 1, 2, 4), 8: without chain id, 16: creation, 32: value is not
//                       0, 64: has data, 128: has an access list or authorizations
//   signatures          r ‖ s, big endian, with the parity in the highest bit of s, which is 0 in
//                       every valid signature (EIP-2098)
//   nonce_low           u8
//   nonce_high          varint, the bits above
//   gas_limit           number
//   fee_room            number: max fee, less the priority fee if there is one (mod 2^256)
//   priority_fee        number, types 2 and 4
//   to                  address, unless a creation
//   value_*             amount, unless 0
//   call                if there is data, varint: 0 when it is not a call; 1 for the next of
//                       call_literals; k + 2 for entry k of call_table. A call is selector[4] with
//                       n words, and stands in a table as selector ‖ n varint
//   data_length, data   varint and bytes, of data that is not a call
//   word_kind           u8 for each word of a call: WordKind says where the rest of it is
//   lists               count of access list entries; of each: address, count of keys. Type 4:
//                       count of tuples; of each: chain id (amount, in number_*), address, nonce
//                       varint, y parity u8. Counts are varints
//   list_words          the keys; r and s of the tuples
//
// An *address*, *number* or *word* is a varint: 0 for the next of its literals, k + 1 for entry k
// of its table. Tables (address_table, word_table, call_table; number_table is a count, its entries
// come first in number_*) hold what is used at least twice, most used first, equals by value. An
// *amount* is a number without its trailing decimal zeros: head in *_head (columns.hpp draws it),
// digits big endian in *_digits.
//
// A batch stands alone: nothing but the chain id is needed to decode it. The columns are canonical:
// the same blocks give the same columns, and decode_columns refuses any others. (The frame around
// them is the compressor's choice.)

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
    /// Of zstd. The columns leave little to it: the highest levels gain one part in a hundred.
    int level = 3;
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
