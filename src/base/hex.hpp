#pragma once

// Hexadecimal text as Ethereum's JSON writes it: lower case, 0x in front.

#include "base/bytes.hpp"
#include "base/result.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace mega {

enum class HexError : uint8_t { missing_prefix, odd_length, bad_digit, wrong_length };

[[nodiscard]] std::string_view to_string(HexError error);

/// "0x" and two digits a byte.
[[nodiscard]] std::string to_hex(BytesView bytes);
/// Two digits a byte, without a prefix.
[[nodiscard]] std::string to_hex_digits(BytesView bytes);
/// QUANTITY of the JSON-RPC spec: "0x" and no leading zeros; 0 is "0x0".
[[nodiscard]] std::string to_hex_quantity(uint64_t value);

/// Reads "0x…" (the prefix may be left out when `prefix_required` is false). Empty digits give
/// empty bytes.
[[nodiscard]] Result<Bytes, HexError> from_hex(std::string_view text, bool prefix_required = true);

/// Reads exactly N bytes, prefix required.
template <size_t N>
[[nodiscard]] Result<FixedBytes<N>, HexError> fixed_from_hex(std::string_view text) {
    auto bytes = from_hex(text);
    if (!bytes) {
        return Err{bytes.error()};
    }
    if (bytes->size() != N) {
        return Err{HexError::wrong_length};
    }
    return FixedBytes<N>::from(*bytes);
}

}  // namespace mega
