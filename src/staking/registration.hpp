#pragma once

// What a validator shows of its keys when it registers (docs/staking.md, "Keys";
// contracts/src/staking/ValidatorKeys.sol). The proofs name chains, contract and operator: nobody
// else can use them. Pure.

#include "base/result.hpp"
#include "crypto/bls_encoding.hpp"
#include "staking/chain_key.hpp"
#include "types/u256.hpp"

namespace mega::staking {

/// "mega registration" | L1 chain id u256 | L2 chain id u64 | staking[20] | operator[20]
[[nodiscard]] Bytes registration_message(const KeyChain& chain, const Address& operator_address);

struct KeyProofs {
    crypto::bls::WideKey bls_key{};
    crypto::bls::WideSignature possession{};
    crypto::bls::WideSignature binding{};
    BaseKey base_key;
    FixedBytes<65> signer_proof{};  // r, s, v
};
/// `base` is the key of mini-blocks before it becomes the chain's. Fails for a key out of range.
[[nodiscard]] Result<KeyProofs> prove_keys(
    const crypto::bls::SecretKey& attester,
    const crypto::SecretKey& base,
    const KeyChain& chain,
    const Address& operator_address
);

/// Input of Staking.register. `outbid` is a validator that loses its seat where none is free.
[[nodiscard]] Bytes register_call(
    const KeyProofs& proofs, uint64_t commission_bps, const u256& self_stake, uint32_t outbid
);

}  // namespace mega::staking
