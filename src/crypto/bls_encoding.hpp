#pragma once

// Keys and signatures of BLS12-381 as the precompiles of EIP-2537, and so contracts, have them:
// uncompressed, a field element as 16 zero bytes and 48 big endian (G1: 128 bytes, G2: 256). What
// travels between nodes is compressed (crypto/bls_signature.hpp).

#include "crypto/bls_signature.hpp"

namespace mega::crypto::bls {

using WideKey = FixedBytes<128>;
using WideSignature = FixedBytes<256>;

/// Nothing when it is no point of the group.
[[nodiscard]] std::optional<WideKey> widen(const PublicKey& key);
[[nodiscard]] std::optional<WideSignature> widen(const Signature& signature);
/// Nothing when it is malformed, no point of the group, or the key at infinity.
[[nodiscard]] std::optional<PublicKey> compress(const WideKey& key);

}  // namespace mega::crypto::bls
