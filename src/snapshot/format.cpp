#include "snapshot/format.hpp"

#include "storage/crc32c.hpp"
#include "types/rlp_fields.hpp"

#include <zstd.h>

namespace mega::snapshot {
namespace {

constexpr int compression_level = 3;
constexpr size_t max_packed_bytes = max_raw_bytes + (max_raw_bytes >> 7) + 1024;

void write_u32(Bytes& out, uint32_t value) {
    for (int shift = 0; shift < 32; shift += 8) {
        out.push_back(static_cast<uint8_t>(value >> shift));
    }
}

uint32_t read_u32(BytesView bytes) {
    uint32_t value = 0;
    for (size_t i = 4; i-- > 0;) {
        value = value << 8 | bytes[i];
    }
    return value;
}

uint32_t checksum_of(BytesView kind_and_sizes, BytesView packed) {
    return storage::crc32c(storage::crc32c(0, kind_and_sizes), packed);
}

}  // namespace

Bytes encode(const Head& head) {
    rlp::Writer out;
    const size_t mark = out.begin_list();
    out.write(head.chain_id);
    out.write(head.genesis_hash.view());
    out.write(head.next_mini_block_number);
    out.write(head.sequencer ? head.sequencer->view() : BytesView{});
    out.write(head.opening_hash.view());
    const size_t headers = out.begin_list();
    for (const BlockHeader& header : head.headers) {
        out.write(BytesView{mega::encode(header)});
    }
    out.end_list(headers);
    out.end_list(mark);
    return out.take();
}

Result<Head> decode_head(BytesView raw) {
    auto fields = rlp::FieldReader::over_list(raw);
    Head head;
    fields.read(head.chain_id);
    fields.read(head.genesis_hash);
    fields.read(head.next_mini_block_number);
    fields.read_or_empty(head.sequencer);
    fields.read(head.opening_hash);
    fields.read_each([&](rlp::FieldReader& list) {
        BytesView encoded;
        list.read_view(encoded);
        auto header = decode_header(encoded);
        if (!header || head.headers.size() == max_headers) {
            list.fail(rlp::DecodeError::unexpected_value);
            return;
        }
        head.headers.push_back(*std::move(header));
    });
    fields.expect_end();
    if (const auto error = fields.error()) {
        return Err{Error{"the head is malformed: " + std::string(rlp::to_string(*error))}};
    }
    if (head.headers.empty()) {
        return Err{Error{"the head names no block"}};
    }
    for (size_t i = 1; i < head.headers.size(); ++i) {
        const BlockHeader& parent = head.headers[i - 1];
        const BlockHeader& header = head.headers[i];
        if (header.number != parent.number + 1 || header.parent_hash != hash_of(parent)) {
            return Err{Error{
                "the header of block " + std::to_string(header.number) +
                " does not follow the one before it"
            }};
        }
    }
    return head;
}

Bytes encode(const Totals& totals) {
    rlp::Writer out;
    const size_t mark = out.begin_list();
    out.write(totals.accounts);
    out.write(totals.slots);
    out.write(totals.codes);
    out.end_list(mark);
    return out.take();
}

Result<Totals> decode_totals(BytesView raw) {
    auto fields = rlp::FieldReader::over_list(raw);
    Totals totals;
    fields.read(totals.accounts);
    fields.read(totals.slots);
    fields.read(totals.codes);
    fields.expect_end();
    if (const auto error = fields.error()) {
        return Err{Error{"the end is malformed: " + std::string(rlp::to_string(*error))}};
    }
    return totals;
}

Bytes file_header() {
    Bytes out = to_bytes(as_bytes(magic));
    write_u32(out, version);
    return out;
}

Result<void> check_file_header(BytesView bytes) {
    if (bytes.size() < file_header_bytes || !equal(bytes.first(magic.size()), as_bytes(magic))) {
        return Err{Error{"it is no snapshot of mega"}};
    }
    const uint32_t found = read_u32(bytes.subspan(magic.size()));
    if (found != version) {
        return Err{Error{
            "it has version " + std::to_string(found) + "; this program reads version " +
            std::to_string(version)
        }};
    }
    return {};
}

Bytes make_frame(FrameKind kind, BytesView raw) {
    MEGA_ASSERT(raw.size() <= max_raw_bytes);
    Bytes packed(ZSTD_compressBound(raw.size()));
    const size_t size =
        ZSTD_compress(packed.data(), packed.size(), raw.data(), raw.size(), compression_level);
    MEGA_ASSERT(!ZSTD_isError(size));
    packed.resize(size);
    Bytes frame{static_cast<uint8_t>(kind)};
    write_u32(frame, static_cast<uint32_t>(raw.size()));
    write_u32(frame, static_cast<uint32_t>(packed.size()));
    write_u32(frame, checksum_of(frame, packed));
    append(frame, packed);
    return frame;
}

Result<FrameHeader> decode_frame_header(BytesView bytes) {
    MEGA_ASSERT(bytes.size() == frame_header_bytes);
    FrameHeader header;
    header.kind = static_cast<FrameKind>(bytes[0]);
    header.raw_size = read_u32(bytes.subspan(1));
    header.packed_size = read_u32(bytes.subspan(5));
    header.checksum = read_u32(bytes.subspan(9));
    if (bytes[0] < static_cast<uint8_t>(FrameKind::head) ||
        bytes[0] > static_cast<uint8_t>(FrameKind::end)) {
        return Err{Error{"it is of unknown kind " + std::to_string(bytes[0])}};
    }
    if (header.raw_size > max_raw_bytes || header.packed_size > max_packed_bytes) {
        return Err{Error{
            "it claims " + std::to_string(std::max(header.raw_size, header.packed_size)) +
            " bytes; at most " + std::to_string(max_raw_bytes) + " are read"
        }};
    }
    return header;
}

Result<Bytes> open_frame(const FrameHeader& header, BytesView packed) {
    MEGA_ASSERT(packed.size() == header.packed_size && header.raw_size <= max_raw_bytes);
    Bytes covered{static_cast<uint8_t>(header.kind)};
    write_u32(covered, header.raw_size);
    write_u32(covered, header.packed_size);
    if (checksum_of(covered, packed) != header.checksum) {
        return Err{Error{"its checksum is wrong: the file is damaged"}};
    }
    // Never more than was claimed, whatever the frame says of itself.
    Bytes raw(header.raw_size);
    const size_t size = ZSTD_decompress(raw.data(), raw.size(), packed.data(), packed.size());
    if (ZSTD_isError(size) || size != raw.size()) {
        return Err{Error{"it does not unpack to the size that it claims"}};
    }
    return raw;
}

}  // namespace mega::snapshot
