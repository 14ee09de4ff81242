#include "crypto/modexp.hpp"

#include <gtest/gtest.h>

namespace mega::crypto {

TEST(modexp, raises_small_numbers) {
    EXPECT_EQ(modexp(Bytes{3}, Bytes{5}, Bytes{100}), Bytes{43});
    EXPECT_EQ(modexp(Bytes{3}, Bytes{5}, Bytes({0, 0, 100})), Bytes({0, 0, 43}));
    EXPECT_EQ(modexp(Bytes({1, 0}), Bytes{2}, Bytes({0, 0xff, 0xff})), Bytes({0, 0, 1}));
}

TEST(modexp, gives_zero_for_modulus_zero_and_one) {
    EXPECT_EQ(modexp(Bytes{3}, Bytes{5}, Bytes({0, 0})), Bytes({0, 0}));
    EXPECT_EQ(modexp(Bytes{3}, Bytes{5}, Bytes({0, 1})), Bytes({0, 0}));
    EXPECT_EQ(modexp({}, {}, Bytes{1}), Bytes{0});
}

TEST(modexp, takes_anything_to_the_power_zero_as_one) {
    EXPECT_EQ(modexp({}, {}, Bytes{7}), Bytes{1});
    EXPECT_EQ(modexp(Bytes{0}, Bytes{0, 0}, Bytes{7}), Bytes{1});
    EXPECT_EQ(modexp(Bytes{9}, {}, Bytes{7}), Bytes{1});
}

TEST(modexp, takes_an_empty_base_as_zero) { EXPECT_EQ(modexp({}, Bytes{5}, Bytes{7}), Bytes{0}); }

TEST(modexp, gives_nothing_for_an_empty_modulus) {
    EXPECT_EQ(modexp(Bytes{3}, Bytes{5}, {}), Bytes{});
}

TEST(modexp, accepts_even_moduli) {
    EXPECT_EQ(modexp(Bytes{3}, Bytes{4}, Bytes{64}), Bytes{17});
    EXPECT_EQ(modexp(Bytes{2}, Bytes{6}, Bytes{64}), Bytes{0});
}

// Small exponents go another way than large ones; operands end anywhere within a limb.
TEST(modexp, powers_follow_from_each_other) {
    for (size_t size = 1; size <= 40; ++size) {
        Bytes base(size + 3);
        Bytes modulus(size);
        for (size_t i = 0; i < base.size(); ++i) {
            base[i] = static_cast<uint8_t>(37 * i + 11 * size + 1);
        }
        for (size_t i = 0; i < size; ++i) {
            modulus[i] = static_cast<uint8_t>(29 * i + 7 * size + 3);
        }
        for (uint8_t exponent = 1; exponent < 40; ++exponent) {
            // base^(2e) is the square of base^e.
            const Bytes power = modexp(base, Bytes{exponent}, modulus);
            const Bytes twice = modexp(base, Bytes{static_cast<uint8_t>(2 * exponent)}, modulus);
            EXPECT_EQ(modexp(power, Bytes{2}, modulus), twice) << size << " " << int{exponent};
            EXPECT_EQ(modexp(base, Bytes{0, 0, exponent}, modulus), power);
        }
    }
}

}  // namespace mega::crypto
