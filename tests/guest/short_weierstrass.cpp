#include "guest/short_weierstrass.hpp"

namespace mega::guest {
namespace {

bool bit(const u256& value, unsigned index) {
    return ((value.limbs[index / 64] >> (index % 64)) & 1) != 0;
}

}  // namespace

u256 power_mod(const u256& base, const u256& exponent, const u256& modulus) {
    u256 power{1};
    for (unsigned i = 256; i-- > 0;) {
        power = multiply_mod(power, power, modulus);
        if (bit(exponent, i)) {
            power = multiply_mod(power, base, modulus);
        }
    }
    return power;
}

u256 inverse_mod(const u256& value, const u256& prime) {
    return power_mod(value, prime - u256{2}, prime);
}

std::optional<Affine> Curve::point_at(const u256& x, bool y_is_odd) const {
    if (x >= prime) {
        return std::nullopt;
    }
    // (prime + 1) / 4 without the carry.
    const u256 y = power_mod(right_side(x), (prime >> 2) + u256{1}, prime);
    const Affine point{x, bit(y, 0) == y_is_odd ? y : minus(u256{}, y)};
    return has(point) ? std::optional{point} : std::nullopt;
}

bool Curve::has(const Affine& point) const {
    return point.x < prime && point.y < prime && times(point.y, point.y) == right_side(point.x);
}

std::optional<Affine> Curve::sum_of_multiples(const u256& k, const u256& l, const Affine& point)
    const {
    const Jacobian g{generator.x, generator.y, u256{1}};
    const Jacobian p{point.x, point.y, u256{1}};
    Jacobian sum;
    for (unsigned i = 256; i-- > 0;) {
        sum = twice(sum);
        sum = bit(k, i) ? add(sum, g) : sum;
        sum = bit(l, i) ? add(sum, p) : sum;
    }
    if (sum.z.is_zero()) {
        return std::nullopt;
    }
    const u256 inverse = inverse_mod(sum.z, prime);
    const u256 squared = times(inverse, inverse);
    return Affine{times(sum.x, squared), times(sum.y, times(squared, inverse))};
}

bool Curve::is_scalar(const u256& value) const { return !value.is_zero() && value < order; }

u256 Curve::times(const u256& p, const u256& q) const { return multiply_mod(p, q, prime); }

u256 Curve::minus(const u256& p, const u256& q) const { return p < q ? p + (prime - q) : p - q; }

u256 Curve::right_side(const u256& x) const {
    const u256 cubic = add_mod(times(x, x), a, prime);
    return add_mod(times(cubic, x), b, prime);
}

Jacobian Curve::twice(const Jacobian& p) const {
    const u256 y_squared = times(p.y, p.y);
    const u256 z_squared = times(p.z, p.z);
    const u256 s = times(u256{4}, times(p.x, y_squared));
    const u256 m =
        add_mod(times(u256{3}, times(p.x, p.x)), times(a, times(z_squared, z_squared)), prime);
    const u256 x = minus(times(m, m), add_mod(s, s, prime));
    const u256 y = minus(times(m, minus(s, x)), times(u256{8}, times(y_squared, y_squared)));
    return {x, y, times(u256{2}, times(p.y, p.z))};
}

Jacobian Curve::add(const Jacobian& p, const Jacobian& q) const {
    if (p.z.is_zero()) {
        return q;
    }
    if (q.z.is_zero()) {
        return p;
    }
    const u256 p_z2 = times(p.z, p.z);
    const u256 q_z2 = times(q.z, q.z);
    const u256 p_x = times(p.x, q_z2);
    const u256 p_y = times(p.y, times(q.z, q_z2));
    const u256 h = minus(times(q.x, p_z2), p_x);
    const u256 r = minus(times(q.y, times(p.z, p_z2)), p_y);
    if (h.is_zero()) {
        return r.is_zero() ? twice(p) : Jacobian{};
    }
    const u256 h2 = times(h, h);
    const u256 h3 = times(h2, h);
    const u256 v = times(p_x, h2);
    const u256 x = minus(minus(times(r, r), h3), add_mod(v, v, prime));
    const u256 y = minus(times(r, minus(v, x)), times(p_y, h3));
    return {x, y, times(h, times(p.z, q.z))};
}

}  // namespace mega::guest
