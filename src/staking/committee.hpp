#pragma once

// A committee as L1 names it, and what the contracts are given of it: its members, and an aggregate
// of signatures with a bit for each member behind it (contracts/src/staking/Committee.sol). Pure.

#include "attestation/committee.hpp"
#include "attestation/pool.hpp"
#include "crypto/bls_encoding.hpp"
#include "settlement/abi.hpp"

namespace mega::staking {

struct Committee : attestation::Committee {
    std::vector<uint32_t> ids;  // of the members, in their order
};

/// abi.encode(Members): two lists, behind the offset that a dynamic tuple has.
[[nodiscard]] Bytes members_tuple(const Committee& committee);
/// Committee.hashOf: what L1 keeps of the members.
[[nodiscard]] Hash256 members_hash(const Committee& committee);

/// A sum of signatures as L1 takes it.
struct WideAggregate {
    u256 bitmap;
    crypto::bls::WideSignature signature{};
};
/// Nothing when a key is no member's, or the signature no point.
[[nodiscard]] std::optional<WideAggregate> widen(
    const Committee& committee, const attestation::Aggregate& sum
);
[[nodiscard]] Bytes aggregate_tuple(const WideAggregate& sum);

/// keccak256 of a PublicKey of Bls12381.sol, by which ValidatorKeys finds its owner.
[[nodiscard]] std::optional<Hash256> contract_hash_of(const crypto::bls::PublicKey& key);

}  // namespace mega::staking
