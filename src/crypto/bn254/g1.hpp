#pragma once

// G1: the points of y² = x³ + 3 over Fp. Their number is the prime r, so every point on the curve
// is in the group.

#include "crypto/bn254/field.hpp"

#include <optional>

namespace mega::crypto::bn254 {

/// A point in affine coordinates; (0, 0), which is not on the curve, stands for infinity.
struct G1Affine {
    Fp x;
    Fp y;

    [[nodiscard]] constexpr bool is_infinity() const { return x.is_zero() && y.is_zero(); }
    friend constexpr bool operator==(const G1Affine&, const G1Affine&) = default;
};

/// r, the order of G1, G2 and of the pairing's values.
inline constexpr Limbs4 group_order{
    0x43e1f593f0000001, 0x2833e84879b97091, 0xb85045b68181585d, 0x30644e72e131a029
};

/// 64 bytes x ‖ y; nothing for coordinates that are not below p or not on the curve.
[[nodiscard]] std::optional<G1Affine> g1_from_bytes(BytesView bytes_64);
[[nodiscard]] FixedBytes<64> to_bytes(const G1Affine& point);

[[nodiscard]] G1Affine add(const G1Affine& a, const G1Affine& b);
/// scalar · point, for any scalar below 2^256.
[[nodiscard]] G1Affine multiply(const G1Affine& point, const Limbs4& scalar);

/// k = k1 + k2·λ mod r with |k1|, |k2| < 2^127, where (x, y) -> (β·x, y) multiplies by λ.
struct SplitScalar {
    bool is_k1_negative = false;
    bool is_k2_negative = false;
    uint128 k1 = 0;
    uint128 k2 = 0;
};
[[nodiscard]] SplitScalar split_scalar(const Limbs4& scalar);

}  // namespace mega::crypto::bn254
