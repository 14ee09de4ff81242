#pragma once

// The compact form of a witness: what travels beside every block.
//
//   compact   version u8 = 1 | body size u32 | zstd frame of the body          (big endian)
//   body      codes | account trie | headers
//
//   codes     count varint | code, ascending by hash
//   code        0 | hash[32]                 the receiver has it
//               size varint > 0 | bytes
//   trie      0 | hash[32]                   nothing of it is needed
//             node
//   node        1 branch | children u16 | given u16 (some of the children)
//                    | hash[32] of each child not given | node of each given one    (by nibble)
//               2 extension | path nibbles u8 | path | node          the branch below it
//               3 extension | path nibbles u8 | path | hash[32]
//               4 leaf | path (all that is left of 64 nibbles) | account, or number in storage
//   account   flags u8 | nonce varint | balance number | storage | code
//               flags   bits 0-1: storage is 0 empty, 1 hash[32], 2 the node of its trie's root
//                       bits 2-3: code is 0 empty, 1 hash[32], 2 index varint into codes
//   number    size u8 (<= 32) | bytes without leading zeros; none for zero
//   headers   count varint | size varint and RLP of each, newest first
//
//   path      packed two nibbles a byte, the first half byte zero when odd
//   varint    seven bits a byte, lowest first, the top bit says that more follow; no idle bytes
//
// It is one multiproof: a child that is given in full stands in the place of its hash, which the
// receiver computes; the state root itself is computed too. Nodes shorter than 32 bytes, which have
// no hash, are always given. A subtree that occurs at several places is given at one of them. What
// a trie cannot hold, and a node given twice, is refused. The keys do not travel.
//
// Decoding is total. Sizes are checked against Limits before memory is taken: nothing is allocated
// for the body size that a sender claims beyond `max_bytes`, and decompression stops there.
// Recursion goes at most once per nibble of an account's and a slot's path.

#include "witness/codec.hpp"
#include "witness/witness.hpp"

namespace mega::witness {

inline constexpr uint8_t compact_version = 1;

/// Codes for which `is_known` holds, and null ones, go by their hash. What no hash leads to from
/// the state root stays out. An error means that a node is malformed, which a recorded witness
/// never has.
[[nodiscard]] Result<Bytes, CodecError> encode_compact(
    const Witness& witness, const std::function<bool(const Hash256&)>& is_known = {}
);

/// The witness is taken for minimal. Codes left out are null: fill_codes() before validating.
[[nodiscard]] Result<Witness, CodecError> decode_compact(
    BytesView encoded, const Limits& limits = {}
);

/// The body without the outer layer: for measuring, and for fuzzers to look behind zstd.
[[nodiscard]] Result<Bytes, CodecError> encode_body(
    const Witness& witness, const std::function<bool(const Hash256&)>& is_known = {}
);
[[nodiscard]] Result<Witness, CodecError> decode_body(BytesView body, const Limits& limits = {});

}  // namespace mega::witness
