#include "storage/wal_format.hpp"

#include "storage/crc32c.hpp"

#include <fmt/format.h>

namespace mega::storage::wal {
namespace {

constexpr std::string_view magic = "MEGAWAL1";
constexpr std::string_view name_prefix = "wal-";
constexpr std::string_view name_suffix = ".log";

static_assert(
    std::endian::native == std::endian::little, "records are written as they lie in memory"
);

template <class Integer>
Integer load_le(const uint8_t* from) {
    Integer value = 0;
    std::memcpy(&value, from, sizeof(value));
    return value;
}

struct RecordHeader {
    uint32_t length;
    uint32_t checksum;
    uint64_t sequence;
};

RecordHeader load_header(const uint8_t* from) {
    return {load_le<uint32_t>(from), load_le<uint32_t>(from + 4), load_le<uint64_t>(from + 8)};
}

uint32_t checksum_of(uint64_t sequence, BytesView payload) {
    std::array<uint8_t, 8> bytes{};
    std::memcpy(bytes.data(), &sequence, 8);
    return crc32c(crc32c(0, bytes), payload);
}

bool is_all_zero(BytesView bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](uint8_t byte) { return byte == 0; });
}

/// The payload of the record at the start of `rest`, or why there is none.
Result<BytesView> read_record(BytesView rest, uint64_t expected_sequence) {
    if (rest.size() < record_header_size) {
        return Err{Error{"a record header is cut short"}};
    }
    const RecordHeader header = load_header(rest.data());
    if (header.sequence != expected_sequence) {
        return Err{Error{
            fmt::format("sequence {} stands where {} belongs", header.sequence, expected_sequence)
        }};
    }
    if (header.length > max_payload_bytes || header.length > rest.size() - record_header_size) {
        return Err{Error{fmt::format(
            "record {} claims {} bytes, more than there are", header.sequence, header.length
        )}};
    }
    const BytesView payload = rest.subspan(record_header_size, header.length);
    if (checksum_of(header.sequence, payload) != header.checksum) {
        return Err{Error{fmt::format("the checksum of record {} does not match", header.sequence)}};
    }
    return payload;
}

}  // namespace

std::array<uint8_t, header_size> make_header(const Hash256& chain_id_hash) {
    std::array<uint8_t, header_size> header{};
    std::memcpy(header.data(), magic.data(), magic.size());
    std::memcpy(header.data() + magic.size(), chain_id_hash.data(), header_size - magic.size());
    return header;
}

void append_record(Bytes& out, uint64_t sequence, BytesView payload) {
    MEGA_ASSERT(payload.size() <= max_payload_bytes);
    const auto length = static_cast<uint32_t>(payload.size());
    const uint32_t checksum = checksum_of(sequence, payload);
    const size_t start = out.size();
    out.resize(start + record_header_size + payload.size());
    std::memcpy(out.data() + start, &length, 4);
    std::memcpy(out.data() + start + 4, &checksum, 4);
    std::memcpy(out.data() + start + 8, &sequence, 8);
    std::copy(
        payload.begin(),
        payload.end(),
        out.begin() + static_cast<std::ptrdiff_t>(start + record_header_size)
    );
}

HeaderState check_header(BytesView segment, const Hash256& chain_id_hash) {
    if (segment.size() < header_size || is_all_zero(segment)) {
        return HeaderState::unwritten;
    }
    if (as_text(segment.first(magic.size())) != magic) {
        return HeaderState::bad_magic;
    }
    const auto expected = make_header(chain_id_hash);
    return equal(segment.first(header_size), expected) ? HeaderState::good
                                                       : HeaderState::other_chain;
}

ParsedSegment parse_records(
    BytesView segment, uint64_t first_sequence, const RecordVisitor& visit
) {
    MEGA_ASSERT(segment.size() >= header_size);
    ParsedSegment parsed;
    parsed.next_sequence = first_sequence;
    while (parsed.end_offset < segment.size()) {
        const BytesView rest = segment.subspan(parsed.end_offset);
        const auto payload = read_record(rest, parsed.next_sequence);
        if (!payload) {
            if (!is_all_zero(rest)) {
                parsed.damage = payload.error().message;
            }
            return parsed;
        }
        if (!visit(parsed.next_sequence, *payload)) {
            parsed.stopped = true;
            return parsed;
        }
        parsed.end_offset += record_header_size + payload->size();
        ++parsed.next_sequence;
    }
    return parsed;
}

std::string segment_name(uint64_t first_sequence) {
    return fmt::format("{}{:016x}{}", name_prefix, first_sequence, name_suffix);
}

std::optional<uint64_t> parse_segment_name(std::string_view name) {
    if (name.size() != name_prefix.size() + 16 + name_suffix.size() ||
        !name.starts_with(name_prefix) || !name.ends_with(name_suffix)) {
        return std::nullopt;
    }
    uint64_t sequence = 0;
    for (const char c : name.substr(name_prefix.size(), 16)) {
        const bool is_digit = c >= '0' && c <= '9';
        const bool is_letter = c >= 'a' && c <= 'f';
        if (!is_digit && !is_letter) {
            return std::nullopt;
        }
        sequence = sequence * 16 + static_cast<uint64_t>(is_digit ? c - '0' : c - 'a' + 10);
    }
    return sequence;
}

}  // namespace mega::storage::wal
