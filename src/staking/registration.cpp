#include "staking/registration.hpp"

#include "crypto/keccak.hpp"
#include "settlement/abi.hpp"

#include <algorithm>

namespace mega::staking {
namespace {

FixedBytes<65> signer_proof_of(const Hash256& digest, const crypto::SecretKey& secret) {
    FixedBytes<65> proof;
    if (const auto signature = crypto::sign(digest, secret)) {
        std::ranges::copy(signature->r.view(), proof.data());
        std::ranges::copy(signature->s.view(), proof.data() + 32);
        proof.data()[64] = static_cast<uint8_t>(27 + signature->y_parity);
    }
    return proof;
}

}  // namespace

Bytes registration_message(const KeyChain& chain, const Address& operator_address) {
    Bytes message = to_bytes(as_bytes("mega registration"));
    append(message, u256{chain.l1_chain_id}.to_hash());
    append(message, u256{chain.l2_chain_id}.to_hash().view().last(8));
    append(message, chain.staking);
    append(message, operator_address);
    return message;
}

Result<KeyProofs> prove_keys(
    const crypto::bls::SecretKey& attester,
    const crypto::SecretKey& base,
    const KeyChain& chain,
    const Address& operator_address
) {
    const Bytes message = registration_message(chain, operator_address);
    const auto key = crypto::bls::public_key_of(attester);
    const auto possession = crypto::bls::prove_possession(attester);
    const auto binding = crypto::bls::sign(message, attester);
    const auto wide_key = key ? crypto::bls::widen(*key) : std::nullopt;
    const auto wide_possession = possession ? crypto::bls::widen(*possession) : std::nullopt;
    const auto wide_binding = binding ? crypto::bls::widen(*binding) : std::nullopt;
    if (!wide_key || !wide_possession || !wide_binding) {
        return Err{Error{"the key of attestations is no BLS12-381 key"}};
    }
    const auto public_base = crypto::public_key_of(base);
    const auto secret = chain_secret(base, chain);
    if (!public_base || !secret) {
        return Err{Error{"the key of mini-blocks is no secp256k1 key"}};
    }
    return KeyProofs{
        .bls_key = *wide_key,
        .possession = *wide_possession,
        .binding = *wide_binding,
        .base_key = base_key_of(*public_base),
        .signer_proof = signer_proof_of(crypto::keccak256(message), *secret),
    };
}

Bytes register_call(
    const KeyProofs& proofs, uint64_t commission_bps, const u256& self_stake, uint32_t outbid
) {
    const Bytes keys = settlement::abi::Encoder()
                           .bytes(proofs.bls_key)
                           .bytes(proofs.possession)
                           .bytes(proofs.binding)
                           .word(proofs.base_key.x)
                           .word(u256{proofs.base_key.y_parity})
                           .bytes(proofs.signer_proof)
                           .take();
    return settlement::abi::Encoder()
        .dynamic(keys)
        .word(u256{commission_bps})
        .word(self_stake)
        .word(u256{outbid})
        .call("register((bytes,bytes,bytes,uint256,uint8,bytes),uint16,uint96,uint32)");
}

}  // namespace mega::staking
