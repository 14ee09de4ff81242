#pragma once

// Fp, the base field of alt_bn128, and Wide, its products before reduction.
//
// An Fp holds x·R mod p with R = 2^256 (Montgomery form), always fully reduced, so equality is
// equality of limbs. A Wide holds a value of [0, pR): a product, or a sum or difference of
// products, still to be divided by R. Towers add up products in this form and pay for one reduction
// at the end. Since p < 2^254, R > 5p: a product of two sums of two reduced elements each is below
// 4p² < pR. Nothing here runs in constant time: the precompiles' inputs are public.

#include "crypto/bn254/limbs.hpp"

#include <optional>
#include <string_view>

namespace mega::crypto::bn254 {

/// p = 36u⁴ + 36u³ + 24u² + 6u + 1 for u = 4965661367192848881.
inline constexpr Limbs4 modulus{
    0x3c208c16d87cfd47, 0x97816a916871ca8d, 0xb85045b68181585d, 0x30644e72e131a029
};

/// t - p when t >= p; t < 2p.
[[gnu::always_inline]] constexpr Limbs4 reduce_once(const Limbs4& t) {
    uint64_t borrow = 0;
    const Limbs4 reduced = sub_limbs(t, modulus, borrow);
    return select(borrow, reduced, t);
}

struct Fp {
    Limbs4 limbs{};

    static constexpr Fp zero() { return {}; }
    static constexpr Fp one();
    /// The element whose ordinary value is `plain`, which must be below p.
    static constexpr Fp from_plain(const Limbs4& plain);
    /// For constants: up to 64 hexadecimal digits after "0x".
    static consteval Fp from_literal(std::string_view text);

