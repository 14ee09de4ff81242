#include "staking/chain_key.hpp"

#include "crypto/keccak.hpp"
#include "types/u256.hpp"

namespace mega::staking {
namespace {

/// The order of secp256k1's group.
constexpr u256 group_order{
    0xbfd25e8cd0364141, 0xbaaedce6af48a03b, 0xfffffffffffffffe, 0xffffffffffffffff
};

void append_u64(Bytes& out, uint64_t value) {
    append(out, u256{value}.to_hash().view().subspan(24));
}

}  // namespace

BaseKey base_key_of(const crypto::PublicKey& key) {
    return {Hash256::from(key.view().first(32)), static_cast<uint8_t>(key[key.size() - 1] & 1)};
}

Hash256 chain_tweak(const BaseKey& base, const KeyChain& chain) {
    Bytes text = to_bytes(as_bytes("mega mini-block key"));
    append(text, base.x);
    text.push_back(base.y_parity);
    append(text, u256{chain.l1_chain_id}.to_hash());
    append_u64(text, chain.l2_chain_id);
    append(text, chain.staking);
    return (to_u256(crypto::keccak256(text)) % group_order).to_hash();
}

std::optional<crypto::SecretKey> chain_secret(
    const crypto::SecretKey& base, const KeyChain& chain
) {
    const auto key = crypto::public_key_of(base);
    return key ? crypto::add_tweak(base, chain_tweak(base_key_of(*key), chain)) : std::nullopt;
}

std::optional<Address> chain_signer(const BaseKey& base, const KeyChain& chain) {
    // The contract adds up with ecrecover, which takes no x beyond the order.
    if (to_u256(base.x) >= group_order) {
        return std::nullopt;
    }
    const auto point = crypto::point_at(base.x, base.y_parity);
    const auto sum = point ? crypto::add_tweak(*point, chain_tweak(base, chain)) : std::nullopt;
    return sum ? std::optional{crypto::address_of(*sum)} : std::nullopt;
}

}  // namespace mega::staking
