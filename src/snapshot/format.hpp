#pragma once

// The bytes of a snapshot file.
//
//   file   = "MEGASNAP" ‖ version u32 LE (1) ‖ frame ...
//   frame  = kind u8 ‖ raw size u32 LE ‖ packed size u32 LE ‖ crc32c u32 LE (of kind, sizes,
//   packed)
//            ‖ packed                                         one zstd frame
//
//   1 head   once, first: rlp([chain id, genesis hash, next mini-block number, sequencer or empty,
//            opening hash, [block header, ...]]): up to 256 headers, each the parent of the next;
//            the last is the block whose state follows, `opening hash` its name while it was open
//   2 state  state::encode of a diff from nothing: first all codes, then accounts with their slots,
//            ascending by address and slot. Of an account that spans frames, the later ones list
//            it as unchanged.
//   3 end    once, last: rlp([accounts, slots, codes]), how many there were
//
// Addresses and slots are plain: a replica reads by them.

#include "state/diff.hpp"
#include "types/block.hpp"

#include <optional>

namespace mega::snapshot {

inline constexpr std::string_view magic = "MEGASNAP";
inline constexpr uint32_t version = 1;
inline constexpr size_t file_header_bytes = 12;
inline constexpr size_t frame_header_bytes = 13;
/// A frame is closed when it has grown to this; one code or slot more may be in it.
inline constexpr size_t target_raw_bytes = 1u << 20;
inline constexpr size_t max_raw_bytes = 8u << 20;
inline constexpr size_t max_headers = 256;

enum class FrameKind : uint8_t { head = 1, state, end };

struct FrameHeader {
    FrameKind kind = FrameKind::head;
    uint32_t raw_size = 0;
    uint32_t packed_size = 0;
    uint32_t checksum = 0;
};

struct Head {
    uint64_t chain_id = 0;
    Hash256 genesis_hash;
    uint64_t next_mini_block_number = 0;
    std::optional<Address> sequencer;
    Hash256 opening_hash;
    std::vector<BlockHeader> headers;  // oldest first, never empty
    friend bool operator==(const Head&, const Head&) = default;
};

struct Totals {
    uint64_t accounts = 0;
    uint64_t slots = 0;
    uint64_t codes = 0;
    friend bool operator==(const Totals&, const Totals&) = default;
};

[[nodiscard]] Bytes encode(const Head& head);
/// The headers are linked.
[[nodiscard]] Result<Head> decode_head(BytesView raw);
[[nodiscard]] Bytes encode(const Totals& totals);
[[nodiscard]] Result<Totals> decode_totals(BytesView raw);

[[nodiscard]] Bytes file_header();
[[nodiscard]] Result<void> check_file_header(BytesView bytes);
/// The frame with its header. `raw` is at most max_raw_bytes.
[[nodiscard]] Bytes make_frame(FrameKind kind, BytesView raw);
/// Of frame_header_bytes; refuses unknown kinds and sizes beyond the bounds.
[[nodiscard]] Result<FrameHeader> decode_frame_header(BytesView bytes);
/// What a frame holds; `packed` has the header's size.
[[nodiscard]] Result<Bytes> open_frame(const FrameHeader& header, BytesView packed);

}  // namespace mega::snapshot
