#include "base/assert.hpp"
#include "crypto/secp256k1.hpp"
#include "system_crypto/secp256k1_point.hpp"

#include <secp256k1_recovery.h>

namespace mega::crypto {
namespace {

/// Verification needs no context of its own; making keys and signatures does. Never destroyed: it
/// holds no resource but memory, and other statics may still use it at exit.
const secp256k1_context* signing_context() {
    static const secp256k1_context* const context =
        secp256k1_context_create(SECP256K1_CONTEXT_NONE);
    MEGA_ASSERT(context != nullptr);
    return context;
}

}  // namespace

std::optional<Signature> sign(const Hash256& digest, const SecretKey& key) {
    secp256k1_ecdsa_recoverable_signature made;
    if (secp256k1_ecdsa_sign_recoverable(
            signing_context(), &made, digest.data(), key.data(), nullptr, nullptr
        ) == 0) {
        return std::nullopt;
    }
    std::array<uint8_t, 64> compact{};
    int recovery_id = 0;
    secp256k1_ecdsa_recoverable_signature_serialize_compact(
        secp256k1_context_static, compact.data(), &recovery_id, &made
    );
    // Ids 2 and 3 stand for r + n, which fits below p with a probability of 2^-127 and has no place
    // in Ethereum's form.
    if (recovery_id > 1) {
        return std::nullopt;
    }
    return Signature{
        .r = Hash256::from(BytesView(compact).first(32)),
        .s = Hash256::from(BytesView(compact).last(32)),
        .y_parity = static_cast<uint8_t>(recovery_id),
    };
}

std::optional<PublicKey> public_key_of(const SecretKey& key) {
    secp256k1_pubkey made;
    if (secp256k1_ec_pubkey_create(signing_context(), &made, key.data()) == 0) {
        return std::nullopt;
    }
    return serialize(made);
}

std::optional<Address> address_of(const SecretKey& key) {
    const auto made = public_key_of(key);
    return made ? std::optional(address_of(*made)) : std::nullopt;
}

}  // namespace mega::crypto
