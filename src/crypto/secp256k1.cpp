#include "crypto/secp256k1.hpp"

#include "crypto/keccak.hpp"
#include "crypto/provider.hpp"

namespace mega::crypto {
namespace {

// n / 2, rounded down.
constexpr Hash256 half_order{{0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                              0xff, 0xff, 0xff, 0xff, 0xff, 0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4,
                              0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0}};

constexpr Hash256 order{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                         0xff, 0xff, 0xff, 0xff, 0xfe, 0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48,
                         0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41}};

}  // namespace

bool is_low_s(const Signature& signature) {
    return !signature.r.is_zero() && signature.r < order && !signature.s.is_zero() &&
           signature.s <= half_order;
}

std::optional<PublicKey> recover_public_key(const Hash256& digest, const Signature& signature) {
    return provider::recover_secp256k1(digest, signature.r, signature.s, signature.y_parity);
}

std::optional<Address> recover_address(const Hash256& digest, const Signature& signature) {
    const auto key = recover_public_key(digest, signature);
    return key ? std::optional(address_of(*key)) : std::nullopt;
}

Address address_of(const PublicKey& key) {
    return Address::from(keccak256(key).view().subspan(12));
}

}  // namespace mega::crypto
