#pragma once

// u256: the EVM's word. Four 64-bit limbs, least significant first; arithmetic wraps modulo 2^256
// as the Yellow Paper (appendix H) says. Division by zero gives zero, as DIV and MOD do.

#include "base/bytes.hpp"
#include "base/hex.hpp"
#include "base/result.hpp"

#include <bit>
#include <compare>
#include <string>
#include <string_view>

namespace mega {

struct u256 {
    uint64_t limbs[4] = {0, 0, 0, 0};

    constexpr u256() = default;
    constexpr u256(uint64_t low) : limbs{low, 0, 0, 0} {}  // NOLINT(google-explicit-constructor)
    constexpr u256(uint64_t l0, uint64_t l1, uint64_t l2, uint64_t l3) : limbs{l0, l1, l2, l3} {}

    static constexpr u256 max() { return {~0ULL, ~0ULL, ~0ULL, ~0ULL}; }

    /// Big-endian bytes, at most 32 (shorter means leading zeros).
    static constexpr u256 from_be(BytesView bytes) {
        u256 value;
        size_t position = bytes.size();
        for (size_t i = 0; i < bytes.size(); ++i) {
            --position;
            value.limbs[i / 8] |= static_cast<uint64_t>(bytes[position]) << (8 * (i % 8));
        }
        return value;
    }
    /// Exactly 32 big-endian bytes.
    static u256 load_be(const uint8_t* from) {
        u256 value;
        for (size_t i = 0; i < 4; ++i) {
            uint64_t word = 0;
            std::memcpy(&word, from + 8 * i, 8);
            value.limbs[3 - i] = __builtin_bswap64(word);
        }
        return value;
    }
    void store_be(uint8_t* to) const {
        for (size_t i = 0; i < 4; ++i) {
            const uint64_t word = __builtin_bswap64(limbs[3 - i]);
            std::memcpy(to + 8 * i, &word, 8);
        }
    }
    [[nodiscard]] Hash256 to_hash() const {
        Hash256 hash;
        store_be(hash.data());
        return hash;
    }
    [[nodiscard]] Address to_address() const { return Address::from(to_hash().view().subspan(12)); }

    [[nodiscard]] constexpr bool is_zero() const {
        return (limbs[0] | limbs[1] | limbs[2] | limbs[3]) == 0;
    }
    explicit constexpr operator bool() const { return !is_zero(); }
    [[nodiscard]] constexpr bool fits_u64() const { return (limbs[1] | limbs[2] | limbs[3]) == 0; }
    /// The low 64 bits.
    [[nodiscard]] constexpr uint64_t low64() const { return limbs[0]; }
    [[nodiscard]] constexpr bool bit(unsigned index) const {
        return ((limbs[index / 64] >> (index % 64)) & 1) != 0;
    }
    [[nodiscard]] constexpr unsigned bit_length() const {
        for (int i = 3; i >= 0; --i) {
            if (limbs[i] != 0) {
                return static_cast<unsigned>(64 * i) +
                       static_cast<unsigned>(std::bit_width(limbs[i]));
            }
        }
        return 0;
    }
    [[nodiscard]] constexpr unsigned byte_length() const { return (bit_length() + 7) / 8; }
    [[nodiscard]] constexpr bool is_negative() const { return (limbs[3] >> 63) != 0; }

