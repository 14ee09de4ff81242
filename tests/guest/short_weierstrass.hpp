#pragma once

// Curves y^2 = x^3 + a x + b over a prime field of 256 bits with a group of prime order, in plain
// C++ over u256. Jacobian coordinates: (x, y, z) stands for (x / z^2, y / z^3), z = 0 for infinity.
// Slow, and neither constant-time nor for secrets: it checks what is public.

#include "types/u256.hpp"

#include <optional>

namespace mega::guest {

struct Affine {
    u256 x;
    u256 y;
};

struct Jacobian {
    u256 x{1};
    u256 y{1};
    u256 z{};
};

struct Curve {
    u256 prime;  // 3 modulo 4, so that a power is the square root
    u256 order;
    u256 a;
    u256 b;
    Affine generator;

    /// The point with this x whose y is odd or not; nothing when x >= prime or there is none.
    [[nodiscard]] std::optional<Affine> point_at(const u256& x, bool y_is_odd) const;
    [[nodiscard]] bool has(const Affine& point) const;
    /// k G + l point, for k and l below the order; nothing for infinity.
    [[nodiscard]] std::optional<Affine> sum_of_multiples(
        const u256& k, const u256& l, const Affine& point
    ) const;
    /// 0 < value < order.
    [[nodiscard]] bool is_scalar(const u256& value) const;

  private:
    [[nodiscard]] u256 times(const u256& p, const u256& q) const;
    [[nodiscard]] u256 minus(const u256& p, const u256& q) const;
    [[nodiscard]] u256 right_side(const u256& x) const;
    [[nodiscard]] Jacobian twice(const Jacobian& p) const;
    [[nodiscard]] Jacobian add(const Jacobian& p, const Jacobian& q) const;
};

[[nodiscard]] u256 power_mod(const u256& base, const u256& exponent, const u256& modulus);
/// For a prime modulus and a value that is not 0 modulo it.
[[nodiscard]] u256 inverse_mod(const u256& value, const u256& prime);

}  // namespace mega::guest
