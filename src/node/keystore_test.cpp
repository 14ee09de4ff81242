#include "node/keystore.hpp"

#include "base/hex.hpp"

#include <gtest/gtest.h>

namespace mega::node {
namespace {

// The two test vectors of the Web3 Secret Storage definition; the password of both is
// "testpassword".
constexpr std::string_view pbkdf2_vector = R"({
    "crypto": {"cipher": "aes-128-ctr", "cipherparams": {"iv": "6087dab2f9fdbbfaddc31a909735c1e6"},
    "ciphertext": "5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46", "kdf": "pbkdf2",
    "kdfparams": {"c": 262144, "dklen": 32, "prf": "hmac-sha256",
    "salt": "ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd"},
    "mac": "517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2"},
    "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6", "version": 3})";
constexpr std::string_view vector_key =
    "0x7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d";

}  // namespace

TEST(keystore, decrypts_the_pbkdf2_vector) {
    const auto key = decrypt_keystore(pbkdf2_vector, "testpassword");
    ASSERT_TRUE(key.has_value()) << key.error().message;
    EXPECT_EQ(to_hex(*key), vector_key);
}

TEST(keystore, wrong_password_is_named) {
    EXPECT_EQ(
        decrypt_keystore(pbkdf2_vector, "testpasswore").error().message, "keystore: wrong password"
    );
}

TEST(keystore, what_it_encrypts_it_decrypts) {
    const crypto::SecretKey key = *fixed_from_hex<32>(vector_key);
    KeystoreRandomness randomness;
    randomness.salt.bytes.fill(7);
    randomness.iv.bytes.fill(8);
    const std::string file = encrypt_keystore(key, "secret", randomness);
    EXPECT_EQ(*decrypt_keystore(file, "secret"), key);
    EXPECT_FALSE(decrypt_keystore(file, "Secret").has_value());
}

TEST(keystore, refuses_what_costs_too_much_or_is_malformed) {
    EXPECT_FALSE(decrypt_keystore("[]", "").has_value());
    EXPECT_FALSE(decrypt_keystore("{\"version\":3}", "").has_value());
    std::string costly(pbkdf2_vector);
    costly.replace(costly.find("262144"), 6, "99999999999");
    EXPECT_FALSE(decrypt_keystore(costly, "testpassword").has_value());
}

}  // namespace mega::node
