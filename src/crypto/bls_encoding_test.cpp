#include "crypto/bls_encoding.hpp"

#include "base/hex.hpp"

#include <gtest/gtest.h>

namespace mega::crypto::bls {
namespace {

// Key 0 of contracts/test/fixtures/bls.json, which the contracts verify.
const WideKey wide_key = *fixed_from_hex<128>(
    "0x000000000000000000000000000000000467165ef785e46373f3669fc1154f5869335d0b6eb84df2ec69f5"
    "6fcb08fb2e204986a1ab683b34e92bb1c7ef257dee00000000000000000000000000000000031e6a12c147b9"
    "4ee2088bf5ac0b78f199d1f4852ce5e24d5af5bf5748b0f8edd91544509783845ab382c8bd02a62de9"
);
const PublicKey narrow_key = *fixed_from_hex<48>(
    "0x8467165ef785e46373f3669fc1154f5869335d0b6eb84df2ec69f56fcb08fb2e204986a1ab683b34e92bb1"
    "c7ef257dee"
);
const SecretKey secret =
    *fixed_from_hex<32>("0x2b0a009ffc1d20f54a976a173fc52433df21488813e8884230a76fb5d3d98b1d");

TEST(bls_encoding, widens_and_compresses_keys) {
    EXPECT_EQ(*public_key_of(secret), narrow_key);
    EXPECT_EQ(*widen(narrow_key), wide_key);
    EXPECT_EQ(*compress(wide_key), narrow_key);
}

TEST(bls_encoding, widens_signatures_as_the_contracts_verify_them) {
    const auto message = *from_hex(
        "0x6d656761206174746573746174696f6e00000000000018c6000000000000004d496aca80e4d8f29fb8e8cd"
        "816c3afb48d3f103970b3a2ee1600c08ca67326dee4ba69735ca53765ed6a709edb56c6ea236b7193a3b29a6"
        "b390c346f0f4340e4e"
    );
    const auto expected = *fixed_from_hex<256>(
        "0x000000000000000000000000000000000bf8fbca34fcbe611fc4e59eb8c87fff6ea50aaef469bbf63e4ca0"
        "bb0566be8aead4f7266d24432653cab900d551f23c0000000000000000000000000000000004962b35571ec5"
        "09146dd767567fc3ebafc84f9492bc9819260f36d1ea768c1b08cfd625e8777cd4cc89c18a58c91c17000000"
        "0000000000000000000000000013bcb8cac26ee9fe2bdd4bbaf47ef1ef1ab2931fd886500d0f9af5c751097e"
        "25aa0d16dd0fdede9f05fcd0dd9a16e8bb00000000000000000000000000000000013c17a62f34457407b62a"
        "07b2bd0be8ca54443d62ef7a89735e8df3f196d187302e96ac2a28e2f16d521a983434c778"
    );
    EXPECT_EQ(*widen(*sign(message, secret)), expected);
}

TEST(bls_encoding, refuses_what_is_no_key) {
    EXPECT_FALSE(compress(WideKey{}));  // infinity
    for (const size_t at : {0U, 15U, 16U, 40U, 64U, 80U, 127U}) {
        WideKey broken = wide_key;
        broken[at] ^= 0x80;
        EXPECT_FALSE(compress(broken)) << at;
    }
    PublicKey off_curve = narrow_key;
    off_curve[47] ^= 1;
    const auto widened = widen(off_curve);
    EXPECT_TRUE(!widened || *widened != wide_key);
    EXPECT_FALSE(widen(PublicKey{}));
    EXPECT_FALSE(widen(Signature{}));
}

}  // namespace
}  // namespace mega::crypto::bls
