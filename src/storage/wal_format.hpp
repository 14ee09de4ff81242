#pragma once

// The bytes of a write-ahead log segment, apart from files and threads. Input is hostile.
//
//   segment = header[16] ‖ record* ‖ zeros          header = "MEGAWAL1" ‖ chain id hash[0..8]
//   record  = length u32 LE ‖ crc32c u32 LE ‖ sequence u64 LE ‖ payload[length]
//             crc32c covers sequence and payload
//
// Sequences count up by one from the one in the segment's file name. The zeros are space prepared
// for writing; since no record has sequence 0, they cannot be mistaken for one.

#include "base/bytes.hpp"
#include "base/result.hpp"

#include <functional>
#include <optional>

namespace mega::storage::wal {

inline constexpr size_t header_size = 16;
inline constexpr size_t record_header_size = 16;
inline constexpr size_t max_payload_bytes = 1u << 30;

[[nodiscard]] std::array<uint8_t, header_size> make_header(const Hash256& chain_id_hash);
void append_record(Bytes& out, uint64_t sequence, BytesView payload);

enum class HeaderState : uint8_t {
    good,
    unwritten,  // shorter than a header or all zero: the segment was being created
    bad_magic,
    other_chain,
};
[[nodiscard]] HeaderState check_header(BytesView segment, const Hash256& chain_id_hash);

using RecordVisitor = std::function<bool(uint64_t sequence, BytesView payload)>;

struct ParsedSegment {
    /// One past the last intact record.
    size_t end_offset = header_size;
    uint64_t next_sequence = 0;
    /// Why the bytes at end_offset are neither a record nor zeros up to the end; nothing when the
    /// end is clean.
    std::optional<std::string> damage;
    bool stopped = false;  // the visitor returned false
};

/// Visits the intact records after the header (which the caller has checked), the first being
/// `first_sequence`.
[[nodiscard]] ParsedSegment parse_records(
    BytesView segment, uint64_t first_sequence, const RecordVisitor& visit
);

[[nodiscard]] std::string segment_name(uint64_t first_sequence);
[[nodiscard]] std::optional<uint64_t> parse_segment_name(std::string_view name);

}  // namespace mega::storage::wal
