#pragma once

// Web3 secret storage, version 3: the encrypted key files that geth and wallets write (scrypt or
// pbkdf2, aes-128-ctr).

#include "base/result.hpp"
#include "crypto/secp256k1.hpp"

#include <string>
#include <string_view>

namespace mega::node {

/// Fails with words on malformed files, unsupported ciphers, costs beyond what a node should spend,
/// or a wrong password.
[[nodiscard]] Result<crypto::SecretKey> decrypt_keystore(
    std::string_view json, std::string_view password
);

/// `salt`, `iv` and `id` are the caller's randomness.
struct KeystoreRandomness {
    Hash256 salt;
    FixedBytes<16> iv;
    FixedBytes<16> id;
};
[[nodiscard]] std::string encrypt_keystore(
    const crypto::SecretKey& key, std::string_view password, const KeystoreRandomness& randomness
);

}  // namespace mega::node
