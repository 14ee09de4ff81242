#pragma once

// What the two encodings of a witness share: how large one may be, and what can be wrong with one.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace mega::witness {

/// Checked before memory is taken. Decoding takes at most about `max_bytes` for the input
/// decompressed, `max_node_bytes` for the nodes and 150 bytes a node, and `max_code_bytes`.
struct Limits {
    size_t max_bytes = 64u << 20;
    size_t max_node_bytes = 96u << 20;
    size_t max_nodes = 1u << 20;
    /// Codes as they lie in memory (code_cost): as many as a block of 1 Ggas can look at.
    size_t max_code_bytes = 192u << 20;
};

/// What a code of that size takes: its padded copy, its jump destinations, and what holds it. Many
/// tiny codes take far more than they travel as.
[[nodiscard]] constexpr size_t code_cost(size_t size) { return size + size / 8 + 384; }

enum class CodecError : uint8_t {
    too_short,
    trailing_bytes,
    unknown_version,
    too_large,
    too_many_nodes,
    bad_compression,
    bad_number,
    bad_node,       // malformed, or impossible at its place
    repeated_node,  // given in full twice
    bad_code,       // out of order, given twice, named by hash although listed
    bad_header,
    bad_key,
};

[[nodiscard]] std::string_view to_string(CodecError error);

}  // namespace mega::witness
