#include "crypto/bls_signature.hpp"

#include "base/hex.hpp"

#include <gtest/gtest.h>

namespace mega::crypto::bls {
namespace {

SecretKey key(uint8_t number) {
    const Bytes seed(32, number);
    return *derive_key(seed);
}

const Bytes message = to_bytes(as_bytes("block 7 has this root"));

// The consensus specification's own vector (bls/sign).
TEST(bls_signature, signs_as_the_consensus_layer_does) {
    const auto secret =
        *fixed_from_hex<32>("0x263dbd792f5b1be47ed85f8938c0f29586af0d3ac7b977f21c278fe1462040e3");
    const Bytes zeros(32, 0);
    EXPECT_EQ(
        to_hex(*public_key_of(secret)),
        "0xa491d1b0ecd9bb917989f0e74f0dea0422eac4a873e5e2644f368dffb9a6e20fd6e10c1b77654d067c0618f6"
        "e5a7f79a"
    );
    EXPECT_EQ(
        to_hex(*sign(zeros, secret)),
        "0xb6ed936746e01f8ecf281f020953fbf1f01debd5657c4a383940b020b26507f6076334f91e2366c96e9ab279"
        "fb5158090352ea1c5b0c9274504f4f0e7053af24802e51e4568d164fe986834f41e55c8e850ce1f98458c0cfc9"
        "ab380b55285a55"
    );
}

TEST(bls_signature, holds_for_its_message_and_key_alone) {
    const Signature signature = *sign(message, key(1));
    EXPECT_TRUE(verify(*public_key_of(key(1)), message, signature));
    EXPECT_FALSE(verify(*public_key_of(key(2)), message, signature));
    Bytes other = message;
    other[3] ^= 1;
    EXPECT_FALSE(verify(*public_key_of(key(1)), other, signature));
    for (size_t i = 0; i < signature.size(); i += 5) {
        Signature broken = signature;
        broken[i] ^= 1;
        EXPECT_FALSE(verify(*public_key_of(key(1)), message, broken)) << i;
    }
}

TEST(bls_signature, signatures_of_one_message_add_up) {
    const std::array signatures{
        *sign(message, key(1)), *sign(message, key(2)), *sign(message, key(3))
    };
    const std::array keys{*public_key_of(key(1)), *public_key_of(key(2)), *public_key_of(key(3))};
    const Signature sum = *aggregate(signatures);
    EXPECT_TRUE(verify_aggregate(keys, message, sum));
    EXPECT_FALSE(verify_aggregate(std::span(keys).first(2), message, sum));
    EXPECT_FALSE(verify_aggregate(keys, message, *aggregate(std::span(signatures).first(2))));
    EXPECT_FALSE(verify_aggregate({}, message, sum));
    EXPECT_FALSE(aggregate({}).has_value());
}

TEST(bls_signature, possession_is_proven_apart_from_signing) {
    const PublicKey own = *public_key_of(key(1));
    const Signature proof = *prove_possession(key(1));
    EXPECT_TRUE(verify_possession(own, proof));
    EXPECT_FALSE(verify_possession(*public_key_of(key(2)), proof));
    EXPECT_FALSE(verify_possession(own, *sign(own.view(), key(1))));
}

TEST(bls_signature, what_is_no_key_is_refused) {
    EXPECT_FALSE(public_key_of(SecretKey{}).has_value());
    SecretKey too_large;
    too_large.bytes.fill(0xff);
    EXPECT_FALSE(public_key_of(too_large).has_value());
    EXPECT_FALSE(sign(message, SecretKey{}).has_value());
    EXPECT_FALSE(derive_key(Bytes(31, 1)).has_value());
    // The key at infinity would hold for the signature at infinity, whatever the message.
    PublicKey infinity{};
    infinity[0] = 0xc0;
    Signature nothing{};
    nothing[0] = 0xc0;
    EXPECT_FALSE(verify(infinity, message, nothing));
    const std::array keys{infinity};
    EXPECT_FALSE(verify_aggregate(keys, message, nothing));
}

}  // namespace
}  // namespace mega::crypto::bls
