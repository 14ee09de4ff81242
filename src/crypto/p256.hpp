#pragma once

// ECDSA verification over secp256r1 behind precompile 0x100 (EIP-7951).

#include "base/bytes.hpp"

namespace mega::crypto::p256 {

/// All five values big endian. False for any value out of range, a point off the curve, or a wrong
/// signature.
[[nodiscard]] bool verify(
    const Hash256& digest, const Hash256& r, const Hash256& s, const Hash256& x, const Hash256& y
);

}  // namespace mega::crypto::p256
