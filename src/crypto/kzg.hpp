#pragma once

// KZG point evaluation behind precompile 0x0a (EIP-4844), over blst with the mainnet trusted
// setup's tau*G2.

#include "base/bytes.hpp"

namespace mega::crypto::kzg {

/// True when `proof` shows that the polynomial committed to evaluates to y at z. False for
/// malformed input, too.
[[nodiscard]] bool verify_proof(
    const FixedBytes<48>& commitment,
    const Hash256& z,
    const Hash256& y,
    const FixedBytes<48>& proof
);

/// 0x01 ‖ sha256(commitment)[1:].
[[nodiscard]] Hash256 versioned_hash(const FixedBytes<48>& commitment);

}  // namespace mega::crypto::kzg
