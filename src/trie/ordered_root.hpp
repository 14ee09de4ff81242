#pragma once

// Roots of the tries that are built once: transactions, receipts, withdrawals (key = rlp(index));
// and of a full list of key-value pairs.

#include "base/bytes.hpp"

#include <utility>
#include <vector>

namespace mega::trie {

/// Root of the trie rlp(i) -> values[i].
[[nodiscard]] Hash256 ordered_root(std::span<const Bytes> values);

/// Root of arbitrary pairs; keys distinct, values not empty, any order.
[[nodiscard]] Hash256 root_of(std::vector<std::pair<Bytes, Bytes>> pairs);

}  // namespace mega::trie
