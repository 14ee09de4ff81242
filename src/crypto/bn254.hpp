#pragma once

// The alt_bn128 pairing-friendly curve behind precompiles 0x06, 0x07 and 0x08 (EIP-196, EIP-197).
// Points and scalars are the precompiles' own big-endian byte forms; every function checks that
// coordinates are below the field modulus, that points are on the curve and, for G2, in the right
// subgroup, and gives nothing otherwise.

#include "base/bytes.hpp"

#include <optional>

namespace mega::crypto::bn254 {

using G1Bytes = FixedBytes<64>;  // x ‖ y; (0, 0) is the point at infinity

[[nodiscard]] std::optional<G1Bytes> add(BytesView a_64, BytesView b_64);
[[nodiscard]] std::optional<G1Bytes> multiply(BytesView point_64, BytesView scalar_32);

/// `pairs`: k × 192 bytes, G1 (x ‖ y) then G2 (x.c1 ‖ x.c0 ‖ y.c1 ‖ y.c0). True when the product of
/// pairings is one.
[[nodiscard]] std::optional<bool> pairing_is_one(BytesView pairs);

}  // namespace mega::crypto::bn254
