#include "crypto/provider.hpp"
#include "system_crypto/secp256k1_point.hpp"

#include <secp256k1_recovery.h>

#include <algorithm>

namespace mega::crypto::provider {

std::optional<FixedBytes<64>> recover_secp256k1(
    const Hash256& digest, const Hash256& r, const Hash256& s, uint8_t y_parity
) {
    if (y_parity > 1) {
        return std::nullopt;
    }
    std::array<uint8_t, 64> compact{};
    std::copy_n(r.data(), 32, compact.data());
    std::copy_n(s.data(), 32, compact.data() + 32);
    secp256k1_ecdsa_recoverable_signature parsed;
    if (secp256k1_ecdsa_recoverable_signature_parse_compact(
            secp256k1_context_static, &parsed, compact.data(), y_parity
        ) == 0) {
        return std::nullopt;
    }
    secp256k1_pubkey key;
    if (secp256k1_ecdsa_recover(secp256k1_context_static, &key, &parsed, digest.data()) == 0) {
        return std::nullopt;
    }
    return serialize(key);
}

}  // namespace mega::crypto::provider
