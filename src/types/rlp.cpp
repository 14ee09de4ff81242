#include "types/rlp.hpp"

namespace mega::rlp {
namespace {

// First byte of an item:
//   00..7f  the byte itself            80..b7  string, length in the byte     b8..bf  string, 1..8
//   length bytes follow c0..f7  list, length in the byte   f8..ff  list, 1..8 length bytes follow
constexpr uint8_t short_string = 0x80;
constexpr uint8_t long_string = 0xb7;
constexpr uint8_t short_list = 0xc0;
constexpr uint8_t long_list = 0xf7;
constexpr size_t longest_short_payload = 55;

/// A length in the shortest big-endian form.
struct BigEndian {
    std::array<uint8_t, 8> bytes{};
    size_t size = 0;
    [[nodiscard]] BytesView view() const { return {bytes.data() + 8 - size, size}; }
};

BigEndian big_endian(uint64_t value) {
    BigEndian result;
    const uint64_t swapped = __builtin_bswap64(value);
    std::memcpy(result.bytes.data(), &swapped, 8);
    result.size = static_cast<size_t>(std::bit_width(value) + 7) / 8;
    return result;
}

struct Header {
    std::array<uint8_t, 9> bytes{};
    size_t size = 0;
};

Header make_header(size_t payload_size, uint8_t short_form, uint8_t long_form) {
    Header header;
    if (payload_size <= longest_short_payload) {
        header.bytes[0] = static_cast<uint8_t>(short_form + payload_size);
        header.size = 1;
        return header;
    }
    const BigEndian length = big_endian(payload_size);
    header.bytes[0] = static_cast<uint8_t>(long_form + length.size);
    std::copy(length.view().begin(), length.view().end(), header.bytes.begin() + 1);
    header.size = 1 + length.size;
    return header;
}

/// Where an item's payload lies: input[header_size, header_size + payload_size).
struct Item {
    size_t header_size = 0;
    size_t payload_size = 0;
    bool is_list = false;
};

Result<Item, DecodeError> read_long_header(BytesView input, size_t length_size, bool is_list) {
    if (input.size() - 1 < length_size) {
        return Err{DecodeError::input_too_short};
    }
    uint64_t payload_size = 0;
    for (size_t i = 1; i <= length_size; ++i) {
        payload_size = (payload_size << 8) | input[i];
    }
    if (input[1] == 0 || payload_size <= longest_short_payload) {
        return Err{DecodeError::non_canonical_length};
    }
    if (payload_size > input.size() - 1 - length_size) {
        return Err{DecodeError::input_too_short};
    }
    return Item{1 + length_size, payload_size, is_list};
}

Result<Item, DecodeError> read_header(BytesView input) {
    if (input.empty()) {
        return Err{DecodeError::input_too_short};
    }
    const uint8_t first = input[0];
    if (first < short_string) {
        return Item{0, 1, false};
    }
    const bool is_list = first >= short_list;
    const uint8_t long_form = is_list ? long_list : long_string;
    if (first > long_form) {
        return read_long_header(input, static_cast<size_t>(first - long_form), is_list);
    }
    const auto payload_size = static_cast<size_t>(first - (is_list ? short_list : short_string));
    if (payload_size > input.size() - 1) {
        return Err{DecodeError::input_too_short};
    }
    if (!is_list && payload_size == 1 && input[1] < short_string) {
        return Err{DecodeError::non_canonical_length};
    }
    return Item{1, payload_size, is_list};
}

/// The bytes of an integer of at most `max_size` bytes.
Result<BytesView, DecodeError> read_integer(Reader& reader, size_t max_size) {
    auto string = reader.read_string();
    if (!string) {
        return string;
    }
    if (!string->empty() && string->front() == 0) {
        return Err{DecodeError::non_canonical_integer};
    }
    if (string->size() > max_size) {
        return Err{DecodeError::integer_too_large};
    }
    return string;
}

}  // namespace

std::string_view to_string(DecodeError error) {
    switch (error) {
        case DecodeError::input_too_short:
            return "rlp: input too short";
        case DecodeError::non_canonical_length:
            return "rlp: non-canonical length";
        case DecodeError::non_canonical_integer:
            return "rlp: integer with leading zeros";
        case DecodeError::integer_too_large:
            return "rlp: integer too large";
        case DecodeError::expected_list:
            return "rlp: expected a list";
        case DecodeError::expected_string:
            return "rlp: expected a string";
        case DecodeError::wrong_length:
            return "rlp: wrong length";
        case DecodeError::trailing_bytes:
            return "rlp: trailing bytes";
        case DecodeError::unexpected_value:
            return "rlp: unexpected value";
    }
    return "rlp: invalid";
}

void Writer::write(BytesView string) {
    if (string.size() == 1 && string[0] < short_string) {
        out_.push_back(string[0]);
        return;
    }
    const Header header = make_header(string.size(), short_string, long_string);
    append(out_, {header.bytes.data(), header.size});
    append(out_, string);
}

void Writer::write(uint64_t integer) { write(big_endian(integer).view()); }

void Writer::write(const u256& integer) {
    const Hash256 bytes = integer.to_hash();
    write(bytes.view().last(integer.byte_length()));
}

void Writer::write_raw(BytesView encoded) { append(out_, encoded); }

void Writer::end_list(size_t mark) {
    MEGA_ASSERT(mark <= out_.size());
    const Header header = make_header(out_.size() - mark, short_list, long_list);
    out_.insert(
        out_.begin() + static_cast<std::ptrdiff_t>(mark),
        header.bytes.begin(),
        header.bytes.begin() + static_cast<std::ptrdiff_t>(header.size)
    );
}

Result<BytesView, DecodeError> Reader::read_string() {
    const auto item = read_header(rest_);
    if (!item) {
        return Err{item.error()};
    }
    if (item->is_list) {
        return Err{DecodeError::expected_string};
    }
    const BytesView payload = rest_.subspan(item->header_size, item->payload_size);
    rest_ = rest_.subspan(item->header_size + item->payload_size);
    return payload;
}

Result<Reader, DecodeError> Reader::read_list() {
    const auto item = read_header(rest_);
    if (!item) {
        return Err{item.error()};
    }
    if (!item->is_list) {
        return Err{DecodeError::expected_list};
    }
    const BytesView payload = rest_.subspan(item->header_size, item->payload_size);
    rest_ = rest_.subspan(item->header_size + item->payload_size);
    return Reader(payload);
}

Result<BytesView, DecodeError> Reader::read_item() {
    const auto item = read_header(rest_);
    if (!item) {
        return Err{item.error()};
    }
    const BytesView encoded = rest_.first(item->header_size + item->payload_size);
    rest_ = rest_.subspan(encoded.size());
    return encoded;
}

Result<uint64_t, DecodeError> Reader::read_u64() {
    const auto bytes = read_integer(*this, 8);
    if (!bytes) {
        return Err{bytes.error()};
    }
    uint64_t value = 0;
    for (const uint8_t byte : *bytes) {
        value = (value << 8) | byte;
    }
    return value;
}

Result<u256, DecodeError> Reader::read_u256() {
    const auto bytes = read_integer(*this, 32);
    if (!bytes) {
        return Err{bytes.error()};
    }
    return u256::from_be(*bytes);
}

Result<void, DecodeError> Reader::expect_end() const {
    if (!rest_.empty()) {
        return Err{DecodeError::trailing_bytes};
    }
    return {};
}

}  // namespace mega::rlp
