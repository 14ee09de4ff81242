#pragma once

// What the tests and benches of bn254 share: generators, random elements from a printed seed, and
// slow reference arithmetic that uses none of the tricks under test.

#include "crypto/bn254/g1.hpp"
#include "crypto/bn254/g2.hpp"

#include <cstdlib>
#include <string>

namespace mega::crypto::bn254 {

inline constexpr G1Affine g1_generator{Fp::from_literal("0x1"), Fp::from_literal("0x2")};
inline constexpr G2Affine g2_generator{
    {Fp::from_literal("0x1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed"),
     Fp::from_literal("0x198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2")},
    {Fp::from_literal("0x12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa"),
     Fp::from_literal("0x90689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b")}
};

inline Bytes plain_bytes(const Limbs4& plain) {
    Bytes bytes;
    for (size_t i = 0; i < 32; ++i) {
        bytes.push_back(static_cast<uint8_t>(plain[3 - i / 8] >> (56 - 8 * (i % 8))));
    }
    return bytes;
}

inline FixedBytes<128> to_bytes(const G2Affine& point) {
    FixedBytes<128> bytes;
    size_t at = 0;
    for (const Fp& coordinate : {point.x.c1, point.x.c0, point.y.c1, point.y.c0}) {
        const FixedBytes<32> part = to_bytes(coordinate);
        std::copy_n(part.data(), 32, bytes.data() + at);
        at += 32;
    }
    return bytes;
}

/// base^exponent, bit by bit.
template <class T, size_t N>
T power(const T& base, const std::array<uint64_t, N>& exponent) {
    T result = T::one();
    for (size_t i = 64 * N; i-- > 0;) {
        result = result * result;
        if ((exponent[i / 64] >> (i % 64) & 1) != 0) {
            result = result * base;
        }
    }
    return result;
}

/// plain / divisor, rounded down.
constexpr Limbs4 divided(const Limbs4& plain, uint64_t divisor) {
    Limbs4 quotient{};
    uint128 rest = 0;
    for (size_t i = 4; i-- > 0;) {
        rest = rest << 64 | plain[i];
        quotient[i] = static_cast<uint64_t>(rest / divisor);
        rest %= divisor;
    }
    return quotient;
}

/// Affine addition by the schoolbook formulas; infinity is (0, 0).
template <class Point>
Point add_slowly(const Point& a, const Point& b) {
    if (a.is_infinity()) {
        return b;
    }
    if (b.is_infinity()) {
        return a;
    }
    if (a.x == b.x && (a.y + b.y).is_zero()) {
        return {};
    }
    const auto xx = a.x * a.x;
    const auto slope =
        a.x == b.x ? (xx + xx + xx) * inverse(a.y + a.y) : (b.y - a.y) * inverse(b.x - a.x);
    const auto x = slope * slope - a.x - b.x;
    return {x, slope * (a.x - x) - a.y};
}

/// Double and add.
template <class Point, size_t N>
Point multiply_slowly(const Point& point, const std::array<uint64_t, N>& scalar) {
    Point sum{};
    for (size_t i = 64 * N; i-- > 0;) {
        sum = add_slowly(sum, sum);
        if ((scalar[i / 64] >> (i % 64) & 1) != 0) {
            sum = add_slowly(sum, point);
        }
    }
    return sum;
}
template <class Point>
Point multiply_slowly(const Point& point, const Limbs4& scalar) {
    return multiply_slowly<Point, 4>(point, scalar);
}

/// Random elements from MEGA_SEED, or from a fixed seed without it.
class Random {
  public:
    Random() : seed_(chosen_seed()), state_(seed_) {}

    /// For SCOPED_TRACE.
    [[nodiscard]] std::string seed_note() const { return "MEGA_SEED=" + std::to_string(seed_); }

    uint64_t word() {
        state_ += 0x9e3779b97f4a7c15;
        return mix64(state_, state_ >> 32);
    }
    /// Any 256-bit number; now and then one with long runs of zeros or ones.
    Limbs4 scalar() {
        Limbs4 limbs{};
        for (uint64_t& limb : limbs) {
            const uint64_t kind = word() % 8;
            limb = kind == 0 ? 0 : kind == 1 ? ~uint64_t{0} : word();
        }
        return limbs;
    }
    Fp fp() {
        Limbs4 limbs = scalar();
        limbs[3] %= modulus[3];
        return {limbs};
    }
    Fp2 fp2() { return {fp(), fp()}; }

    /// A point of the twist that is (with overwhelming probability) not in the subgroup of order r.
    G2Affine twist_point() {
        while (true) {
            const Fp2 x = fp2();
            const Fp2 y = square_root(square(x) * x + twist_b);
            if (is_on_twist({x, y})) {
                return {x, y};
            }
        }
    }

  private:
    static uint64_t chosen_seed() {
        const char* given = std::getenv("MEGA_SEED");
        return given != nullptr ? std::strtoull(given, nullptr, 0) : 0x6d656761;
    }
    static Fp square_root(const Fp& a) {
        Limbs4 exponent = divided(modulus, 4);  // (p + 1)/4, p being 3 mod 4
        exponent[0] += 1;
        return power(a, exponent);
    }
    /// A root if there is one, anything otherwise: sqrt(c0 + c1·i) = s + c1/(2s)·i with s² = (c0 ±
    /// |c|)/2.
    static Fp2 square_root(const Fp2& a) {
        const Fp norm_root = square_root(square(a.c0) + square(a.c1));
        const Fp half = inverse(twice(Fp::one()));
        Fp s = square_root((a.c0 + norm_root) * half);
        if (square(s) != (a.c0 + norm_root) * half) {
            s = square_root((a.c0 - norm_root) * half);
        }
        return {s, a.c1 * half * inverse(s)};
    }

    uint64_t seed_;
    uint64_t state_;
};

}  // namespace mega::crypto::bn254
