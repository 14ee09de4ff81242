#include "crypto/secp256k1.hpp"

#include "base/assert.hpp"
#include "crypto/keccak.hpp"
#include "crypto/secp256k1_point.hpp"

#include <secp256k1_recovery.h>

namespace mega::crypto {
namespace {

// n / 2, rounded down.
constexpr Hash256 half_order{{0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                              0xff, 0xff, 0xff, 0xff, 0xff, 0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4,
                              0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0}};

constexpr Hash256 order{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                         0xff, 0xff, 0xff, 0xff, 0xfe, 0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48,
                         0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41}};

/// Verification needs no context of its own; making keys and signatures does. Never destroyed: it
/// holds no resource but memory, and other statics may still use it at exit.
const secp256k1_context* signing_context() {
    static const secp256k1_context* const context =
        secp256k1_context_create(SECP256K1_CONTEXT_NONE);
    MEGA_ASSERT(context != nullptr);
    return context;
}

}  // namespace

bool is_low_s(const Signature& signature) {
    return !signature.r.is_zero() && signature.r < order && !signature.s.is_zero() &&
           signature.s <= half_order;
}

std::optional<PublicKey> recover_public_key(const Hash256& digest, const Signature& signature) {
    if (signature.y_parity > 1) {
        return std::nullopt;
    }
    std::array<uint8_t, 64> compact{};
    std::copy_n(signature.r.data(), 32, compact.data());
    std::copy_n(signature.s.data(), 32, compact.data() + 32);
    secp256k1_ecdsa_recoverable_signature parsed;
    if (secp256k1_ecdsa_recoverable_signature_parse_compact(
            secp256k1_context_static, &parsed, compact.data(), signature.y_parity
        ) == 0) {
        return std::nullopt;
    }
    secp256k1_pubkey key;
    if (secp256k1_ecdsa_recover(secp256k1_context_static, &key, &parsed, digest.data()) == 0) {
        return std::nullopt;
    }
    return serialize(key);
}

std::optional<Address> recover_address(const Hash256& digest, const Signature& signature) {
    const auto key = recover_public_key(digest, signature);
    return key ? std::optional(address_of(*key)) : std::nullopt;
}

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

Address address_of(const PublicKey& key) {
    return Address::from(keccak256(key).view().subspan(12));
}

std::optional<Address> address_of(const SecretKey& key) {
    const auto made = public_key_of(key);
    return made ? std::optional(address_of(*made)) : std::nullopt;
}

}  // namespace mega::crypto
