#include "net/detail/ws_frame.hpp"

#include <algorithm>
#include <cstring>

namespace mega::net::detail {
namespace {

constexpr size_t max_control_bytes = 125;
constexpr uint8_t length_16 = 126;
constexpr uint8_t length_64 = 127;

uint64_t read_big_endian(const uint8_t* bytes, size_t count) {
    uint64_t value = 0;
    for (size_t i = 0; i < count; ++i) {
        value = value << 8 | bytes[i];
    }
    return value;
}

void append_big_endian(std::string& out, uint64_t value, size_t count) {
    for (size_t i = count; i-- > 0;) {
        out.push_back(static_cast<char>(value >> (8 * i)));
    }
}

/// XORs with the mask, whose byte `offset % 4` belongs to the first byte of `data`.
void unmask(char* data, size_t size, const std::array<uint8_t, 4>& mask, size_t offset) {
    std::array<uint8_t, 8> pattern;
    for (size_t i = 0; i < pattern.size(); ++i) {
        pattern[i] = mask[(offset + i) % 4];
    }
    uint64_t wide_mask = 0;
    std::memcpy(&wide_mask, pattern.data(), sizeof wide_mask);
    size_t i = 0;
    for (; i + 8 <= size; i += 8) {
        uint64_t word = 0;
        std::memcpy(&word, data + i, sizeof word);
        word ^= wide_mask;
        std::memcpy(data + i, &word, sizeof word);
    }
    for (; i < size; ++i) {
        data[i] = static_cast<char>(static_cast<uint8_t>(data[i]) ^ pattern[i % 8]);
    }
}

/// How many header bytes the frame has, judging from its first two.
size_t header_length(uint8_t second) {
    const uint8_t length = second & 0x7f;
    const size_t extended = length == length_16 ? 2u : length == length_64 ? 8u : 0u;
    return 2 + extended + ((second & 0x80) != 0 ? 4u : 0u);
}

/// RFC 6455 section 7.4: may a peer send this code?
bool is_sendable_close_code(uint16_t code) {
    return (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) ||
           (code >= 3000 && code <= 4999);
}

/// Bytes of the UTF-8 sequence that starts `text`, 0 if it is not one. RFC 3629.
size_t utf8_sequence(std::string_view text) {
    const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
    const auto follows = [&](size_t i, uint8_t low = 0x80, uint8_t high = 0xbf) {
        return i < text.size() && byte(i) >= low && byte(i) <= high;
    };
    const uint8_t lead = byte(0);
    if (lead < 0x80) {
        return 1;
    }
    if (lead >= 0xc2 && lead <= 0xdf) {
        return follows(1) ? 2 : 0;
    }
    if ((lead & 0xf0) == 0xe0) {
        const uint8_t low = lead == 0xe0 ? 0xa0 : 0x80;   // no overlong forms
        const uint8_t high = lead == 0xed ? 0x9f : 0xbf;  // no surrogates
        return follows(1, low, high) && follows(2) ? 3 : 0;
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        const uint8_t low = lead == 0xf0 ? 0x90 : 0x80;
        const uint8_t high = lead == 0xf4 ? 0x8f : 0xbf;  // nothing above U+10FFFF
        return follows(1, low, high) && follows(2) && follows(3) ? 4 : 0;
    }
    return 0;
}

}  // namespace

Result<std::optional<WsEvent>, uint16_t> WsDecoder::next(std::string_view& input) {
    if (!in_payload_) {
        if (!take_header(input)) {
            return std::optional<WsEvent>{};
        }
        if (auto begun = begin_frame(); !begun) {
            return Err{begun.error()};
        }
    }
    take_payload(input);
    if (payload_left_ > 0) {
        return std::optional<WsEvent>{};
    }
    return end_frame();
}

bool WsDecoder::take_header(std::string_view& input) {
    size_t wanted = header_size_ < 2 ? 2 : header_length(header_[1]);
    while (header_size_ < wanted && !input.empty()) {
        header_[header_size_++] = static_cast<uint8_t>(input.front());
        input.remove_prefix(1);
        if (header_size_ == 2) {
            wanted = header_length(header_[1]);
        }
    }
    return header_size_ == wanted;
}

Result<void, uint16_t> WsDecoder::begin_frame() {
    const uint8_t length = header_[1] & 0x7f;
    const bool is_masked = (header_[1] & 0x80) != 0;
    const bool has_reserved_bits = (header_[0] & 0x70) != 0;
    opcode_ = header_[0] & 0x0f;
    is_final_ = (header_[0] & 0x80) != 0;
    if (has_reserved_bits || !is_masked) {
        return Err{ws_close::protocol_error};
    }
    const size_t extended = length == length_16 ? 2u : length == length_64 ? 8u : 0u;
    payload_left_ = extended == 0 ? length : read_big_endian(header_.data() + 2, extended);
    if (auto order = check_order(); !order) {
        return order;
    }
    if (!is_control() && payload_left_ > max_message_bytes_ - message_.size()) {
        return Err{ws_close::too_big};
    }
    std::copy_n(header_.data() + 2 + extended, mask_.size(), mask_.begin());
    mask_offset_ = 0;
    header_size_ = 0;
    in_payload_ = true;
    return {};
}

Result<void, uint16_t> WsDecoder::check_order() const {
    bool is_allowed = false;
    if (is_control()) {
        is_allowed = opcode_ <= 10 && is_final_ && payload_left_ <= max_control_bytes;
    } else if (opcode_ == 0) {
        is_allowed = message_opcode_.has_value();
    } else {
        is_allowed = opcode_ <= 2 && !message_opcode_.has_value();
    }
    if (!is_allowed) {
        return Err{ws_close::protocol_error};
    }
    return {};
}

void WsDecoder::take_payload(std::string_view& input) {
    const auto count = static_cast<size_t>(std::min<uint64_t>(payload_left_, input.size()));
    std::string& target = is_control() ? control_ : message_;
    const size_t start = target.size();
    target.append(input.substr(0, count));
    unmask(target.data() + start, count, mask_, mask_offset_);
    mask_offset_ = (mask_offset_ + count) % 4;
    payload_left_ -= count;
    input.remove_prefix(count);
}

Result<std::optional<WsEvent>, uint16_t> WsDecoder::end_frame() {
    in_payload_ = false;
    if (is_control()) {
        auto event = end_control();
        if (!event) {
            return Err{event.error()};
        }
        return std::optional<WsEvent>(std::move(event).value());
    }
    if (opcode_ != 0) {
        message_opcode_ = static_cast<WsOpcode>(opcode_);
    }
    if (!is_final_) {
        return std::optional<WsEvent>{};
    }
    WsEvent event{
        .opcode = *message_opcode_, .payload = std::exchange(message_, {}), .close_code = 0
    };
    message_opcode_.reset();
    if (event.opcode == WsOpcode::text && !is_valid_utf8(event.payload)) {
        return Err{ws_close::bad_utf8};
    }
    return std::optional<WsEvent>(std::move(event));
}

Result<WsEvent, uint16_t> WsDecoder::end_control() {
    WsEvent event{
        .opcode = static_cast<WsOpcode>(opcode_),
        .payload = std::exchange(control_, {}),
        .close_code = 0
    };
    if (event.opcode != WsOpcode::close) {
        return event;
    }
    if (event.payload.empty()) {
        event.close_code = ws_close::no_status;
        return event;
    }
    if (event.payload.size() < 2) {
        return Err{ws_close::protocol_error};
    }
    event.close_code = static_cast<uint16_t>(
        static_cast<uint8_t>(event.payload[0]) << 8 | static_cast<uint8_t>(event.payload[1])
    );
    event.payload.erase(0, 2);
    if (!is_sendable_close_code(event.close_code)) {
        return Err{ws_close::protocol_error};
    }
    if (!is_valid_utf8(event.payload)) {
        return Err{ws_close::bad_utf8};
    }
    return event;
}

std::string ws_frame_header(WsOpcode opcode, size_t payload_size) {
    std::string out;
    out.push_back(static_cast<char>(0x80 | static_cast<uint8_t>(opcode)));
    if (payload_size < length_16) {
        out.push_back(static_cast<char>(payload_size));
    } else if (payload_size <= 0xffff) {
        out.push_back(static_cast<char>(length_16));
        append_big_endian(out, payload_size, 2);
    } else {
        out.push_back(static_cast<char>(length_64));
        append_big_endian(out, payload_size, 8);
    }
    return out;
}

std::string ws_close_frame(uint16_t code, std::string_view reason) {
    if (code == ws_close::no_status) {
        return ws_frame_header(WsOpcode::close, 0);
    }
    reason = reason.substr(0, max_control_bytes - 2);
    while (!is_valid_utf8(reason)) {
        reason.remove_suffix(1);  // at most 123 times
    }
    std::string out = ws_frame_header(WsOpcode::close, reason.size() + 2);
    append_big_endian(out, code, 2);
    return out.append(reason);
}

bool is_valid_utf8(std::string_view text) {
    while (!text.empty()) {
        uint64_t word = 0;
        if (text.size() >= 8) {
            std::memcpy(&word, text.data(), sizeof word);
            if ((word & 0x8080808080808080u) == 0) {
                text.remove_prefix(8);
                continue;
            }
        }
        const size_t size = utf8_sequence(text);
        if (size == 0) {
            return false;
        }
        text.remove_prefix(size);
    }
    return true;
}

}  // namespace mega::net::detail
