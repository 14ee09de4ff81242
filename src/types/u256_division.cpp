// Division and everything modulo a number.

#include "base/assert.hpp"
#include "types/u256_modulus.hpp"

#include <array>

namespace mega {
namespace {

// Division follows Möller and Granlund, "Improved division by invariant integers" (IEEE
// Transactions on Computers, 2011): one reciprocal of the divisor's top limbs, then two
// multiplications per quotient limb and no division instruction. Names below follow the paper;
// every divisor handed to these functions has its top bit set.

struct Pair {
    uint64_t high;
    uint64_t low;
};

constexpr uint128 join(uint64_t high, uint64_t low) {
    return (static_cast<uint128>(high) << 64) | low;
}
constexpr Pair split(uint128 value) {
    return {static_cast<uint64_t>(value >> 64), static_cast<uint64_t>(value)};
}
constexpr Pair multiply_words(uint64_t a, uint64_t b) { return split(static_cast<uint128>(a) * b); }

/// First approximations for reciprocal_word, indexed by the 8 bits below the divisor's top bit.
constexpr std::array<uint16_t, 256> make_reciprocal_table() {
    std::array<uint16_t, 256> table{};
    for (uint32_t i = 0; i < 256; ++i) {
        table[i] = static_cast<uint16_t>(((1U << 19) - 3 * (1U << 8)) / (256 + i));
    }
    return table;
}
constexpr auto reciprocal_table = make_reciprocal_table();

/// floor((2^128 - 1) / d) - 2^64, by Newton iteration (the paper's algorithm 3).
constexpr uint64_t reciprocal_word(uint64_t d) {
    const uint64_t d0 = d & 1;
    const uint64_t d9 = d >> 55;
    const uint64_t d40 = (d >> 24) + 1;
    const uint64_t d63 = (d >> 1) + d0;
    const uint64_t v0 = reciprocal_table[d9 - 256];
    const uint64_t v1 = (v0 << 11) - ((v0 * v0 * d40) >> 40) - 1;
    const uint64_t v2 = (v1 << 13) + ((v1 * ((1ULL << 60) - v1 * d40)) >> 47);
    const uint64_t e = ((v2 >> 1) & (0 - d0)) - v2 * d63;
    const uint64_t v3 = (multiply_words(v2, e).high >> 1) + (v2 << 31);
    const uint128 product = static_cast<uint128>(v3) * d + d;
    return v3 - static_cast<uint64_t>(product >> 64) - d;
}

/// floor((2^192 - 1) / (d1, d0)) - 2^64 (algorithm 6).
constexpr uint64_t reciprocal_pair(uint64_t d1, uint64_t d0) {
    uint64_t v = reciprocal_word(d1);
    uint64_t p = d1 * v + d0;
    if (p < d0) {
        --v;
        if (p >= d1) {
            --v;
            p -= d1;
        }
        p -= d1;
    }
    const Pair t = multiply_words(v, d0);
    p += t.high;
    if (p < t.high) {
        --v;
        if (join(p, t.low) >= join(d1, d0)) {
            --v;
        }
    }
    return v;
}

struct WordDivision {
    uint64_t quotient;
    uint64_t remainder;
};

/// (u1, u0) / d for u1 < d (algorithm 4).
constexpr WordDivision divide_two_by_one(uint64_t u1, uint64_t u0, uint64_t d, uint64_t v) {
    const Pair estimate = split(static_cast<uint128>(v) * u1 + join(u1, u0));
    uint64_t quotient = estimate.high + 1;
    uint64_t remainder = u0 - quotient * d;
    if (remainder > estimate.low) {
        --quotient;
        remainder += d;
    }
    if (remainder >= d) [[unlikely]] {
        ++quotient;
        remainder -= d;
    }
    return {quotient, remainder};
}

struct PairDivision {
    uint64_t quotient;
    uint128 remainder;
};

/// (u2, u1, u0) / d for (u2, u1) < d (algorithm 5).
constexpr PairDivision divide_three_by_two(uint128 u21, uint64_t u0, uint128 d, uint64_t v) {
    const auto [u2, u1] = split(u21);
    const auto [d1, d0] = split(d);
    const Pair estimate = split(static_cast<uint128>(v) * u2 + u21);
    uint64_t quotient = estimate.high;
    const uint128 product = static_cast<uint128>(d0) * quotient;
    uint128 remainder = join(u1 - quotient * d1, u0) - product - d;
    ++quotient;
    if (static_cast<uint64_t>(remainder >> 64) >= estimate.low) {
        --quotient;
        remainder += d;
    }
    if (remainder >= d) [[unlikely]] {
        ++quotient;
        remainder -= d;
    }
    return {quotient, remainder};
}

/// (high, low) / d for high < d.
inline WordDivision divide_words(uint64_t high, uint64_t low, uint64_t d) {
#if defined(__x86_64__)
    // Cheaper than the reciprocal alone as long as there are one or two quotient limbs.
    uint64_t quotient = low;
    uint64_t remainder = high;
    asm("divq %2" : "+a"(quotient), "+d"(remainder) : "r"(d) : "cc");  // NOLINT(hicpp-no-assembler)
    return {quotient, remainder};
#else
    const auto shift = static_cast<unsigned>(std::countl_zero(d));
    const uint128 numerator = join(high, low) << shift;
    const auto [u1, u0] = split(numerator);
    const WordDivision step = divide_two_by_one(u1, u0, d << shift, reciprocal_word(d << shift));
    return {step.quotient, step.remainder >> shift};
#endif
}

/// The longest numerator: a 512-bit product and the limb that normalisation shifts into.
constexpr size_t max_numerator_limbs = 9;
using Limbs = std::array<uint64_t, max_numerator_limbs>;

/// u -= q * d over N limbs; the limb that the caller must still subtract from u[N].
template <size_t N>
uint64_t subtract_product(uint64_t* u, const uint64_t* d, uint64_t q) {
    uint64_t carry = 0;
    for (size_t i = 0; i < N; ++i) {
        const uint128 product = static_cast<uint128>(q) * d[i] + carry;
        const auto low = static_cast<uint64_t>(product);
        carry = static_cast<uint64_t>(product >> 64) + (u[i] < low ? 1 : 0);
        u[i] -= low;
    }
    return carry;
}

template <size_t N>
uint64_t add_limbs(uint64_t* u, const uint64_t* d) {
    uint64_t carry = 0;
    for (size_t i = 0; i < N; ++i) {
        const uint128 sum = static_cast<uint128>(u[i]) + d[i] + carry;
        u[i] = static_cast<uint64_t>(sum);
        carry = static_cast<uint64_t>(sum >> 64);
    }
    return carry;
}

/// One step of Knuth's algorithm D (algorithm 7): divides the N + 1 limbs at u by d, leaves the
/// remainder there and returns the quotient limb.
template <size_t N>
uint64_t quotient_step(uint64_t* u, const uint64_t* d, uint64_t v) {
    const uint128 top_divisor = join(d[N - 1], d[N - 2]);
    const uint128 top = join(u[N], u[N - 1]);
    if (top == top_divisor) [[unlikely]] {
        // The estimate would not fit a limb: the quotient is the largest limb.
        const uint64_t quotient = ~0ULL;
        u[N] -= subtract_product<N>(u, d, quotient);
        return quotient;
    }
    auto [quotient, remainder] = divide_three_by_two(top, u[N - 2], top_divisor, v);
    auto [high, low] = split(remainder);
    if constexpr (N > 2) {
        const uint64_t carry = subtract_product<N - 2>(u, d, quotient);
        const bool underflow = remainder < carry;
        const Pair left = split(remainder - carry);
        high = left.high;
        low = left.low;
        if (underflow) [[unlikely]] {
            --quotient;
            const uint64_t back = add_limbs<N - 2>(u, d);
            const Pair corrected = split(join(high, low) + top_divisor + back);
            high = corrected.high;
            low = corrected.low;
        }
    }
    u[N - 2] = low;
    u[N - 1] = high;
    u[N] = 0;
    return quotient;
}

/// Divides the `length` limbs of u (the top one below d's) by the N limbs of d; the remainder stays
/// in u.
template <size_t N>
void divide_by_limbs(Limbs& u, size_t length, const uint64_t* d, Limbs& quotient) {
    if constexpr (N == 1) {
        const uint64_t v = reciprocal_word(d[0]);
        uint64_t remainder = u[length - 1];
        for (size_t i = length - 1; i-- > 0;) {
            const auto step = divide_two_by_one(remainder, u[i], d[0], v);
            quotient[i] = step.quotient;
            remainder = step.remainder;
            u[i + 1] = 0;
        }
        u[0] = remainder;
    } else {
        const uint64_t v = reciprocal_pair(d[N - 1], d[N - 2]);
        for (size_t i = length - N; i-- > 0;) {
            quotient[i] = quotient_step<N>(u.data() + i, d, v);
        }
    }
}

/// u / d for a divisor that is not zero; u has `length` limbs, and room for one more.
void divide_limbs(Limbs& u, size_t length, const u256& divisor, Limbs& quotient, u256& remainder) {
    const unsigned limb_count = (divisor.bit_length() + 63) / 64;
    const auto shift = static_cast<unsigned>(std::countl_zero(divisor.limbs[limb_count - 1]));
    MEGA_ASSERT(shift < 64);
    const u256 d = divisor << shift;
    // Twice by one half each, since a shift by 64 is not defined.
    const auto carried = [shift](uint64_t limb) { return (limb >> 1) >> (63 - shift); };
    u[length] = carried(u[length - 1]);
    for (size_t i = length - 1; i > 0; --i) {
        u[i] = (u[i] << shift) | carried(u[i - 1]);
    }
    u[0] <<= shift;

    switch (limb_count) {
        case 1:
            divide_by_limbs<1>(u, length + 1, d.limbs, quotient);
            break;
        case 2:
            divide_by_limbs<2>(u, length + 1, d.limbs, quotient);
            break;
        case 3:
            divide_by_limbs<3>(u, length + 1, d.limbs, quotient);
            break;
        default:
            divide_by_limbs<4>(u, length + 1, d.limbs, quotient);
            break;
    }
    remainder = u256{u[0], u[1], u[2], u[3]} >> shift;
}

constexpr size_t limbs_in_use(const Limbs& limbs, size_t length) {
    while (length > 0 && limbs[length - 1] == 0) {
        --length;
    }
    return length;
}

/// The remainder of a long numerator.
u256 reduce(Limbs& numerator, size_t length, const u256& modulus) {
    length = limbs_in_use(numerator, length);
    const u256 low{numerator[0], numerator[1], numerator[2], numerator[3]};
    if (length <= 4 && low < modulus) {
        return low;
    }
    Limbs quotient{};
    u256 remainder;
    // A numerator as long as the divisor keeps every step within bounds.
    divide_limbs(numerator, std::max<size_t>(length, 4), modulus, quotient, remainder);
    return remainder;
}

/// Without branches: signs of operands are not predictable.
constexpr u256 negate_if(bool condition, const u256& value) {
    const uint64_t mask = condition ? ~0ULL : 0;
    const u256 flipped{
        value.limbs[0] ^ mask, value.limbs[1] ^ mask, value.limbs[2] ^ mask, value.limbs[3] ^ mask
    };
    return flipped + u256{mask & 1};
}
constexpr u256 absolute(const u256& value) { return negate_if(value.is_negative(), value); }

constexpr bool is_power_of_two(const u256& value) {
    return std::popcount(value.limbs[0]) + std::popcount(value.limbs[1]) +
               std::popcount(value.limbs[2]) + std::popcount(value.limbs[3]) ==
           1;
}
constexpr unsigned limb_count(const u256& value) { return (value.bit_length() + 63) / 64; }

/// a / d, zero when d is zero.
DivResult divide_by_limb(const u256& a, uint64_t d) {
    if (d == 0) {
        return {};
    }
    if (a.fits_u64()) {
        return {a.limbs[0] / d, a.limbs[0] % d};
    }
    u256 quotient;
    if ((a.limbs[2] | a.limbs[3]) == 0) {
        quotient.limbs[1] = a.limbs[1] / d;
        const WordDivision low = divide_words(a.limbs[1] % d, a.limbs[0], d);
        quotient.limbs[0] = low.quotient;
        return {quotient, low.remainder};
    }
    const auto shift = static_cast<unsigned>(std::countl_zero(d));
    const uint64_t divisor = d << shift;
    const uint64_t v = reciprocal_word(divisor);
    const auto carried = [shift](uint64_t limb) { return (limb >> 1) >> (63 - shift); };
    uint64_t remainder = carried(a.limbs[3]);
    for (size_t i = 4; i-- > 0;) {
        const uint64_t limb = (a.limbs[i] << shift) | (i > 0 ? carried(a.limbs[i - 1]) : 0);
        const WordDivision step = divide_two_by_one(remainder, limb, divisor, v);
        quotient.limbs[i] = step.quotient;
        remainder = step.remainder;
    }
    return {quotient, remainder >> shift};
}

/// a / b for a divisor of N limbs that is not above a.
template <unsigned N>
DivResult divide_by_long(const u256& a, const u256& b) {
    const auto shift = static_cast<unsigned>(std::countl_zero(b.limbs[N - 1]));
    const auto carried = [shift](uint64_t limb) { return (limb >> 1) >> (63 - shift); };
    uint64_t d[N];
    for (unsigned i = N; i-- > 1;) {
        d[i] = (b.limbs[i] << shift) | carried(b.limbs[i - 1]);
    }
    d[0] = b.limbs[0] << shift;
    uint64_t u[5];
    u[4] = carried(a.limbs[3]);
    for (unsigned i = 3; i > 0; --i) {
        u[i] = (a.limbs[i] << shift) | carried(a.limbs[i - 1]);
    }
    u[0] = a.limbs[0] << shift;
    const uint64_t v = reciprocal_pair(d[N - 1], d[N - 2]);
    u256 quotient;
    for (unsigned i = 5 - N; i-- > 0;) {
        if (u[i + N] == 0 && u[i + N - 1] < d[N - 1]) {
            continue;  // a short numerator
        }
        quotient.limbs[i] = quotient_step<N>(u + i, d, v);
    }
    return {quotient, u256{u[0], u[1], N > 2 ? u[2] : 0, N > 3 ? u[3] : 0} >> shift};
}

struct WideProduct {
    u256 low;
    u256 high;
};
[[gnu::always_inline]] inline WideProduct multiply_wide(const u256& a, const u256& b) {
    uint64_t product[8] = {};
    for (size_t i = 0; i < 4; ++i) {
        uint64_t carry = 0;
        for (size_t j = 0; j < 4; ++j) {
            const uint128 t =
                static_cast<uint128>(a.limbs[i]) * b.limbs[j] + product[i + j] + carry;
            product[i + j] = static_cast<uint64_t>(t);
            carry = static_cast<uint64_t>(t >> 64);
        }
        product[i + 4] = carry;
    }
    return {
        {product[0], product[1], product[2], product[3]},
        {product[4], product[5], product[6], product[7]}
    };
}

/// Modulo 2^256 - 1, where 2^256 is 1: the halves of the product add up. Fixed-point libraries find
/// the high half of a product this way.
u256 multiply_mod_max(const u256& a, const u256& b) {
    const WideProduct product = multiply_wide(a, b);
    const AddResult sum = add_with_carry(product.low, product.high);
    const u256 folded = sum.value + u256{sum.carry ? 1U : 0U};
    return folded == u256::max() ? u256{} : folded;
}

}  // namespace

DivResult divide(const u256& a, const u256& b) {
    if (is_power_of_two(b)) {
        // Contracts of the time before SHR divide by these, and unpacking structures still does.
        return {a >> (b.bit_length() - 1), a & (b - u256{1})};
    }
    if (b.fits_u64()) {
        return divide_by_limb(a, b.limbs[0]);
    }
    if (a < b) {
        return {{}, a};
    }
    switch (limb_count(b)) {
        case 2:
            return divide_by_long<2>(a, b);
        case 3:
            return divide_by_long<3>(a, b);
        default:
            return divide_by_long<4>(a, b);
    }
}

DivResult divide_signed(const u256& a, const u256& b) {
    const DivResult unsigned_result = divide(absolute(a), absolute(b));
    const bool negative_quotient = a.is_negative() != b.is_negative();
    return {
        negate_if(negative_quotient, unsigned_result.quotient),
        negate_if(a.is_negative(), unsigned_result.remainder)
    };
}

u256 add_mod(const u256& a, const u256& b, const u256& m) {
    if (m.is_zero()) {
        return {};
    }
    const AddResult sum = add_with_carry(a, b);
    if (a < m && b < m) {
        return sum.carry || sum.value >= m ? sum.value - m : sum.value;
    }
    if (!sum.carry || is_power_of_two(m)) {
        return divide(sum.value, m).remainder;
    }
    Limbs numerator{
        sum.value.limbs[0],
        sum.value.limbs[1],
        sum.value.limbs[2],
        sum.value.limbs[3],
        sum.carry ? 1U : 0U
    };
    return reduce(numerator, 5, m);
}

u256 multiply_mod(const u256& a, const u256& b, const u256& m) {
    if (m.is_zero()) {
        return {};
    }
    const auto [low, high] = multiply_wide(a, b);
    if (is_power_of_two(m)) {
        return low & (m - u256{1});
    }
    Limbs product{
        low.limbs[0],
        low.limbs[1],
        low.limbs[2],
        low.limbs[3],
        high.limbs[0],
        high.limbs[1],
        high.limbs[2],
        high.limbs[3]
    };
    return reduce(product, 8, m);
}

bool multiply_overflows(const u256& a, const u256& b) {
    if (a.fits_u64() && b.fits_u64()) {
        return false;
    }
    return !multiply_wide(a, b).high.is_zero();
}

Modulus::Modulus(const u256& value)
    : value_(value), shift_(256 - value.bit_length()), divisor_(value << shift_) {
    MEGA_ASSERT(!value.is_zero());
    // floor((2^512 - 1) / divisor) - 2^256 is the quotient of (2^256 - 1 - divisor, 2^256 - 1).
    const u256 high = ~divisor_;
    Limbs numerator{
        ~0ULL, ~0ULL, ~0ULL, ~0ULL, high.limbs[0], high.limbs[1], high.limbs[2], high.limbs[3]
    };
    Limbs quotient{};
    u256 ignored;
    divide_limbs(numerator, 8, divisor_, quotient, ignored);
    reciprocal_ = {quotient[0], quotient[1], quotient[2], quotient[3]};
}

namespace {

/// (u.high, u.low) mod d for u.high < d, where the top bit of d is set: the paper's algorithm 4
/// with 2^256 for the word. Estimate, remainder, two corrections.
[[gnu::always_inline]] inline u256 remainder_of(
    const WideProduct& u, const u256& d, const u256& reciprocal
) {
    const WideProduct estimate = multiply_wide(reciprocal, u.high);
    const AddResult low = add_with_carry(estimate.low, u.low);
    const u256 quotient = estimate.high + u.high + u256{low.carry ? 2U : 1U};
    u256 remainder = u.low - quotient * d;
    if (low.value < remainder) {
        remainder += d;
    }
    if (!(remainder < d)) [[unlikely]] {
        remainder -= d;
    }
    return remainder;
}

}  // namespace

u256 Modulus::multiply(const u256& a, const u256& b) const {
    // One factor below the modulus, shifted, keeps the product below divisor * 2^256.
    u256 small;
    const u256* other = &b;
    if (a < value_) {
        small = a << shift_;
    } else if (b < value_) {
        small = b << shift_;
        other = &a;
    } else {
        const u256 high = shift_ == 0 ? u256{} : a >> (256 - shift_);
        small = remainder_of({a << shift_, high}, divisor_, reciprocal_);
    }
    return remainder_of(multiply_wide(small, *other), divisor_, reciprocal_) >> shift_;
}

u256 ModulusCache::multiply(const u256& a, const u256& b, const u256& m) {
    if (m == modulus_.value()) {
        return modulus_.multiply(a, b);
    }
    if (m == u256::max()) {
        return multiply_mod_max(a, b);
    }
    if (m == last_ && !m.is_zero()) {
        modulus_ = Modulus(m);
        return modulus_.multiply(a, b);
    }
    last_ = m;
    return multiply_mod(a, b, m);
}

}  // namespace mega
