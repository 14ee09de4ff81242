#pragma once

// A validator's key, and its signature under what it verified.

#include "attestation/attestation.hpp"
#include "attestation/mismatch_notice.hpp"
#include "base/result.hpp"

namespace mega::validator {

class Signer {
  public:
    /// With the key in this file: 32 bytes in hex. A file that does not exist is made, for the
    /// owner alone to read, with a random key.
    [[nodiscard]] static Result<Signer> open(const std::string& path);
    /// With a random key that nobody else will know.
    [[nodiscard]] static Result<Signer> ephemeral();

    [[nodiscard]] const crypto::bls::PublicKey& key() const { return public_key_; }
    [[nodiscard]] crypto::bls::Signature possession() const;
    [[nodiscard]] attestation::Attestation sign(const attestation::Statement& statement) const;
    [[nodiscard]] attestation::MismatchNotice sign(const attestation::MismatchStatement& statement
    ) const;

  private:
    Signer(const crypto::bls::SecretKey& secret, const crypto::bls::PublicKey& public_key)
        : secret_(secret), public_key_(public_key) {}
    [[nodiscard]] static Result<Signer> with(const crypto::bls::SecretKey& secret);

    crypto::bls::SecretKey secret_;
    crypto::bls::PublicKey public_key_;
};

}  // namespace mega::validator
