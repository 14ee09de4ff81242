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

}  // namespace mega::crypto
