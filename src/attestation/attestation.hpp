#pragma once

// A validator's word that it has verified a block: a BLS signature over the chain, the block and
// the state after it. Validators that verified the same block sign the same message, so their
// signatures add up to one (crypto/bls_signature.hpp).
//
//   message   "mega attestation" | chain id u64 | block number u64 | block hash[32] | state
//   root[32]
//             (big endian, 96 bytes)

#include "crypto/bls_signature.hpp"

#include <compare>
#include <string>

namespace mega::attestation {

/// What is attested: that executing the block leads to this state.
struct Statement {
    uint64_t chain_id = 0;
    uint64_t block_number = 0;
    Hash256 block_hash;
    Hash256 state_root;
    friend bool operator==(const Statement&, const Statement&) = default;
};

struct Attestation : Statement {
    crypto::bls::PublicKey key{};
    crypto::bls::Signature signature{};
};

/// What is signed.
[[nodiscard]] FixedBytes<96> message_of(const Statement& statement);
/// About 1 ms: a pairing.
[[nodiscard]] bool verify(const Attestation& attestation);
/// One line of JSON.
[[nodiscard]] std::string to_json(const Attestation& attestation);

}  // namespace mega::attestation
