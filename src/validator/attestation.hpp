#pragma once

// A validator's word that it has verified a block: a BLS signature over the chain, the block and
// the state after it. Validators that verified the same block sign the same message, so their
// signatures add up to one (crypto/bls_signature.hpp).
//
//   message   "mega attestation" | chain id u64 | block number u64 | block hash[32] | state
//   root[32]
//             (big endian, 96 bytes)

#include "base/result.hpp"
#include "crypto/bls_signature.hpp"

#include <string>

namespace mega::validator {

struct Attestation {
    uint64_t chain_id = 0;
    uint64_t block_number = 0;
    Hash256 block_hash;
    Hash256 state_root;
    crypto::bls::PublicKey key{};
    crypto::bls::Signature signature{};
};

/// What is signed: everything but key and signature.
[[nodiscard]] FixedBytes<96> message_of(const Attestation& attestation);
[[nodiscard]] bool verify(const Attestation& attestation);
/// One line of JSON.
[[nodiscard]] std::string to_json(const Attestation& attestation);

class Signer {
  public:
    /// With the key in this file: 32 bytes in hex. A file that does not exist is made, for the
    /// owner alone to read, with a random key.
    [[nodiscard]] static Result<Signer> open(const std::string& path);
    /// With a random key that nobody else will know.
    [[nodiscard]] static Result<Signer> ephemeral();

    [[nodiscard]] const crypto::bls::PublicKey& key() const { return public_key_; }
    [[nodiscard]] crypto::bls::Signature possession() const;
    /// Fills in key and signature.
    void sign(Attestation& attestation) const;

  private:
    Signer(const crypto::bls::SecretKey& secret, const crypto::bls::PublicKey& public_key)
        : secret_(secret), public_key_(public_key) {}
    [[nodiscard]] static Result<Signer> with(const crypto::bls::SecretKey& secret);

    crypto::bls::SecretKey secret_;
    crypto::bls::PublicKey public_key_;
};

}  // namespace mega::validator
