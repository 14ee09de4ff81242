#include "base/hex.hpp"

namespace mega {
namespace {

constexpr std::string_view digits = "0123456789abcdef";

constexpr int digit_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

}  // namespace

std::string_view to_string(HexError error) {
    switch (error) {
        case HexError::missing_prefix:
            return "hex string without 0x prefix";
        case HexError::odd_length:
            return "hex string of odd length";
        case HexError::bad_digit:
            return "invalid hex digit";
        case HexError::wrong_length:
            return "hex string of wrong length";
    }
    return "invalid hex string";
}

std::string to_hex_digits(BytesView bytes) {
    std::string text(bytes.size() * 2, '\0');
    for (size_t i = 0; i < bytes.size(); ++i) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    return text;
}

std::string to_hex(BytesView bytes) { return "0x" + to_hex_digits(bytes); }

std::string to_hex_quantity(uint64_t value) {
    std::string reversed;
    do {
        reversed.push_back(digits[value & 15]);
        value >>= 4;
    } while (value != 0);
    return "0x" + std::string(reversed.rbegin(), reversed.rend());
}

Result<Bytes, HexError> from_hex(std::string_view text, bool prefix_required) {
    if (text.starts_with("0x") || text.starts_with("0X")) {
        text.remove_prefix(2);
    } else if (prefix_required) {
        return Err{HexError::missing_prefix};
    }
    if (text.size() % 2 != 0) {
        return Err{HexError::odd_length};
    }
    Bytes bytes(text.size() / 2);
    for (size_t i = 0; i < bytes.size(); ++i) {
        const int high = digit_value(text[2 * i]);
        const int low = digit_value(text[2 * i + 1]);
        if (high < 0 || low < 0) {
            return Err{HexError::bad_digit};
        }
        bytes[i] = static_cast<uint8_t>(high * 16 + low);
    }
    return bytes;
}

}  // namespace mega
