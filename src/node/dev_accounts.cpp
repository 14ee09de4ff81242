#include "node/dev_accounts.hpp"

#include "types/u256.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace mega::node {
namespace {

constexpr uint32_t hardened = 0x8000'0000;
constexpr int bip39_rounds = 2048;

/// The order of secp256k1.
constexpr u256 group_order{
    0xbfd25e8cd0364141ULL, 0xbaaedce6af48a03bULL, 0xfffffffffffffffeULL, 0xffffffffffffffffULL
};

using Digest512 = FixedBytes<64>;

Digest512 hmac_sha512(BytesView key, BytesView message) {
    Digest512 digest;
    unsigned size = 0;
    HMAC(
        EVP_sha512(),
        key.data(),
        static_cast<int>(key.size()),
        message.data(),
        message.size(),
        digest.data(),
        &size
    );
    MEGA_ASSERT(size == digest.size());
    return digest;
}

Digest512 seed_of(std::string_view mnemonic) {
    constexpr std::string_view salt = "mnemonic";
    Digest512 seed;
    const int done = PKCS5_PBKDF2_HMAC(
        mnemonic.data(),
        static_cast<int>(mnemonic.size()),
        as_bytes(salt).data(),
        static_cast<int>(salt.size()),
        bip39_rounds,
        EVP_sha512(),
        static_cast<int>(seed.size()),
        seed.data()
    );
    MEGA_ASSERT(done == 1);
    return seed;
}

struct ExtendedKey {
    crypto::SecretKey key;
    Hash256 chain_code;
};

ExtendedKey split(const Digest512& digest) {
    return {Hash256::from(digest.view().first(32)), Hash256::from(digest.view().subspan(32))};
}

/// The SEC1 compressed form of the public key.
Bytes compressed_public_key(const crypto::SecretKey& key) {
    const auto point = crypto::public_key_of(key);
    MEGA_ASSERT(point.has_value());
    Bytes compressed{static_cast<uint8_t>((*point)[63] % 2 == 0 ? 2 : 3)};
    append(compressed, point->view().first(32));
    return compressed;
}

/// BIP-32 CKDpriv. A derived key out of range has probability 2^-127 and is not handled.
ExtendedKey derive(const ExtendedKey& parent, uint32_t index) {
    Bytes message;
    if (index >= hardened) {
        message.push_back(0);
        append(message, parent.key.view());
    } else {
        message = compressed_public_key(parent.key);
    }
    for (const unsigned shift : {24U, 16U, 8U, 0U}) {
        message.push_back(static_cast<uint8_t>(index >> shift));
    }
    ExtendedKey child = split(hmac_sha512(parent.chain_code, message));
    child.key = add_mod(to_u256(child.key), to_u256(parent.key), group_order).to_hash();
    return child;
}

}  // namespace

std::vector<DevAccount> derive_accounts(std::string_view mnemonic, size_t count) {
    ExtendedKey branch = split(hmac_sha512(as_bytes("Bitcoin seed"), seed_of(mnemonic)));
    for (const uint32_t index : {hardened + 44, hardened + 60, hardened, uint32_t{0}}) {
        branch = derive(branch, index);
    }
    std::vector<DevAccount> accounts;
    for (uint32_t i = 0; i < count; ++i) {
        const crypto::SecretKey key = derive(branch, i).key;
        accounts.push_back({key, crypto::address_of(key).value()});
    }
    return accounts;
}

}  // namespace mega::node
