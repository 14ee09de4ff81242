#include "crypto/p256.hpp"

#include "crypto/numbers_test.hpp"

#include <gtest/gtest.h>

namespace mega::crypto::p256 {
namespace {

const Hash256 zero{};
const Hash256 prime = hash256("0xffffffff00000001000000000000000000000000ffffffffffffffffffffffff");
const Hash256 order = hash256("0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
const Hash256 gx = hash256("0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296");
const Hash256 gy = hash256("0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5");

}  // namespace

// The key is G (secret 1) and the nonce 1, so r = gx and s = digest + r.
TEST(p256, accepts_a_right_signature) { EXPECT_TRUE(verify(zero, gx, gx, gx, gy)); }

TEST(p256, accepts_high_and_low_s) { EXPECT_TRUE(verify(zero, gx, subtract(order, gx), gx, gy)); }

TEST(p256, reduces_a_digest_above_the_order) { EXPECT_TRUE(verify(order, gx, gx, gx, gy)); }

TEST(p256, refuses_a_wrong_digest_or_signature_or_key) {
    EXPECT_FALSE(verify(gy, gx, gx, gx, gy));
    EXPECT_FALSE(verify(zero, gy, gx, gx, gy));
    EXPECT_FALSE(verify(zero, gx, gy, gx, gy));
    EXPECT_FALSE(verify(gx, gx, gx, gx, subtract(prime, gy)));
}

TEST(p256, refuses_scalars_out_of_range) {
    EXPECT_FALSE(verify(zero, zero, gx, gx, gy));
    EXPECT_FALSE(verify(zero, gx, zero, gx, gy));
    EXPECT_FALSE(verify(zero, order, gx, gx, gy));
    EXPECT_FALSE(verify(zero, gx, order, gx, gy));
}

TEST(p256, refuses_keys_that_are_no_points) {
    EXPECT_FALSE(verify(zero, gx, gx, zero, zero));
    EXPECT_FALSE(verify(zero, gx, gx, gy, gx));
    EXPECT_FALSE(verify(zero, gx, gx, prime, gy));
    EXPECT_FALSE(verify(zero, gx, gx, gx, prime));
}

TEST(p256, refuses_a_signature_that_leads_to_infinity) {
    EXPECT_FALSE(verify(subtract(order, gx), gx, gx, gx, gy));
}

}  // namespace mega::crypto::p256
