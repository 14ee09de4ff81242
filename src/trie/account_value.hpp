#pragma once

// The value of an account leaf, compact: an account without code and storage takes a dozen bytes
// instead of seventy.
//
//   nonce bytes (bits 0-3), has storage (bit 4), has code (bit 5) | balance bytes u8 | nonce |
//   balance | storage root, 32 bytes if any | code hash, 32 bytes if any          (integers big
//   endian, no leading zeros)

#include "types/account.hpp"

#include <array>

namespace mega::trie {

inline constexpr size_t max_account_value_bytes = 2 + 8 + 32 + 32 + 32;

/// Writes at most max_account_value_bytes; returns how many. A storage root of empty_trie_root
/// takes no room.
[[nodiscard]] size_t write_account_value(
    uint8_t* out, const Account& account, const Hash256& storage_root
);
[[nodiscard]] AccountLeaf read_account_value(BytesView value);
[[nodiscard]] Hash256 storage_root_of(BytesView value);
/// The value must have a storage root.
void set_storage_root(std::span<uint8_t> value, const Hash256& root);

/// Appends rlp([nonce, balance, storage_root, code_hash]) at `out`, at most 112 bytes; returns its
/// size.
inline constexpr size_t max_account_rlp_bytes = 2 + 9 + 33 + 33 + 33;
[[nodiscard]] size_t write_account_rlp(uint8_t* out, BytesView value);

}  // namespace mega::trie
