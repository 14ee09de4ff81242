#pragma once

// RLP of trie nodes (Yellow Paper appendix D): strict parsing of bytes from outside, and encoding
// of nodes in memory.

#include "base/result.hpp"
#include "trie/node.hpp"

#include <array>
#include <optional>

namespace mega::trie {

/// A node as its RLP says; views into that RLP.
struct ParsedNode {
    enum class Kind : uint8_t { branch, extension, leaf };

    Kind kind = Kind::branch;
    PackedPath path;  // extension, leaf
    /// Branch: one per nibble. Extension: the first. A whole RLP item: a string of 32 bytes, or a
    /// list shorter than 32 bytes that holds the child itself; empty where there is no child.
    std::array<BytesView, 16> children;
    BytesView value;  // leaf, and branch where a key ends; empty when there is none
};

/// Nothing unless the bytes are one well-formed node: canonical RLP, 17 or 2 items, canonical path
/// prefix, branches with at least two entries, extensions not empty, values not empty, references
/// of the two right forms. Embedded nodes are parsed when they are walked into.
[[nodiscard]] std::optional<ParsedNode> parse_node(BytesView encoded);

/// A child item is a hash (as opposed to an embedded node).
[[nodiscard]] inline bool is_hash_item(BytesView item) {
    return item.size() == 1 + reference_bytes;
}

/// Enough for every node in memory: a full branch takes 532 bytes.
inline constexpr size_t max_node_rlp_bytes = 640;

/// RLP of the node, whose children's references must be fresh. At most max_node_rlp_bytes; returns
/// the size.
[[nodiscard]] size_t encode_node(const NodeArena& arena, Ref ref, uint8_t* out);
[[nodiscard]] Bytes encode_node(const NodeArena& arena, Ref ref);

/// Hex-prefix encoding (Yellow Paper appendix C).
[[nodiscard]] Bytes hex_prefix(PackedPath path, bool of_leaf);

}  // namespace mega::trie
