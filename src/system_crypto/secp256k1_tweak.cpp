#include "crypto/secp256k1_tweak.hpp"

#include "system_crypto/secp256k1_point.hpp"

#include <algorithm>

namespace mega::crypto {

std::optional<SecretKey> add_tweak(const SecretKey& secret, const Hash256& tweak) {
    SecretKey sum = secret;
    const bool is_good =
        secp256k1_ec_seckey_tweak_add(secp256k1_context_static, sum.data(), tweak.data()) == 1;
    return is_good ? std::optional{sum} : std::nullopt;
}

std::optional<PublicKey> add_tweak(const PublicKey& key, const Hash256& tweak) {
    std::array<uint8_t, 65> uncompressed{0x04};
    std::ranges::copy(key.view(), uncompressed.begin() + 1);
    secp256k1_pubkey point;
    const bool is_good =
        secp256k1_ec_pubkey_parse(
            secp256k1_context_static, &point, uncompressed.data(), uncompressed.size()
        ) == 1 &&
        secp256k1_ec_pubkey_tweak_add(secp256k1_context_static, &point, tweak.data()) == 1;
    return is_good ? std::optional{serialize(point)} : std::nullopt;
}

std::optional<PublicKey> point_at(const Hash256& x, uint8_t y_parity) {
    if (y_parity > 1) {
        return std::nullopt;
    }
    std::array<uint8_t, 33> compressed{static_cast<uint8_t>(2 + y_parity)};
    std::ranges::copy(x.view(), compressed.begin() + 1);
    secp256k1_pubkey point;
    const bool is_good = secp256k1_ec_pubkey_parse(
                             secp256k1_context_static, &point, compressed.data(), compressed.size()
                         ) == 1;
    return is_good ? std::optional{serialize(point)} : std::nullopt;
}

}  // namespace mega::crypto
