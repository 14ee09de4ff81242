#pragma once

// Between libsecp256k1's points and ours. For the files that wrap that library alone.

#include "crypto/secp256k1.hpp"

#include <secp256k1.h>

#include <array>

namespace mega::crypto {

[[nodiscard]] inline PublicKey serialize(const secp256k1_pubkey& key) {
    std::array<uint8_t, 65> uncompressed{};
    size_t size = uncompressed.size();
    secp256k1_ec_pubkey_serialize(
        secp256k1_context_static, uncompressed.data(), &size, &key, SECP256K1_EC_UNCOMPRESSED
    );
    return PublicKey::from(BytesView(uncompressed).subspan(1));
}

}  // namespace mega::crypto