    [[nodiscard]] constexpr bool is_zero() const {
        return (limbs[0] | limbs[1] | limbs[2] | limbs[3]) == 0;
    }
    friend constexpr bool operator==(const Fp&, const Fp&) = default;
};

struct Wide {
    Limbs8 limbs{};
};

[[gnu::always_inline]] constexpr Fp operator+(const Fp& a, const Fp& b) {
    return {reduce_once(add_limbs(a.limbs, b.limbs))};
}

[[gnu::always_inline]] constexpr Fp operator-(const Fp& a, const Fp& b) {
    uint64_t borrow = 0;
    const Limbs4 difference = sub_limbs(a.limbs, b.limbs, borrow);
    return {add_limbs(difference, mask_limbs(borrow, modulus))};
}

[[gnu::always_inline]] constexpr Fp operator-(const Fp& a) { return Fp::zero() - a; }

[[gnu::always_inline]] constexpr Fp twice(const Fp& a) { return a + a; }

/// a/2: p is added to odd values first.
[[gnu::always_inline]] constexpr Fp half(const Fp& a) {
    const Limbs4 even = add_limbs(a.limbs, mask_limbs(a.limbs[0] & 1, modulus));
    return {
        {even[0] >> 1 | even[1] << 63,
         even[1] >> 1 | even[2] << 63,
         even[2] >> 1 | even[3] << 63,
         even[3] >> 1}
    };
}

/// a + b without reduction, below 2p: only for multiply_wide.
[[gnu::always_inline]] constexpr Fp add_lazily(const Fp& a, const Fp& b) {
    return {add_limbs(a.limbs, b.limbs)};
}

/// The product to be reduced later; each factor is below 2p.
[[gnu::always_inline]] constexpr Wide multiply_wide(const Fp& a, const Fp& b) {
    return {multiply_limbs(a.limbs, b.limbs)};
}

[[gnu::always_inline]] constexpr Wide square_wide(const Fp& a) { return {square_limbs(a.limbs)}; }

[[gnu::always_inline]] constexpr Limbs4 low_half(const Wide& a) {
    return {a.limbs[0], a.limbs[1], a.limbs[2], a.limbs[3]};
}

[[gnu::always_inline]] constexpr Limbs4 high_half(const Wide& a) {
    return {a.limbs[4], a.limbs[5], a.limbs[6], a.limbs[7]};
}

[[gnu::always_inline]] constexpr Wide join(const Limbs4& low, const Limbs4& high) {
    return {{low[0], low[1], low[2], low[3], high[0], high[1], high[2], high[3]}};
}

/// a + b mod pR: p is taken from the upper half where that half reaches it.
[[gnu::always_inline]] constexpr Wide operator+(const Wide& a, const Wide& b) {
    Limbs8 sum{};
    uint64_t carry = 0;
#pragma GCC unroll 8
    for (size_t i = 0; i < 8; ++i) {
        sum[i] = add_carry(a.limbs[i], b.limbs[i], carry);
    }
    const Wide result{sum};
    return join(low_half(result), reduce_once(high_half(result)));
}

/// a - b over the integers, for a >= b.
[[gnu::always_inline]] constexpr Wide subtract_smaller(const Wide& a, const Wide& b) {
    Limbs8 difference{};
    uint64_t borrow = 0;
#pragma GCC unroll 8
    for (size_t i = 0; i < 8; ++i) {
        difference[i] = sub_borrow(a.limbs[i], b.limbs[i], borrow);
    }
    return {difference};
}

/// a - b mod pR.
[[gnu::always_inline]] constexpr Wide operator-(const Wide& a, const Wide& b) {
    Limbs8 difference{};
    uint64_t borrow = 0;
#pragma GCC unroll 8
    for (size_t i = 0; i < 8; ++i) {
        difference[i] = sub_borrow(a.limbs[i], b.limbs[i], borrow);
    }
    const Wide result{difference};
    const Limbs4 correction = mask_limbs(borrow, modulus);
    return join(low_half(result), add_limbs(high_half(result), correction));
}

/// -1/p mod 2^64, by Newton's iteration: each step doubles the number of right bits.
inline constexpr uint64_t negative_inverse_of_modulus = [] {
    uint64_t inverse = 1;
    for (int i = 0; i < 6; ++i) {
        inverse *= 2 - modulus[0] * inverse;
    }
    return ~inverse + 1;
}();

/// a / R mod p (Montgomery reduction).
[[gnu::always_inline]] constexpr Fp reduce(const Wide& a) {
    Limbs8 t = a.limbs;
    uint64_t deferred = 0;
#pragma GCC unroll 4
    for (size_t i = 0; i < 4; ++i) {
        const Limbs5 row = multiply_row(modulus, t[i] * negative_inverse_of_modulus);
        uint64_t carry = 0;
        (void)add_carry(t[i], row[0], carry);  // zero by the choice of the factor
        t[i + 1] = add_carry(t[i + 1], row[1], carry);
        t[i + 2] = add_carry(t[i + 2], row[2], carry);
        t[i + 3] = add_carry(t[i + 3], row[3], carry);
        t[i + 4] = add_carry(t[i + 4], row[4] + carry, deferred);
    }
    return {reduce_once({t[4], t[5], t[6], t[7]})};
}

[[gnu::always_inline]] constexpr Fp operator*(const Fp& a, const Fp& b) {
    return reduce(multiply_wide(a, b));
}

[[gnu::always_inline]] constexpr Fp square(const Fp& a) { return reduce(square_wide(a)); }

/// t + high·2^256 mod p, for values below 11p. The quotient is estimated from the top bits and at
/// most one too small.
[[gnu::always_inline]] constexpr Limbs4 reduce_small_multiple(const Limbs4& t, uint64_t high) {
    // Both in units of 2^240. The divisor is rounded up, so the quotient never is.
    constexpr uint64_t modulus_top = (modulus[3] >> 48) + 1;
    const uint64_t top = high << 16 | t[3] >> 48;
    const uint64_t quotient = top / modulus_top;
    const Limbs5 multiple = multiply_row(modulus, quotient);
    uint64_t borrow = 0;
    return reduce_once(sub_limbs(t, {multiple[0], multiple[1], multiple[2], multiple[3]}, borrow));
}

/// p - a, which is p and not zero for a = 0: only for nine_times_plus.
[[gnu::always_inline]] constexpr Fp negate_lazily(const Fp& a) {
    uint64_t borrow = 0;
    return {sub_limbs(modulus, a.limbs, borrow)};
}

/// pR - a, likewise.
[[gnu::always_inline]] constexpr Wide negate_lazily(const Wide& a) {
    return subtract_smaller(join({}, modulus), a);
}

/// 9a + b
[[gnu::always_inline]] constexpr Fp nine_times_plus(const Fp& a, const Fp& b) {
    Limbs5 row = multiply_row(a.limbs, 9);
    uint64_t carry = 0;
    row[0] = add_carry(row[0], b.limbs[0], carry);
    row[1] = add_carry(row[1], b.limbs[1], carry);
    row[2] = add_carry(row[2], b.limbs[2], carry);
    row[3] = add_carry(row[3], b.limbs[3], carry);
    return {reduce_small_multiple({row[0], row[1], row[2], row[3]}, row[4] + carry)};
}

/// 9a + b mod pR: the lower half's overflow moves up, the upper half is reduced as above.
[[gnu::always_inline]] constexpr Wide nine_times_plus(const Wide& a, const Wide& b) {
    const Limbs5 low = multiply_row(low_half(a), 9);
    const Limbs5 high = multiply_row(high_half(a), 9);
    uint64_t carry = 0;
    Limbs8 sum{};
#pragma GCC unroll 4
    for (size_t i = 0; i < 4; ++i) {
        sum[i] = add_carry(low[i], b.limbs[i], carry);
    }
    // low[4] is below 9, so it takes the carry without overflowing.
    uint64_t upper_carry = 0;
    sum[4] = add_carry(high[0], low[4] + carry, upper_carry);
#pragma GCC unroll 4
    for (size_t i = 5; i < 8; ++i) {
        sum[i] = add_carry(high[i - 4], 0, upper_carry);
    }
    carry = 0;
#pragma GCC unroll 4
    for (size_t i = 4; i < 8; ++i) {
        sum[i] = add_carry(sum[i], b.limbs[i], carry);
    }
    const Wide result{sum};
    const uint64_t top = high[4] + upper_carry + carry;
    return join(low_half(result), reduce_small_multiple(high_half(result), top));
}

/// R mod p, R² mod p and R³ mod p, by doubling.
namespace montgomery {
constexpr Limbs4 power_of_two(int exponent) {
    Fp power{{1, 0, 0, 0}};
    for (int i = 0; i < exponent; ++i) {
        power = power + power;
    }
    return power.limbs;
}
inline constexpr Fp r{power_of_two(256)};
inline constexpr Fp r_squared{power_of_two(512)};
inline constexpr Fp r_cubed{power_of_two(768)};
}  // namespace montgomery

constexpr Fp Fp::one() { return montgomery::r; }
constexpr Fp Fp::from_plain(const Limbs4& plain) { return Fp{plain} * montgomery::r_squared; }

consteval Fp Fp::from_literal(std::string_view text) {
    Limbs4 plain{};
    for (const char digit : text.substr(2)) {
        const auto value = static_cast<uint64_t>(digit <= '9' ? digit - '0' : digit - 'a' + 10);
        plain[3] = plain[3] << 4 | plain[2] >> 60;
        plain[2] = plain[2] << 4 | plain[1] >> 60;
        plain[1] = plain[1] << 4 | plain[0] >> 60;
        plain[0] = plain[0] << 4 | value;
    }
    return from_plain(plain);
}

/// 1/a; zero for zero.
[[nodiscard]] Fp inverse(const Fp& a);

/// 32 bytes big endian; nothing when the number is not below p.
[[nodiscard]] std::optional<Fp> fp_from_bytes(BytesView bytes_32);
[[nodiscard]] FixedBytes<32> to_bytes(const Fp& a);

/// 32 bytes big endian as limbs, whatever their value.
[[nodiscard]] Limbs4 limbs_from_bytes(BytesView bytes_32);

}  // namespace mega::crypto::bn254
