#pragma once

// Signed-digit expansions of integers (width-w non-adjacent form): few nonzero digits, all odd and
// below 2^(w-1) in size.

#include "base/bytes.hpp"

#include <array>
#include <cstdint>

namespace mega::crypto::bn254 {

/// Digits from the least significant one; `length` digits are in use, the last of them nonzero.
struct SignedDigits {
    std::array<int8_t, 130> digits{};
    size_t length = 0;
};

[[nodiscard]] constexpr SignedDigits to_signed_digits(uint128 value, int width) {
    SignedDigits result;
    const int window = 1 << width;
    // A negative digit carries into the next higher ones: values of 2^127 and more would lose that
    // carry.
    for (size_t i = 0; value != 0; ++i) {
        int digit = 0;
        if ((value & 1) != 0) {
            digit = static_cast<int>(value & static_cast<uint128>(window - 1));
            digit = digit >= window / 2 ? digit - window : digit;
            value = digit < 0 ? value + static_cast<uint128>(-digit)
                              : value - static_cast<uint128>(digit);
            result.length = i + 1;
        }
        result.digits[i] = static_cast<int8_t>(digit);
        value >>= 1;
    }
    return result;
}

}  // namespace mega::crypto::bn254
