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

/// a + b + carry; `carry` is 0 or 1, before and after.
[[gnu::always_inline]] constexpr uint64_t add_carry(uint64_t a, uint64_t b, uint64_t& carry) {
    const uint128 sum = static_cast<uint128>(a) + b + carry;
    carry = high64(sum);
    return low64(sum);
}

/// a - b - borrow; `borrow` is 0 or 1, before and after.
[[gnu::always_inline]] constexpr uint64_t sub_borrow(uint64_t a, uint64_t b, uint64_t& borrow) {
    const uint128 difference = static_cast<uint128>(a) - b - borrow;
    borrow = high64(difference) & 1;
    return low64(difference);
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

/// a when `condition` is 0, b when it is 1, without a branch.
[[gnu::always_inline]] constexpr Limbs4 select(
    uint64_t condition, const Limbs4& a, const Limbs4& b
) {
    return {
        condition != 0 ? b[0] : a[0],
        condition != 0 ? b[1] : a[1],
        condition != 0 ? b[2] : a[2],
        condition != 0 ? b[3] : a[3]
    };
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

}  // namespace mega::crypto::bn254
