#include "types/u256.hpp"

#include "base/assert.hpp"

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
constexpr Pair multiply_wide(uint64_t a, uint64_t b) { return split(static_cast<uint128>(a) * b); }

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
    const uint64_t v3 = (multiply_wide(v2, e).high >> 1) + (v2 << 31);
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
    const Pair t = multiply_wide(v, d0);
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

/// All 512 bits of the product.
Limbs multiply_full(const u256& a, const u256& b) {
    Limbs product{};
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
    return product;
}

u256 power_by_bits(u256 base, uint64_t exponent) {
    u256 result{1};
    for (; exponent != 0; exponent >>= 1) {
        if ((exponent & 1) != 0) {
            result *= base;
        }
        base *= base;
    }
    return result;
}

/// Four bits at a time from the top: fewer products than bit by bit, and no branch on the
/// exponent's bits.
u256 power_by_digits(const u256& base, const u256& exponent, unsigned bits) {
    std::array<u256, 16> powers;
    powers[0] = 1;
    for (size_t i = 1; i < powers.size(); ++i) {
        powers[i] = powers[i - 1] * base;
    }
    u256 result{1};
    for (unsigned digit = (bits + 3) / 4; digit-- > 0;) {
        result *= result;
        result *= result;
        result *= result;
        result *= result;
        result *= powers[(exponent.limbs[digit / 16] >> (4 * (digit % 16))) & 15];
    }
    return result;
}

constexpr u256 absolute(const u256& value) { return value.is_negative() ? -value : value; }

constexpr uint64_t ten_to_19 = 10'000'000'000'000'000'000ULL;

int hex_digit_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

Result<u256, HexError> from_hex_digits(std::string_view digits) {
    if (digits.empty() || digits.size() > 64) {
        return Err{HexError::wrong_length};
    }
    u256 value;
    for (const char c : digits) {
        const int digit = hex_digit_value(c);
        if (digit < 0) {
            return Err{HexError::bad_digit};
        }
        value = (value << 4) | u256{static_cast<uint64_t>(digit)};
    }
    return value;
}

Result<u256, HexError> from_decimal_digits(std::string_view digits) {
    // 2^256 has 78 digits; more than that is refused before any arithmetic.
    if (digits.empty() || digits.size() > 78) {
        return Err{HexError::wrong_length};
    }
    u256 value;
    for (const char c : digits) {
        if (c < '0' || c > '9') {
            return Err{HexError::bad_digit};
        }
        if (multiply_overflows(value, 10)) {
            return Err{HexError::wrong_length};
        }
        const auto sum = add_with_carry(value * 10, static_cast<uint64_t>(c - '0'));
        if (sum.carry) {
            return Err{HexError::wrong_length};
        }
        value = sum.value;
    }
    return value;
}

}  // namespace

DivResult divide(const u256& a, const u256& b) {
    if (a.fits_u64() && b.fits_u64()) {
        return b.is_zero() ? DivResult{}
                           : DivResult{a.limbs[0] / b.limbs[0], a.limbs[0] % b.limbs[0]};
    }
    if (b.is_zero()) {
        return {};
    }
    if (a < b) {
        return {{}, a};
    }
    Limbs numerator{a.limbs[0], a.limbs[1], a.limbs[2], a.limbs[3]};
    Limbs quotient{};
    DivResult result;
    const size_t length = limbs_in_use(numerator, 4);
    divide_limbs(numerator, length, b, quotient, result.remainder);
    result.quotient = {quotient[0], quotient[1], quotient[2], quotient[3]};
    return result;
}

DivResult divide_signed(const u256& a, const u256& b) {
    const DivResult unsigned_result = divide(absolute(a), absolute(b));
    const bool negative_quotient = a.is_negative() != b.is_negative();
    return {
        negative_quotient ? -unsigned_result.quotient : unsigned_result.quotient,
        a.is_negative() ? -unsigned_result.remainder : unsigned_result.remainder
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
    Limbs product = multiply_full(a, b);
    return reduce(product, 8, m);
}

u256 power(u256 base, u256 exponent) {
    if (base == u256{2}) {
        return exponent < u256{256} ? u256{1} << static_cast<unsigned>(exponent.low64()) : u256{};
    }
    if ((base.low64() & 1) == 0 && !(exponent < u256{256})) {
        return {};  // 2^256 divides the result
    }
    const unsigned bits = exponent.bit_length();
    return bits <= 16 ? power_by_bits(base, exponent.low64())
                      : power_by_digits(base, exponent, bits);
}

u256 sign_extend(const u256& index, const u256& value) {
    if (!(index < u256{31})) {
        return value;
    }
    const auto unused_bits = static_cast<unsigned>(248 - 8 * index.low64());
    return shift_right_signed(value << unused_bits, unused_bits);
}

u256 shift_right_signed(const u256& value, const u256& shift) {
    const u256 fill = value.is_negative() ? u256::max() : u256{};
    if (!(shift < u256{256})) {
        return fill;
    }
    const auto bits = static_cast<unsigned>(shift.low64());
    return (value >> bits) | (fill << (256 - bits));
}

bool multiply_overflows(const u256& a, const u256& b) {
    if (a.fits_u64() && b.fits_u64()) {
        return false;
    }
    const Limbs product = multiply_full(a, b);
    return (product[4] | product[5] | product[6] | product[7]) != 0;
}

std::string to_hex_quantity(const u256& value) {
    const std::string digits = to_hex_digits(value.to_hash());
    const size_t first = digits.find_first_not_of('0');
    return "0x" + (first == std::string::npos ? "0" : digits.substr(first));
}

std::string to_decimal(const u256& value) {
    std::string text;
    u256 rest = value;
    while (!rest.fits_u64()) {
        const DivResult step = divide(rest, ten_to_19);
        const std::string chunk = std::to_string(step.remainder.low64());
        text.insert(0, std::string(19 - chunk.size(), '0') + chunk);
        rest = step.quotient;
    }
    return std::to_string(rest.low64()) + text;
}

Result<u256, HexError> u256_from_text(std::string_view text) {
    if (text.starts_with("0x") || text.starts_with("0X")) {
        return from_hex_digits(text.substr(2));
    }
    return from_decimal_digits(text);
}

}  // namespace mega
