#pragma once

// 32-byte big-endian numbers, for tests of signature schemes.

#include "base/hex.hpp"

namespace mega::crypto {

[[nodiscard]] inline Hash256 hash256(std::string_view hex) { return *fixed_from_hex<32>(hex); }

/// Modulo 2^256.
[[nodiscard]] inline Hash256 subtract(const Hash256& a, const Hash256& b) {
    Hash256 difference;
    int borrow = 0;
    for (size_t i = 32; i-- > 0;) {
        const int digit = a[i] - b[i] - borrow;
        borrow = digit < 0 ? 1 : 0;
        difference[i] = static_cast<uint8_t>(digit);
    }
    return difference;
}

}  // namespace mega::crypto
