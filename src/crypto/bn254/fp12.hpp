#pragma once

// The upper tower: Fp6 = Fp2[v]/(v³ - ξ) and Fp12 = Fp6[w]/(w² - v), where the pairing takes its
// values.

#include "crypto/bn254/fp2.hpp"

namespace mega::crypto::bn254 {

/// c0 + c1·v + c2·v²
struct Fp6 {
    Fp2 c0;
    Fp2 c1;
    Fp2 c2;

    static constexpr Fp6 zero() { return {}; }
    static constexpr Fp6 one() { return {Fp2::one(), {}, {}}; }
    friend constexpr bool operator==(const Fp6&, const Fp6&) = default;
};

[[nodiscard]] Fp6 operator+(const Fp6& a, const Fp6& b);
[[nodiscard]] Fp6 operator-(const Fp6& a, const Fp6& b);
[[nodiscard]] Fp6 operator-(const Fp6& a);
[[nodiscard]] Fp6 operator*(const Fp6& a, const Fp6& b);
[[nodiscard]] Fp6 multiply_by_v(const Fp6& a);
/// 1/a; zero for zero.
[[nodiscard]] Fp6 inverse(const Fp6& a);

/// c0 + c1·w. Over Fp2 the basis is 1, w, v = w², vw = w³, v² = w⁴, v²w = w⁵.
struct Fp12 {
    Fp6 c0;
    Fp6 c1;

    static constexpr Fp12 zero() { return {}; }
    static constexpr Fp12 one() { return {Fp6::one(), {}}; }
    friend constexpr bool operator==(const Fp12&, const Fp12&) = default;
};

/// A value of the shape a + b·w + c·w³, which is what lines through points of the twist evaluate
/// to.
struct Line {
    Fp2 a;
    Fp2 b;
    Fp2 c;
};

/// The product of two lines: an Fp12 without w⁵.
struct LinePair {
    Fp6 c0;
    Fp2 w1;
    Fp2 w3;
};

[[nodiscard]] Fp12 operator*(const Fp12& a, const Fp12& b);
[[nodiscard]] Fp12 operator*(const Fp12& a, const Line& line);
[[nodiscard]] Fp12 operator*(const Fp12& a, const LinePair& lines);
[[nodiscard]] LinePair operator*(const Line& a, const Line& b);
[[nodiscard]] Fp12 square(const Fp12& a);
/// 1/a; zero for zero.
[[nodiscard]] Fp12 inverse(const Fp12& a);

/// a^(p⁶): the inverse of an element of the cyclotomic subgroup.
[[nodiscard]] Fp12 conjugate(const Fp12& a);
/// a^p and a^(p²).
[[nodiscard]] Fp12 frobenius(const Fp12& a);
[[nodiscard]] Fp12 frobenius_twice(const Fp12& a);

/// a², only for a in the cyclotomic subgroup, where a^(p⁴ - p² + 1) = 1.
[[nodiscard]] Fp12 square_cyclotomic(const Fp12& a);

}  // namespace mega::crypto::bn254