    friend constexpr bool operator==(const u256& a, const u256& b) {
        return ((a.limbs[0] ^ b.limbs[0]) | (a.limbs[1] ^ b.limbs[1]) | (a.limbs[2] ^ b.limbs[2]) |
                (a.limbs[3] ^ b.limbs[3])) == 0;
    }
    friend constexpr std::strong_ordering operator<=>(const u256& a, const u256& b) {
        for (int i = 3; i > 0; --i) {
            if (a.limbs[i] != b.limbs[i]) {
                return a.limbs[i] <=> b.limbs[i];
            }
        }
        return a.limbs[0] <=> b.limbs[0];
    }
};

struct AddResult {
    u256 value;
    bool carry;
};

/// One limb of a difference; `borrow` is 0 or 1. Written so that compilers see a chain of sbb.
[[nodiscard]] constexpr uint64_t subtract_limb(uint64_t a, uint64_t b, uint64_t& borrow) {
    const uint64_t difference = a - b;
    const uint64_t result = difference - borrow;
    borrow = static_cast<uint64_t>(a < b) | static_cast<uint64_t>(difference < borrow);
    return result;
}

/// a + b with the carry out; a - b with the borrow out.
[[nodiscard]] constexpr AddResult add_with_carry(const u256& a, const u256& b) {
    AddResult result{};
    unsigned long long carry = 0;
    for (int i = 0; i < 4; ++i) {
        const uint128 sum = static_cast<uint128>(a.limbs[i]) + b.limbs[i] + carry;
        result.value.limbs[i] = static_cast<uint64_t>(sum);
        carry = static_cast<unsigned long long>(sum >> 64);
    }
    result.carry = carry != 0;
    return result;
}
[[nodiscard]] constexpr AddResult subtract_with_borrow(const u256& a, const u256& b) {
    AddResult result{};
    uint64_t borrow = 0;
    result.value.limbs[0] = subtract_limb(a.limbs[0], b.limbs[0], borrow);
    result.value.limbs[1] = subtract_limb(a.limbs[1], b.limbs[1], borrow);
    result.value.limbs[2] = subtract_limb(a.limbs[2], b.limbs[2], borrow);
    result.value.limbs[3] = subtract_limb(a.limbs[3], b.limbs[3], borrow);
    result.carry = borrow != 0;
    return result;
}

/// Without branches, unlike the three-way comparison: operands of contracts are not predictable.
[[nodiscard]] constexpr bool operator<(const u256& a, const u256& b) {
    return subtract_with_borrow(a, b).carry;
}
[[nodiscard]] constexpr bool operator>(const u256& a, const u256& b) { return b < a; }
[[nodiscard]] constexpr bool operator<=(const u256& a, const u256& b) { return !(b < a); }
[[nodiscard]] constexpr bool operator>=(const u256& a, const u256& b) { return !(a < b); }

[[nodiscard]] constexpr u256 operator+(const u256& a, const u256& b) {
    return add_with_carry(a, b).value;
}
[[nodiscard]] constexpr u256 operator-(const u256& a, const u256& b) {
    return subtract_with_borrow(a, b).value;
}
[[nodiscard]] constexpr u256 operator-(const u256& a) { return u256{} - a; }
[[nodiscard]] constexpr u256 operator~(const u256& a) {
    return {~a.limbs[0], ~a.limbs[1], ~a.limbs[2], ~a.limbs[3]};
}
[[nodiscard]] constexpr u256 operator&(const u256& a, const u256& b) {
    return {
        a.limbs[0] & b.limbs[0],
        a.limbs[1] & b.limbs[1],
        a.limbs[2] & b.limbs[2],
        a.limbs[3] & b.limbs[3]
    };
}
[[nodiscard]] constexpr u256 operator|(const u256& a, const u256& b) {
    return {
        a.limbs[0] | b.limbs[0],
        a.limbs[1] | b.limbs[1],
        a.limbs[2] | b.limbs[2],
        a.limbs[3] | b.limbs[3]
    };
}
[[nodiscard]] constexpr u256 operator^(const u256& a, const u256& b) {
    return {
        a.limbs[0] ^ b.limbs[0],
        a.limbs[1] ^ b.limbs[1],
        a.limbs[2] ^ b.limbs[2],
        a.limbs[3] ^ b.limbs[3]
    };
}

/// Product modulo 2^256.
[[nodiscard]] constexpr u256 operator*(const u256& a, const u256& b) {
    u256 result;
    for (int i = 0; i < 4; ++i) {
        uint64_t carry = 0;
        for (int j = 0; i + j < 4; ++j) {
            const uint128 t =
                static_cast<uint128>(a.limbs[i]) * b.limbs[j] + result.limbs[i + j] + carry;
            result.limbs[i + j] = static_cast<uint64_t>(t);
            carry = static_cast<uint64_t>(t >> 64);
        }
    }
    return result;
}

/// Whole limbs move by selection, two and then one, which compilers turn into conditional moves:
/// contracts shift by amounts that no branch predictor knows. The rest moves by bits, in two steps
/// since a shift by 64 is not defined.
[[nodiscard]] constexpr u256 operator<<(const u256& a, unsigned shift) {
    if (shift >= 256) {
        return {};
    }
    const bool by_two = (shift & 128) != 0;
    const u256 b{
        by_two ? 0 : a.limbs[0],
        by_two ? 0 : a.limbs[1],
        by_two ? a.limbs[0] : a.limbs[2],
        by_two ? a.limbs[1] : a.limbs[3]
    };
    const bool by_one = (shift & 64) != 0;
    const u256 c{
        by_one ? 0 : b.limbs[0],
        by_one ? b.limbs[0] : b.limbs[1],
        by_one ? b.limbs[1] : b.limbs[2],
        by_one ? b.limbs[2] : b.limbs[3]
    };
    const unsigned bits = shift % 64;
    const unsigned rest = 63 - bits;
    return {
        c.limbs[0] << bits,
        (c.limbs[1] << bits) | ((c.limbs[0] >> 1) >> rest),
        (c.limbs[2] << bits) | ((c.limbs[1] >> 1) >> rest),
        (c.limbs[3] << bits) | ((c.limbs[2] >> 1) >> rest)
    };
}
[[nodiscard]] constexpr u256 operator>>(const u256& a, unsigned shift) {
    if (shift >= 256) {
        return {};
    }
    const bool by_two = (shift & 128) != 0;
    const u256 b{
        by_two ? a.limbs[2] : a.limbs[0],
        by_two ? a.limbs[3] : a.limbs[1],
        by_two ? 0 : a.limbs[2],
        by_two ? 0 : a.limbs[3]
    };
    const bool by_one = (shift & 64) != 0;
    const u256 c{
        by_one ? b.limbs[1] : b.limbs[0],
        by_one ? b.limbs[2] : b.limbs[1],
        by_one ? b.limbs[3] : b.limbs[2],
        by_one ? 0 : b.limbs[3]
    };
    const unsigned bits = shift % 64;
    const unsigned rest = 63 - bits;
    return {
        (c.limbs[0] >> bits) | ((c.limbs[1] << 1) << rest),
        (c.limbs[1] >> bits) | ((c.limbs[2] << 1) << rest),
        (c.limbs[2] >> bits) | ((c.limbs[3] << 1) << rest),
        c.limbs[3] >> bits
    };
}

struct DivResult {
    u256 quotient;
    u256 remainder;
};

/// Unsigned division (Knuth D). A zero divisor gives zero and zero.
[[nodiscard]] DivResult divide(const u256& a, const u256& b);
[[nodiscard]] inline u256 operator/(const u256& a, const u256& b) { return divide(a, b).quotient; }
[[nodiscard]] inline u256 operator%(const u256& a, const u256& b) { return divide(a, b).remainder; }
/// Two's complement division, truncated towards zero (SDIV, SMOD).
[[nodiscard]] DivResult divide_signed(const u256& a, const u256& b);
/// (a + b) mod m and (a * b) mod m without overflow; zero when m is zero.
[[nodiscard]] u256 add_mod(const u256& a, const u256& b, const u256& m);
[[nodiscard]] u256 multiply_mod(const u256& a, const u256& b, const u256& m);
/// base^exponent modulo 2^256.
[[nodiscard]] u256 power(u256 base, u256 exponent);
/// SIGNEXTEND: extends the sign of the (index + 1)-byte number in `value`.
[[nodiscard]] u256 sign_extend(const u256& index, const u256& value);
/// SAR by `shift` bits; 256 and more fills with the sign.
[[nodiscard]] u256 shift_right_signed(const u256& value, const u256& shift);
/// The full 512-bit product is above 2^256.
[[nodiscard]] bool multiply_overflows(const u256& a, const u256& b);

constexpr u256& operator+=(u256& a, const u256& b) { return a = a + b; }
constexpr u256& operator-=(u256& a, const u256& b) { return a = a - b; }
constexpr u256& operator*=(u256& a, const u256& b) { return a = a * b; }

/// Zero-extended.
[[nodiscard]] constexpr u256 to_u256(const Address& address) {
    return u256::from_be(address.view());
}
[[nodiscard]] inline u256 to_u256(const Hash256& hash) { return u256::load_be(hash.data()); }

/// QUANTITY: "0x" and no leading zeros.
[[nodiscard]] std::string to_hex_quantity(const u256& value);
[[nodiscard]] std::string to_decimal(const u256& value);
/// "0x…" with 1 to 64 digits (leading zeros allowed), or decimal digits.
[[nodiscard]] Result<u256, HexError> u256_from_text(std::string_view text);

}  // namespace mega

// ::mega, because inside std the plain name finds std::mega, the ratio of 10^6.
template <>
struct std::hash<::mega::u256> {
    size_t operator()(const ::mega::u256& v) const noexcept {
        return ::mega::mix64(
            ::mega::mix64(v.limbs[0], v.limbs[1]), ::mega::mix64(v.limbs[2], v.limbs[3])
        );
    }
};
