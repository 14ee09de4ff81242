#pragma once

// G2: the points of order r on the twist y² = x³ + 3/ξ over Fp2. The twist has more points than
// those of order r, so being on the curve is not enough.

#include "crypto/bn254/fp2.hpp"

#include <optional>

namespace mega::crypto::bn254 {

/// A point in affine coordinates; (0, 0), which is not on the curve, stands for infinity.
struct G2Affine {
    Fp2 x;
    Fp2 y;

    [[nodiscard]] constexpr bool is_infinity() const { return x.is_zero() && y.is_zero(); }
    friend constexpr bool operator==(const G2Affine&, const G2Affine&) = default;
};

constexpr G2Affine operator-(const G2Affine& a) { return {a.x, -a.y}; }

/// 3/ξ
inline constexpr Fp2 twist_b{
    Fp::from_literal("0x2b149d40ceb8aaae81be18991be06ac3b5b4c5e559dbefa33267e6dc24a138e5"),
    Fp::from_literal("0x9713b03af0fed4cd2cafadeed8fdf4a74fa084e52d1852e4a2bd0685c315d2")
};

/// 128 bytes x.c1 ‖ x.c0 ‖ y.c1 ‖ y.c0; nothing for coordinates that are not below p or not on the
/// twist. Whether the order is r is left to the pairing, which learns it on the way.
[[nodiscard]] std::optional<G2Affine> g2_from_bytes(BytesView bytes_128);

[[nodiscard]] bool is_on_twist(const G2Affine& point);

/// ψ and ψ²: the p-power map carried over to the twist. On points of order r, ψ multiplies by p.
[[nodiscard]] G2Affine psi(const G2Affine& point);
[[nodiscard]] G2Affine psi_twice(const G2Affine& point);

}  // namespace mega::crypto::bn254
