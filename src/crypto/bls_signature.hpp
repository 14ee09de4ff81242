#pragma once

// BLS signatures over BLS12-381, over blst: public keys in G1 (48 bytes), signatures in G2 (96),
// the scheme with proofs of possession of draft-irtf-cfrg-bls-signature, which is Ethereum's
// consensus layer's. Signatures of one message by many keys add up to one that is checked at the
// price of one.
//
// Keys that are added up must have proven their possession before: otherwise one of them may be
// made to cancel out the others.

#include "base/bytes.hpp"

#include <optional>
#include <span>

namespace mega::crypto::bls {

using SecretKey = FixedBytes<32>;  // big endian, between 0 and the group's order
using PublicKey = FixedBytes<48>;  // compressed
using Signature = FixedBytes<96>;  // compressed

/// HKDF of the draft. The seed has at least 32 secret bytes.
[[nodiscard]] std::optional<SecretKey> derive_key(BytesView seed);
/// Nothing when the key is zero or not below the order.
[[nodiscard]] std::optional<PublicKey> public_key_of(const SecretKey& key);
[[nodiscard]] std::optional<Signature> sign(BytesView message, const SecretKey& key);
/// Points off the curve, out of the group, and the key at infinity are refused.
[[nodiscard]] bool verify(const PublicKey& key, BytesView message, const Signature& signature);

/// Nothing when there is none, or one is no point of the group.
[[nodiscard]] std::optional<Signature> aggregate(std::span<const Signature> signatures);
/// That each of these keys signed this message. False for no keys.
[[nodiscard]] bool verify_aggregate(
    std::span<const PublicKey> keys, BytesView message, const Signature& signature
);

[[nodiscard]] std::optional<Signature> prove_possession(const SecretKey& key);
[[nodiscard]] bool verify_possession(const PublicKey& key, const Signature& proof);

}  // namespace mega::crypto::bls
