#include "types/u256_modulus.hpp"

#include "base/seed_test.hpp"

#include <gtest/gtest.h>

#include <random>

namespace mega {
namespace {

constexpr int rounds = 20'000;

/// Limbs that like the edges (0, all ones, single bits), then a random number of leading zeros.
class Numbers {
  public:
    explicit Numbers(uint64_t seed) : random_(seed) {}

    u256 next() {
        u256 value;
        for (uint64_t& limb : value.limbs) {
            limb = next_limb();
        }
        return random_() % 2 == 0 ? value : value >> static_cast<unsigned>(random_() % 257);
    }
    uint64_t next_limb() {
        switch (random_() % 6) {
            case 0:
                return 0;
            case 1:
                return ~0ULL;
            case 2:
                return 1ULL << (random_() % 64);
            case 3:
                return 0 - (1ULL << (random_() % 64));
            default:
                return random_();
        }
    }

  private:
    std::mt19937_64 random_;
};

/// Numbers of 32-bit digits, least significant first: schoolbook arithmetic that shares nothing
/// with u256.
using Digits = std::vector<uint32_t>;

Digits digits_of(const u256& value) {
    Digits digits;
    for (const uint64_t limb : value.limbs) {
        digits.push_back(static_cast<uint32_t>(limb));
        digits.push_back(static_cast<uint32_t>(limb >> 32));
    }
    return digits;
}

u256 low_bits_of(const Digits& digits) {
    u256 value;
    for (size_t i = 0; i < 8 && i < digits.size(); ++i) {
        value.limbs[i / 2] |= static_cast<uint64_t>(digits[i]) << (32 * (i % 2));
    }
    return value;
}

Digits schoolbook_product(const Digits& a, const Digits& b) {
    Digits product(a.size() + b.size());
    for (size_t i = 0; i < a.size(); ++i) {
        uint64_t carry = 0;
        for (size_t j = 0; j < b.size(); ++j) {
            const uint64_t t = static_cast<uint64_t>(a[i]) * b[j] + product[i + j] + carry;
            product[i + j] = static_cast<uint32_t>(t);
            carry = t >> 32;
        }
        product[i + b.size()] = static_cast<uint32_t>(carry);
    }
    return product;
}

Digits schoolbook_sum(const Digits& a, const Digits& b) {
    Digits sum(std::max(a.size(), b.size()) + 1);
    uint64_t carry = 0;
    for (size_t i = 0; i < sum.size(); ++i) {
        carry += (i < a.size() ? a[i] : 0ULL) + (i < b.size() ? b[i] : 0ULL);
        sum[i] = static_cast<uint32_t>(carry);
        carry >>= 32;
    }
    return sum;
}

/// Division bit by bit: shift in a bit, subtract when it fits.
DivResult bitwise_division(const Digits& numerator, const u256& divisor) {
    DivResult result;
    for (size_t i = numerator.size() * 32; i-- > 0;) {
        const bool overflowed = result.remainder.bit(255);
        const uint64_t bit = (numerator[i / 32] >> (i % 32)) & 1;
        result.remainder = (result.remainder + result.remainder) | u256{bit};
        const bool fits = overflowed || result.remainder >= divisor;
        if (fits) {
            result.remainder -= divisor;
        }
        result.quotient = (result.quotient + result.quotient) | u256{fits ? 1U : 0U};
    }
    return result;
}

std::string show(const u256& a, const u256& b) {
    return to_hex_quantity(a) + " and " + to_hex_quantity(b);
}

}  // namespace

TEST(u256, product_equals_schoolbook) {
    Numbers numbers(test_seed());
    for (int i = 0; i < rounds; ++i) {
        const u256 a = numbers.next();
        const u256 b = numbers.next();
        const Digits product = schoolbook_product(digits_of(a), digits_of(b));
        ASSERT_EQ(a * b, low_bits_of(product)) << show(a, b);
        const bool overflows =
            std::any_of(product.begin() + 8, product.end(), [](uint32_t d) { return d != 0; });
        ASSERT_EQ(multiply_overflows(a, b), overflows) << show(a, b);
    }
}

TEST(u256, sum_and_difference_equal_schoolbook) {
    Numbers numbers(test_seed());
    for (int i = 0; i < rounds; ++i) {
        const u256 a = numbers.next();
        const u256 b = numbers.next();
        const Digits sum = schoolbook_sum(digits_of(a), digits_of(b));
        ASSERT_EQ(a + b, low_bits_of(sum)) << show(a, b);
        ASSERT_EQ(add_with_carry(a, b).carry, sum[8] != 0) << show(a, b);
        ASSERT_EQ((a - b) + b, a) << show(a, b);
        ASSERT_EQ(subtract_with_borrow(a, b).carry, a < b) << show(a, b);
    }
}

TEST(u256, quotient_and_remainder_equal_bitwise_division) {
    Numbers numbers(test_seed());
    for (int i = 0; i < rounds; ++i) {
        const u256 a = numbers.next();
        const u256 b = numbers.next();
        if (b.is_zero()) {
            continue;
        }
        const DivResult expected = bitwise_division(digits_of(a), b);
        const DivResult result = divide(a, b);
        ASSERT_EQ(result.quotient, expected.quotient) << show(a, b);
        ASSERT_EQ(result.remainder, expected.remainder) << show(a, b);
    }
}

// Numerators made as q * b + r with q near the limb's end reach the rare corrections of the
// quotient estimate.
TEST(u256, division_undoes_multiplication) {
    Numbers numbers(test_seed());
    for (int i = 0; i < rounds; ++i) {
        const u256 b = numbers.next();
        const u256 q = numbers.next();
        if (b.is_zero() || multiply_overflows(b, q)) {
            continue;
        }
        for (const u256& r : {u256{}, u256{1} % b, b - u256{1}}) {
            const AddResult a = add_with_carry(b * q, r);
            if (a.carry) {
                continue;
            }
            const DivResult result = divide(a.value, b);
            ASSERT_EQ(result.quotient, q) << show(a.value, b);
            ASSERT_EQ(result.remainder, r) << show(a.value, b);
        }
    }
}

TEST(u256, modular_sum_and_product_equal_bitwise_division) {
    Numbers numbers(test_seed());
    for (int i = 0; i < rounds / 2; ++i) {
        const u256 a = numbers.next();
        const u256 b = numbers.next();
        const u256 m = numbers.next();
        if (m.is_zero()) {
            continue;
        }
        const auto product = schoolbook_product(digits_of(a), digits_of(b));
        ASSERT_EQ(multiply_mod(a, b, m), bitwise_division(product, m).remainder)
            << show(a, b) << " mod " << to_hex_quantity(m);
        const auto sum = schoolbook_sum(digits_of(a), digits_of(b));
        ASSERT_EQ(add_mod(a, b, m), bitwise_division(sum, m).remainder)
            << show(a, b) << " mod " << to_hex_quantity(m);
    }
}

TEST(u256, modulus_agrees_with_the_plain_product) {
    Numbers numbers(test_seed());
    for (int i = 0; i < rounds; ++i) {
        const u256 m = numbers.next();
        if (m.is_zero()) {
            continue;
        }
        const Modulus modulus(m);
        for (int j = 0; j < 4; ++j) {
            const u256 a = j < 2 ? numbers.next() % m : numbers.next();
            const u256 b = j % 2 == 0 ? numbers.next() % m : numbers.next();
            ASSERT_EQ(modulus.multiply(a, b), multiply_mod(a, b, m))
                << show(a, b) << " mod " << to_hex_quantity(m);
        }
        const u256 most = m - u256{1};
        ASSERT_EQ(modulus.multiply(most, u256::max()), multiply_mod(most, u256::max(), m));
        ASSERT_EQ(modulus.multiply(most, most), multiply_mod(most, most, m));
    }
}

// Each modulus comes once, twice and more often, and comes back.
TEST(u256, modulus_cache_agrees_with_the_plain_product) {
    Numbers numbers(test_seed());
    ModulusCache cache;
    const u256 first = numbers.next();
    const u256 moduli[] = {first, u256{}, u256{1}, u256{2}, u256::max(), numbers.next()};
    for (int i = 0; i < rounds; ++i) {
        const u256& m = moduli[(i / 3 + i / 7) % 6];
        const u256 a = numbers.next();
        const u256 b = numbers.next();
        ASSERT_EQ(cache.multiply(a, b, m), multiply_mod(a, b, m))
            << show(a, b) << " mod " << to_hex_quantity(m);
    }
    EXPECT_EQ(cache.multiply(u256::max(), u256::max(), u256::max()), u256{});
    EXPECT_EQ(cache.multiply(u256::max() - u256{1}, u256::max() - u256{1}, u256::max()), u256{1});
}

TEST(u256, division_by_powers_of_two_and_by_one_limb_equals_bitwise_division) {
    Numbers numbers(test_seed());
    for (unsigned shift = 0; shift < 256; ++shift) {
        const u256 a = numbers.next();
        for (const u256& b : {u256{1} << shift, numbers.next() & u256{~0ULL}}) {
            if (b.is_zero()) {
                continue;
            }
            const DivResult expected = bitwise_division(digits_of(a >> (shift / 2)), b);
            const DivResult result = divide(a >> (shift / 2), b);
            ASSERT_EQ(result.quotient, expected.quotient) << show(a, b);
            ASSERT_EQ(result.remainder, expected.remainder) << show(a, b);
        }
    }
}

TEST(u256, division_by_zero_gives_zero) {
    const u256 a = u256::max();
    EXPECT_EQ(divide(a, 0).quotient, u256{});
    EXPECT_EQ(divide(a, 0).remainder, u256{});
    EXPECT_EQ(divide(5, 0).remainder, u256{});
    EXPECT_EQ(divide_signed(a, 0).quotient, u256{});
    EXPECT_EQ(divide_signed(a, 0).remainder, u256{});
    EXPECT_EQ(add_mod(a, a, 0), u256{});
    EXPECT_EQ(multiply_mod(a, a, 0), u256{});
}

TEST(u256, signed_division_truncates_towards_zero) {
    const u256 minus_seven = -u256{7};
    EXPECT_EQ(divide_signed(minus_seven, 2).quotient, -u256{3});
    EXPECT_EQ(divide_signed(minus_seven, 2).remainder, -u256{1});
    EXPECT_EQ(divide_signed(7, -u256{2}).quotient, -u256{3});
    EXPECT_EQ(divide_signed(7, -u256{2}).remainder, u256{1});
    const u256 smallest = u256{1} << 255;
    EXPECT_EQ(divide_signed(smallest, u256::max()).quotient, smallest);
    EXPECT_EQ(divide_signed(smallest, u256::max()).remainder, u256{});
}

TEST(u256, power_equals_repeated_multiplication) {
    Numbers numbers(test_seed());
    for (int i = 0; i < 200; ++i) {
        const u256 base = i % 3 == 0 ? u256{2} : numbers.next();
        u256 expected{1};
        for (uint64_t exponent = 0; exponent < 300; ++exponent) {
            ASSERT_EQ(power(base, exponent), expected) << show(base, exponent);
            expected *= base;
        }
    }
}

// x^(a + b) = x^a * x^b, for exponents too long to count to.
TEST(u256, power_adds_exponents) {
    Numbers numbers(test_seed());
    for (int i = 0; i < 1000; ++i) {
        const u256 base = numbers.next();
        const u256 a = numbers.next() >> 1;
        const u256 b = numbers.next() >> 1;
        ASSERT_EQ(power(base, a + b), power(base, a) * power(base, b)) << show(a, b);
    }
}

TEST(u256, shifts_equal_multiplication_and_division_by_powers_of_two) {
    Numbers numbers(test_seed());
    for (int i = 0; i < 50; ++i) {
        const u256 a = numbers.next();
        u256 two_to_shift{1};
        for (unsigned shift = 0; shift < 256; ++shift) {
            ASSERT_EQ(a << shift, a * two_to_shift) << show(a, shift);
            ASSERT_EQ(a >> shift, bitwise_division(digits_of(a), two_to_shift).quotient)
                << show(a, shift);
            two_to_shift += two_to_shift;
        }
        for (const unsigned shift : {256U, 257U, 320U, ~0U}) {
            ASSERT_EQ(a << shift, u256{});
            ASSERT_EQ(a >> shift, u256{});
        }
    }
}

TEST(u256, signed_shift_fills_with_the_sign) {
    const u256 negative = u256{1} << 255;
    EXPECT_EQ(shift_right_signed(negative, 0), negative);
    EXPECT_EQ(shift_right_signed(negative, 1), u256{3} << 254);
    EXPECT_EQ(shift_right_signed(negative, 255), u256::max());
    EXPECT_EQ(shift_right_signed(negative, 256), u256::max());
    EXPECT_EQ(shift_right_signed(negative, u256::max()), u256::max());
    EXPECT_EQ(shift_right_signed(u256{8}, 2), u256{2});
    EXPECT_EQ(shift_right_signed(u256{8}, u256::max()), u256{});
}

TEST(u256, sign_extends_from_the_named_byte) {
    EXPECT_EQ(sign_extend(0, 0xff), u256::max());
    EXPECT_EQ(sign_extend(0, 0x7f), u256{0x7f});
    EXPECT_EQ(sign_extend(0, 0x1234), u256{0x34});
    EXPECT_EQ(sign_extend(1, 0x8000), -u256{0x8000});
    const u256 value{1, 2, 3, ~0ULL};
    EXPECT_EQ(sign_extend(30, value), u256(1, 2, 3, ~0ULL));
    EXPECT_EQ(sign_extend(31, value), value);
    EXPECT_EQ(sign_extend(u256::max(), value), value);
}

TEST(u256, bytes_round_trip_big_endian) {
    Numbers numbers(test_seed());
    for (int i = 0; i < 1000; ++i) {
        const u256 a = numbers.next();
        const Hash256 bytes = a.to_hash();
        ASSERT_EQ(u256::load_be(bytes.data()), a);
        ASSERT_EQ(u256::from_be(bytes), a);
        ASSERT_EQ(u256::from_be(bytes.view().last(a.byte_length())), a);
    }
    EXPECT_EQ(u256{0x0102}.to_hash()[30], 1);
    EXPECT_EQ(u256{0x0102}.to_hash()[31], 2);
    EXPECT_EQ(u256::from_be({}), u256{});
}

TEST(u256, lengths_count_from_the_top_set_bit) {
    EXPECT_EQ(u256{}.bit_length(), 0U);
    EXPECT_EQ(u256{}.byte_length(), 0U);
    EXPECT_EQ(u256{255}.byte_length(), 1U);
    EXPECT_EQ(u256{256}.byte_length(), 2U);
    EXPECT_EQ(u256::max().bit_length(), 256U);
}

TEST(u256, orders_by_the_most_significant_limb) {
    EXPECT_LT(u256(~0ULL, 0, 0, 0), u256(0, 1, 0, 0));
    EXPECT_LT(u256(~0ULL, ~0ULL, ~0ULL, 0), u256(0, 0, 0, 1));
    EXPECT_GT(u256(1, 0, 0, 1), u256(0, ~0ULL, ~0ULL, 0));
}

TEST(u256, text_round_trips) {
    Numbers numbers(test_seed());
    for (int i = 0; i < 1000; ++i) {
        const u256 a = numbers.next();
        ASSERT_EQ(*u256_from_text(to_hex_quantity(a)), a);
        ASSERT_EQ(*u256_from_text(to_decimal(a)), a);
    }
    EXPECT_EQ(to_hex_quantity(u256{}), "0x0");
    EXPECT_EQ(to_hex_quantity(u256{0x0abc}), "0xabc");
    EXPECT_EQ(to_decimal(u256{}), "0");
    EXPECT_EQ(to_decimal(u256{0, 1, 0, 0}), "18446744073709551616");
    EXPECT_EQ(
        to_decimal(u256::max()),
        "115792089237316195423570985008687907853269984665640564039457584007913129639935"
    );
}

TEST(u256, text_names_what_is_wrong) {
    EXPECT_EQ(*u256_from_text("0x0001"), u256{1});
    EXPECT_EQ(u256_from_text("").error(), HexError::wrong_length);
    EXPECT_EQ(u256_from_text("0x").error(), HexError::wrong_length);
    EXPECT_EQ(u256_from_text("0x" + std::string(65, '0')).error(), HexError::wrong_length);
    EXPECT_EQ(u256_from_text("0xg").error(), HexError::bad_digit);
    EXPECT_EQ(u256_from_text("0x ").error(), HexError::bad_digit);
    EXPECT_EQ(u256_from_text("-1").error(), HexError::bad_digit);
    EXPECT_EQ(u256_from_text("12a").error(), HexError::bad_digit);
    EXPECT_EQ(u256_from_text(std::string(79, '0')).error(), HexError::wrong_length);
    // 2^256, one above the largest.
    EXPECT_EQ(
        u256_from_text(
            "115792089237316195423570985008687907853269984665640564039457584007913129639936"
        )
            .error(),
        HexError::wrong_length
    );
    EXPECT_EQ(u256_from_text(std::string(78, '9')).error(), HexError::wrong_length);
}

}  // namespace mega
