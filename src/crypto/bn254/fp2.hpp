#pragma once

// Fp2 = Fp[i]/(i² + 1), and Wide2, its products before reduction (see field.hpp).

#include "crypto/bn254/field.hpp"

namespace mega::crypto::bn254 {

/// c0 + c1·i
struct Fp2 {
    Fp c0;
    Fp c1;

    static constexpr Fp2 zero() { return {}; }
    static constexpr Fp2 one() { return {Fp::one(), {}}; }
    [[nodiscard]] constexpr bool is_zero() const { return c0.is_zero() && c1.is_zero(); }
    friend constexpr bool operator==(const Fp2&, const Fp2&) = default;
};

struct Wide2 {
    Wide c0;
    Wide c1;
};

constexpr Fp2 operator+(const Fp2& a, const Fp2& b) { return {a.c0 + b.c0, a.c1 + b.c1}; }
constexpr Fp2 operator-(const Fp2& a, const Fp2& b) { return {a.c0 - b.c0, a.c1 - b.c1}; }
constexpr Fp2 operator-(const Fp2& a) { return {-a.c0, -a.c1}; }
constexpr Fp2 twice(const Fp2& a) { return a + a; }
constexpr Fp2 thrice(const Fp2& a) { return a + a + a; }
constexpr Fp2 half(const Fp2& a) { return {half(a.c0), half(a.c1)}; }
constexpr Fp2 conjugate(const Fp2& a) { return {a.c0, -a.c1}; }

constexpr Wide2 operator+(const Wide2& a, const Wide2& b) { return {a.c0 + b.c0, a.c1 + b.c1}; }
constexpr Wide2 operator-(const Wide2& a, const Wide2& b) { return {a.c0 - b.c0, a.c1 - b.c1}; }

/// Karatsuba: three products for four.
constexpr Wide2 multiply_wide(const Fp2& a, const Fp2& b) {
    const Wide v0 = multiply_wide(a.c0, b.c0);
    const Wide v1 = multiply_wide(a.c1, b.c1);
    const Wide cross = multiply_wide(add_lazily(a.c0, a.c1), add_lazily(b.c0, b.c1));
    return {v0 - v1, subtract_smaller(subtract_smaller(cross, v0), v1)};
}

/// (c0 + c1)(c0 - c1) + 2·c0·c1·i
constexpr Wide2 square_wide(const Fp2& a) {
    return {
        multiply_wide(add_lazily(a.c0, a.c1), a.c0 - a.c1),
        multiply_wide(add_lazily(a.c0, a.c0), a.c1)
    };
}

constexpr Fp2 reduce(const Wide2& a) { return {reduce(a.c0), reduce(a.c1)}; }

constexpr Fp2 operator*(const Fp2& a, const Fp2& b) { return reduce(multiply_wide(a, b)); }
constexpr Fp2 operator*(const Fp2& a, const Fp& b) { return {a.c0 * b, a.c1 * b}; }
constexpr Fp2 square(const Fp2& a) { return reduce(square_wide(a)); }

/// a·ξ, ξ = 9 + i: the element of Fp2 without cube and square roots that the upper tower is built
/// on.
template <class T>
constexpr T multiply_by_xi(const T& a) {
    return {nine_times_plus(a.c0, negate_lazily(a.c1)), nine_times_plus(a.c1, a.c0)};
}

/// 1/a; zero for zero.
[[nodiscard]] inline Fp2 inverse(const Fp2& a) {
    const Fp norm_inverse = inverse(square(a.c0) + square(a.c1));
    return {a.c0 * norm_inverse, -(a.c1 * norm_inverse)};
}

}  // namespace mega::crypto::bn254
