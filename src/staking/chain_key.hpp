#pragma once

// The key that signs mini-blocks on one chain and on no other. A mini-block names no chain, so its
// key must: of a base key P the chain's key is P + t * G, with a t that names the chain
// (docs/staking.md, "Keys"; contracts/src/staking/lib/ChainKeys.sol). Pure.

#include "crypto/secp256k1_tweak.hpp"

namespace mega::staking {

/// The chain a key is for.
struct KeyChain {
    uint64_t l1_chain_id = 0;
    uint64_t l2_chain_id = 0;
    Address staking;  // the contract on L1
};

/// What a registration names of a base key.
struct BaseKey {
    Hash256 x;
    uint8_t y_parity = 0;
};
[[nodiscard]] BaseKey base_key_of(const crypto::PublicKey& key);

/// Below the group's order.
[[nodiscard]] Hash256 chain_tweak(const BaseKey& base, const KeyChain& chain);
/// Nothing when the base secret is out of range.
[[nodiscard]] std::optional<crypto::SecretKey> chain_secret(
    const crypto::SecretKey& base, const KeyChain& chain
);
/// The address of the chain's key; nothing when there is no such base key.
[[nodiscard]] std::optional<Address> chain_signer(const BaseKey& base, const KeyChain& chain);

}  // namespace mega::staking
