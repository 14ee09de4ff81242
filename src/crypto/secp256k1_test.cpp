#include "crypto/secp256k1.hpp"

#include "crypto/keccak.hpp"
#include "crypto/numbers_test.hpp"

#include <gtest/gtest.h>

#include <random>

namespace mega::crypto {
namespace {

const Hash256 order = hash256("0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");
const Hash256 half = hash256("0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0");
const Hash256 one = hash256("0x0000000000000000000000000000000000000000000000000000000000000001");
const SecretKey dev_key =
    hash256("0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80");

Hash256 next(Hash256 value) {
    ++value[31];
    return value;
}

}  // namespace

TEST(secp256k1, knows_the_first_dev_account) {
    EXPECT_EQ(to_hex(*address_of(dev_key)), "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266");
}

TEST(secp256k1, recovers_what_was_signed) {
    const uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    for (int repeat = 0; repeat < 50; ++repeat) {
        const uint64_t numbers[2] = {random(), random()};
        const auto* raw = reinterpret_cast<const uint8_t*>(numbers);
        const Hash256 digest = keccak256({raw, 8});
        const SecretKey key = keccak256({raw + 8, 8});
        const auto signature = sign(digest, key);
        ASSERT_TRUE(signature);
        EXPECT_TRUE(is_low_s(*signature));
        EXPECT_EQ(recover_public_key(digest, *signature), public_key_of(key));
        EXPECT_EQ(recover_address(digest, *signature), address_of(key));
        EXPECT_NE(recover_address(key, *signature), address_of(key));
    }
}

TEST(secp256k1, signs_deterministically) {
    EXPECT_EQ(sign(one, dev_key), sign(one, dev_key));
    EXPECT_NE(sign(one, dev_key), sign(half, dev_key));
}

TEST(secp256k1, recovery_accepts_high_s_which_is_low_s_refuses) {
    const Signature low = *sign(one, dev_key);
    const Signature high{
        .r = low.r,
        .s = subtract(order, low.s),
        .y_parity = static_cast<uint8_t>(1 - low.y_parity),
    };
    EXPECT_FALSE(is_low_s(high));
    EXPECT_EQ(recover_address(one, high), address_of(dev_key));
}

TEST(secp256k1, low_s_ends_at_half_the_order) {
    EXPECT_TRUE(is_low_s({.r = one, .s = half}));
    EXPECT_FALSE(is_low_s({.r = one, .s = next(half)}));
    EXPECT_FALSE(is_low_s({.r = one, .s = Hash256{}}));
    EXPECT_FALSE(is_low_s({.r = Hash256{}, .s = one}));
    EXPECT_TRUE(is_low_s({.r = subtract(order, one), .s = one}));
    EXPECT_FALSE(is_low_s({.r = order, .s = one}));
}

TEST(secp256k1, recovery_refuses_values_out_of_range) {
    const Signature good = *sign(one, dev_key);
    const auto with = [&](Hash256 r, Hash256 s, uint8_t y_parity) {
        return recover_public_key(one, {.r = r, .s = s, .y_parity = y_parity});
    };
    ASSERT_TRUE(with(good.r, good.s, good.y_parity));
    EXPECT_FALSE(with(Hash256{}, good.s, 0));
    EXPECT_FALSE(with(good.r, Hash256{}, 0));
    EXPECT_FALSE(with(order, good.s, 0));
    EXPECT_FALSE(with(good.r, order, 0));
    EXPECT_FALSE(with(good.r, good.s, 2));
    EXPECT_FALSE(with(good.r, good.s, 27));
    // x = 5 is on no point: 5^3 + 7 is not a square.
    Hash256 five;
    five[31] = 5;
    EXPECT_FALSE(with(five, good.s, 0));
}

TEST(secp256k1, recovery_refuses_the_point_at_infinity) {
    // With R = G, s = 1 and digest = 1 the key is (s R - digest G) / r, which is nothing.
    const Hash256 generator_x =
        hash256("0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798");
    EXPECT_FALSE(recover_public_key(one, {.r = generator_x, .s = one, .y_parity = 0}));
    EXPECT_TRUE(recover_public_key(one, {.r = generator_x, .s = one, .y_parity = 1}));
}

TEST(secp256k1, refuses_secret_keys_out_of_range) {
    for (const SecretKey& key : {Hash256{}, order, next(order)}) {
        EXPECT_FALSE(sign(one, key));
        EXPECT_FALSE(public_key_of(key));
        EXPECT_FALSE(address_of(key));
    }
    EXPECT_TRUE(sign(one, subtract(order, one)));
}

}  // namespace mega::crypto
