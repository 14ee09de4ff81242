#pragma once

// Modular exponentiation behind precompile 0x05 (EIP-198).

#include "base/bytes.hpp"

namespace mega::crypto {

/// base^exponent mod modulus, big endian, exactly modulus.size() bytes. A zero modulus gives zero.
[[nodiscard]] Bytes modexp(BytesView base, BytesView exponent, BytesView modulus);

}  // namespace mega::crypto
