#pragma once

// ECDSA over secp256k1: signing, and recovery of the signer's address (Yellow Paper appendix F).

#include "base/bytes.hpp"
#include "base/result.hpp"

#include <optional>

namespace mega::crypto {

using SecretKey = Hash256;
using PublicKey = FixedBytes<64>;  // x ‖ y, big endian, without the 0x04 prefix

/// r and s big endian; y_parity is 0 or 1.
struct Signature {
    Hash256 r;
    Hash256 s;
    uint8_t y_parity = 0;
    friend bool operator==(const Signature&, const Signature&) = default;
};

/// True when 0 < r < n and 0 < s <= n/2 (EIP-2): what a transaction's signature must satisfy.
[[nodiscard]] bool is_low_s(const Signature& signature);

/// The key that signed `digest`, or nothing when r, s or the point is out of range. High s is
/// accepted (ECRECOVER does); callers that must refuse it ask is_low_s first.
[[nodiscard]] std::optional<PublicKey> recover_public_key(
    const Hash256& digest, const Signature& signature
);
[[nodiscard]] std::optional<Address> recover_address(
    const Hash256& digest, const Signature& signature
);

/// Deterministic (RFC 6979), low s. Nothing when the key is 0 or >= n.
[[nodiscard]] std::optional<Signature> sign(const Hash256& digest, const SecretKey& key);
[[nodiscard]] std::optional<PublicKey> public_key_of(const SecretKey& key);

[[nodiscard]] Address address_of(const PublicKey& key);
[[nodiscard]] std::optional<Address> address_of(const SecretKey& key);

}  // namespace mega::crypto
