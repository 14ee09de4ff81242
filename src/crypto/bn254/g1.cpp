#include "crypto/bn254/g1.hpp"

#include "base/assert.hpp"
#include "crypto/bn254/signed_digits.hpp"

namespace mega::crypto::bn254 {

namespace {

constexpr Fp curve_b = Fp::from_literal("0x3");
/// A cube root of one: (x, y) -> (β·x, y) multiplies points by λ.
constexpr Fp endomorphism_beta =
    Fp::from_literal("0x59e26bcea0d48bacd4f263f1acdb5c4f5763473177fffffe");

/// (X/Z², Y/Z³); Z = 0 is infinity.
struct Jacobian {
    Fp x;
    Fp y;
    Fp z;

    [[nodiscard]] bool is_infinity() const { return z.is_zero(); }
};

constexpr Jacobian infinity{Fp::one(), Fp::one(), Fp::zero()};

bool is_on_curve(const G1Affine& point) {
    return square(point.y) == square(point.x) * point.x + curve_b;
}

G1Affine to_affine(const Jacobian& point) {
    if (point.is_infinity()) {
        return {};
    }
    const Fp z_inverse = inverse(point.z);
    const Fp z_inverse_squared = square(z_inverse);
    return {point.x * z_inverse_squared, point.y * z_inverse_squared * z_inverse};
}

// With slope 3x²/2y scaled by y: l = 3x²/2 and Z' = yz, which saves the doublings that denominators
// without 2 would cost.
Jacobian twice(const Jacobian& p) {
    const Fp xx = square(p.x);
    const Fp l = half(xx + xx + xx);
    const Fp yy = square(p.y);
    const Fp t = p.x * yy;
    const Fp x = square(l) - twice(t);
    const Fp y = reduce(multiply_wide(l, t - x) - square_wide(yy));
    return {x, y, p.y * p.z};
}

/// a + b for a not infinity and b not ±a; Z grows by the factor `h`, which callers may want.
Jacobian add_distinct(const Jacobian& a, const Fp& h, const Fp& r) {
    const Fp hh = square(h);
    const Fp hhh = h * hh;
    const Fp v = a.x * hh;
    const Fp x = square(r) - hhh - twice(v);
    const Fp y = reduce(multiply_wide(r, v - x) - multiply_wide(a.y, hhh));
    return {x, y, a.z * h};
}

/// a + (x, y), whatever the two are, except that (x, y) is not infinity.
Jacobian add_affine(const Jacobian& a, const G1Affine& b) {
    if (a.is_infinity()) {
        return {b.x, b.y, Fp::one()};
    }
    const Fp zz = square(a.z);
    const Fp h = b.x * zz - a.x;
    const Fp r = b.y * zz * a.z - a.y;
    if (h.is_zero()) [[unlikely]] {
        return r.is_zero() ? twice(a) : infinity;
    }
    return add_distinct(a, h, r);
}

constexpr int window_width = 5;
constexpr size_t table_size = size_t{1} << (window_width - 2);

/// P, 3P, 5P … 15P as affine points of the isomorphic curve whose coordinates are (x·z², y·z³).
struct OddMultiples {
    std::array<G1Affine, table_size> points;
    Fp z;
};

// No inversion: on the isomorphic curve where 2P is affine each odd multiple follows by a mixed
// addition, and the Z it multiplies by is remembered to bring all of them to the last one's Z. The
// formulas of a curve with a = 0 never use b, so they hold on isomorphic curves unchanged.
OddMultiples odd_multiples(const G1Affine& point) {
    const Jacobian two = twice(Jacobian{point.x, point.y, Fp::one()});
    const Fp zz = square(two.z);
    std::array<Jacobian, table_size> multiples;
    std::array<Fp, table_size> z_ratios;
    multiples[0] = {point.x * zz, point.y * zz * two.z, Fp::one()};
    for (size_t i = 1; i < table_size; ++i) {
        const Jacobian& last = multiples[i - 1];
        const Fp last_zz = square(last.z);
        // Not zero: the group's order is a large prime, so 2P is not ± an odd multiple below 16.
        z_ratios[i] = two.x * last_zz - last.x;
        multiples[i] = add_distinct(last, z_ratios[i], two.y * last_zz * last.z - last.y);
    }
    OddMultiples result;
    result.z = multiples[table_size - 1].z * two.z;
    Fp scale = Fp::one();
    for (size_t i = table_size; i-- > 0;) {
        const Fp scale_squared = square(scale);
        result.points[i] = {multiples[i].x * scale_squared, multiples[i].y * scale_squared * scale};
        scale = scale * z_ratios[i];
    }
    return result;
}

Jacobian add_digit(
    const Jacobian& sum, const std::array<G1Affine, table_size>& table, int digit, bool negate
) {
    if (digit == 0) {
        return sum;
    }
    const auto index = static_cast<size_t>(digit < 0 ? -digit : digit) / 2;
    const G1Affine& entry = table[index];
    return add_affine(sum, {entry.x, (digit < 0) != negate ? -entry.y : entry.y});
}

/// floor(scalar · factor / 2^256), which is below 2^128 for the factors used here.
uint128 scaled_quotient(const Limbs4& scalar, const Limbs4& factor) {
    const Limbs8 wide = multiply_limbs(scalar, factor);
    return static_cast<uint128>(wide[5]) << 64 | wide[4];
}

}  // namespace

std::optional<G1Affine> g1_from_bytes(BytesView bytes_64) {
    MEGA_ASSERT(bytes_64.size() == 64);
    const std::optional<Fp> x = fp_from_bytes(bytes_64.first(32));
    const std::optional<Fp> y = fp_from_bytes(bytes_64.last(32));
    if (!x || !y) {
        return std::nullopt;
    }
    const G1Affine point{*x, *y};
    if (!point.is_infinity() && !is_on_curve(point)) {
        return std::nullopt;
    }
    return point;
}

FixedBytes<64> to_bytes(const G1Affine& point) {
    FixedBytes<64> bytes;
    const FixedBytes<32> x = to_bytes(point.x);
    const FixedBytes<32> y = to_bytes(point.y);
    std::copy_n(x.data(), 32, bytes.data());
    std::copy_n(y.data(), 32, bytes.data() + 32);
    return bytes;
}

G1Affine add(const G1Affine& a, const G1Affine& b) {
    if (a.is_infinity()) {
        return b;
    }
    if (b.is_infinity()) {
        return a;
    }
    if (a.x == b.x && a.y != b.y) {
        return {};
    }
    // y is never zero on this curve: its order is odd.
    const Fp xx = square(a.x);
    const Fp slope =
        a.x == b.x ? (xx + xx + xx) * inverse(twice(a.y)) : (b.y - a.y) * inverse(b.x - a.x);
    const Fp x = square(slope) - a.x - b.x;
    return {x, slope * (a.x - x) - a.y};
}

// R. Gallant, R. Lambert, S. Vanstone, "Faster point multiplication on elliptic curves with
// efficient endomorphisms" (2001). (a1, b1) and (a2, b2) are short vectors with a + b·λ = 0 mod r
// for λ = 0xb3c4d79d41a917585bfc41088d8daaa78b17ea66b99c90dd; b1 is negative and b2 equals a1. k1 +
// k2·λ is k less the combination c1·(a1, b1) + c2·(a2, b2) next below k, so both parts are short:
// 128-bit arithmetic holds them with sign.
SplitScalar split_scalar(const Limbs4& scalar) {
    constexpr uint128 a1 = 0x89d3256894d213e3;
    constexpr uint128 minus_b1 =
        static_cast<uint128>(0x6f4d8248eeb859fc) << 64 | 0x8211bbeb7d4f1128;
    constexpr uint128 a2 = static_cast<uint128>(0x6f4d8248eeb859fd) << 64 | 0x0be4e1541221250b;
    // b2·2^256/r and -b1·2^256/r, rounded.
    constexpr Limbs4 c1_factor{0xd91d232ec7e0b3d7, 0x2};
    constexpr Limbs4 c2_factor{0x7a7bd9d4391eb18e, 0x4ccef014a773d2cf, 0x2};

    Limbs4 k = scalar;
    // 2^256 < 6r, so five subtractions are enough.
    for (int i = 0; i < 5; ++i) {
        uint64_t is_below_order = 0;
        const Limbs4 reduced = sub_limbs(k, group_order, is_below_order);
        k = select(is_below_order, reduced, k);
    }
    const uint128 c1 = scaled_quotient(k, c1_factor);
    const uint128 c2 = scaled_quotient(k, c2_factor);
    const uint128 k1 = (static_cast<uint128>(k[1]) << 64 | k[0]) - c1 * a1 - c2 * a2;
    const uint128 k2 = c1 * minus_b1 - c2 * a1;
    const bool is_k1_negative = (k1 >> 127) != 0;
    const bool is_k2_negative = (k2 >> 127) != 0;
    return {
        is_k1_negative, is_k2_negative, is_k1_negative ? 0 - k1 : k1, is_k2_negative ? 0 - k2 : k2
    };
}

G1Affine multiply(const G1Affine& point, const Limbs4& scalar) {
    if (point.is_infinity()) {
        return {};
    }
    const SplitScalar split = split_scalar(scalar);
    const SignedDigits digits1 = to_signed_digits(split.k1, window_width);
    const SignedDigits digits2 = to_signed_digits(split.k2, window_width);
    const OddMultiples table = odd_multiples(point);
    std::array<G1Affine, table_size> mapped;
    for (size_t i = 0; i < table_size; ++i) {
        mapped[i] = {table.points[i].x * endomorphism_beta, table.points[i].y};
    }
    Jacobian sum = infinity;
    for (size_t i = std::max(digits1.length, digits2.length); i-- > 0;) {
        sum = twice(sum);
        sum = add_digit(sum, table.points, digits1.digits[i], split.is_k1_negative);
        sum = add_digit(sum, mapped, digits2.digits[i], split.is_k2_negative);
    }
    sum.z = sum.z * table.z;
    return to_affine(sum);
}

}  // namespace mega::crypto::bn254
