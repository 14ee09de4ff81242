#pragma once

// Keys that are a sum: of a secp256k1 key P = p * G and a number t, the key P + t * G with the
// secret p + t mod n. Who knows only P can compute the sum's key, who knows p its secret.

#include "crypto/secp256k1.hpp"

namespace mega::crypto {

/// Nothing when the secret or the tweak is out of range, or the sum is 0. A tweak of 0 is allowed.
[[nodiscard]] std::optional<SecretKey> add_tweak(const SecretKey& secret, const Hash256& tweak);
[[nodiscard]] std::optional<PublicKey> add_tweak(const PublicKey& key, const Hash256& tweak);
/// The point with this x coordinate; nothing when there is none. `y_parity` is 0 or 1.
[[nodiscard]] std::optional<PublicKey> point_at(const Hash256& x, uint8_t y_parity);

}  // namespace mega::crypto
