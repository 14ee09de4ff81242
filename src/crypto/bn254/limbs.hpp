#pragma once

// Carry arithmetic on little-endian arrays of 64-bit limbs: what the field is made of.
//
// The forms below are chosen for the compilers: rows of products first and carries after lets clang
// emit mulx followed by one add/adc chain. The functions know nothing of the modulus.

#include "base/bytes.hpp"

#include <array>
#include <cstdint>

namespace mega::crypto::bn254 {

using Limbs4 = std::array<uint64_t, 4>;
using Limbs5 = std::array<uint64_t, 5>;
using Limbs8 = std::array<uint64_t, 8>;

[[nodiscard]] constexpr uint64_t low64(uint128 value) { return static_cast<uint64_t>(value); }
[[nodiscard]] constexpr uint64_t high64(uint128 value) {
    return static_cast<uint64_t>(value >> 64);
}

/// a + b + carry; `carry` is 0 or 1, before and after. Overflow builtins, because clang makes one
/// add/adc chain of them.
[[gnu::always_inline]] constexpr uint64_t add_carry(uint64_t a, uint64_t b, uint64_t& carry) {
    uint64_t sum = 0;
    const bool carry_of_operands = __builtin_add_overflow(a, b, &sum);
    const bool carry_of_carry = __builtin_add_overflow(sum, carry, &sum);
    carry = static_cast<uint64_t>(carry_of_operands | carry_of_carry);
    return sum;
}

/// a - b - borrow; `borrow` is 0 or 1, before and after.
[[gnu::always_inline]] constexpr uint64_t sub_borrow(uint64_t a, uint64_t b, uint64_t& borrow) {
    uint64_t difference = 0;
    const bool borrow_of_operands = __builtin_sub_overflow(a, b, &difference);
    const bool borrow_of_borrow = __builtin_sub_overflow(difference, borrow, &difference);
    borrow = static_cast<uint64_t>(borrow_of_operands | borrow_of_borrow);
    return difference;
}

/// a + b mod 2^256; the sums formed here stay below 2^256.
[[gnu::always_inline]] constexpr Limbs4 add_limbs(const Limbs4& a, const Limbs4& b) {
    uint64_t carry = 0;
    Limbs4 sum{};
    sum[0] = add_carry(a[0], b[0], carry);
    sum[1] = add_carry(a[1], b[1], carry);
    sum[2] = add_carry(a[2], b[2], carry);
    sum[3] = add_carry(a[3], b[3], carry);
    return sum;
}

/// a - b mod 2^256; `borrow` becomes 1 when a < b.
[[gnu::always_inline]] constexpr Limbs4 sub_limbs(
    const Limbs4& a, const Limbs4& b, uint64_t& borrow
) {
    Limbs4 difference{};
    borrow = 0;
    difference[0] = sub_borrow(a[0], b[0], borrow);
    difference[1] = sub_borrow(a[1], b[1], borrow);
    difference[2] = sub_borrow(a[2], b[2], borrow);
    difference[3] = sub_borrow(a[3], b[3], borrow);
    return difference;
}

/// Hides from the compiler where a carry came from: knowing it, clang branches on the last limbs'
/// comparison, and such branches are coin tosses.
[[gnu::always_inline]] constexpr uint64_t opaque(uint64_t carry) {
    if !consteval {
        asm("" : "+r"(carry));
    }
    return carry;
}

/// a when `condition` is 0, b when it is 1, without a branch.
[[gnu::always_inline]] constexpr Limbs4 select(
    uint64_t condition, const Limbs4& a, const Limbs4& b
) {
    if consteval {
        return condition != 0 ? b : a;
    }
    const bool is_set = opaque(condition) != 0;
#if defined(__clang__)
    const auto pick = [&](size_t i) { return __builtin_unpredictable(is_set) ? b[i] : a[i]; };
#else
    const auto pick = [&](size_t i) { return is_set ? b[i] : a[i]; };
#endif
    return {pick(0), pick(1), pick(2), pick(3)};
}

/// a when `condition` is 1, zero when it is 0, without a branch.
[[gnu::always_inline]] constexpr Limbs4 mask_limbs(uint64_t condition, const Limbs4& a) {
    const uint64_t mask = opaque(0 - condition);
    return {a[0] & mask, a[1] & mask, a[2] & mask, a[3] & mask};
}

/// a · factor, exactly.
[[gnu::always_inline]] constexpr Limbs5 multiply_row(const Limbs4& a, uint64_t factor) {
    const uint128 p0 = static_cast<uint128>(a[0]) * factor;
    const uint128 p1 = static_cast<uint128>(a[1]) * factor;
    const uint128 p2 = static_cast<uint128>(a[2]) * factor;
    const uint128 p3 = static_cast<uint128>(a[3]) * factor;
    Limbs5 row{};
    uint64_t carry = 0;
    row[0] = low64(p0);
    row[1] = add_carry(high64(p0), low64(p1), carry);
    row[2] = add_carry(high64(p1), low64(p2), carry);
    row[3] = add_carry(high64(p2), low64(p3), carry);
    row[4] = high64(p3) + carry;
    return row;
}

/// a · b, exactly.
[[gnu::always_inline]] constexpr Limbs8 multiply_limbs(const Limbs4& a, const Limbs4& b) {
    Limbs8 product{};
    const Limbs5 first = multiply_row(a, b[0]);
    std::copy(first.begin(), first.end(), product.begin());
#pragma GCC unroll 4
    for (size_t i = 1; i < 4; ++i) {
        const Limbs5 row = multiply_row(a, b[i]);
        uint64_t carry = 0;
        product[i] = add_carry(product[i], row[0], carry);
        product[i + 1] = add_carry(product[i + 1], row[1], carry);
        product[i + 2] = add_carry(product[i + 2], row[2], carry);
        product[i + 3] = add_carry(product[i + 3], row[3], carry);
        product[i + 4] = row[4] + carry;
    }
    return product;
}

/// a², exactly: the six products of different limbs once, doubled, and the four squares.
[[gnu::always_inline]] constexpr Limbs8 square_limbs(const Limbs4& a) {
    const auto times = [&](size_t i, size_t j) { return static_cast<uint128>(a[i]) * a[j]; };
    const uint128 p01 = times(0, 1);
    const uint128 p02 = times(0, 2);
    const uint128 p03 = times(0, 3);
    const uint128 p12 = times(1, 2);
    const uint128 p13 = times(1, 3);
    const uint128 p23 = times(2, 3);
    // r1 … r6 = Σ a[i]·a[j] for i < j.
    uint64_t carry = 0;
    const uint64_t r1 = low64(p01);
    const uint64_t r2 = add_carry(high64(p01), low64(p02), carry);
    uint64_t r3 = add_carry(high64(p02), low64(p03), carry);
    uint64_t r4 = add_carry(high64(p03), low64(p13), carry);
    uint64_t r5 = add_carry(high64(p13), low64(p23), carry);
    uint64_t r6 = high64(p23) + carry;
    carry = 0;
    r3 = add_carry(r3, low64(p12), carry);
    r4 = add_carry(r4, high64(p12), carry);
    r5 = add_carry(r5, 0, carry);
    r6 += carry;

    const uint128 p00 = times(0, 0);
    const uint128 p11 = times(1, 1);
    const uint128 p22 = times(2, 2);
    const uint128 p33 = times(3, 3);
    Limbs8 square{};
    carry = 0;
    square[0] = low64(p00);
    square[1] = add_carry(r1 << 1, high64(p00), carry);
    square[2] = add_carry(r2 << 1 | r1 >> 63, low64(p11), carry);
    square[3] = add_carry(r3 << 1 | r2 >> 63, high64(p11), carry);
    square[4] = add_carry(r4 << 1 | r3 >> 63, low64(p22), carry);
    square[5] = add_carry(r5 << 1 | r4 >> 63, high64(p22), carry);
    square[6] = add_carry(r6 << 1 | r5 >> 63, low64(p33), carry);
    square[7] = (r6 >> 63) + high64(p33) + carry;
    return square;
}

}  // namespace mega::crypto::bn254
