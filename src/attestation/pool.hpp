#pragma once

// Attestations to the last blocks, and what they add up to: one signature and the keys behind it.
//
// Every signature is verified by itself before it is added, so an aggregate made here is good as it
// stands. Whoever is given an aggregate and its keys and checks only these needs a proof of
// possession of each key, or one of them may be made to cancel out the others
// (crypto/bls_signature.hpp). The pool does not weigh keys: anyone can make some. Who counts, and
// for how much, is committee.hpp's; who fills the pool asks it before.
//
// Bounded: the newest blocks, and so many keys of each, first come, first kept. Not thread-safe;
// verification, which is slow, is left to the caller so that no lock need be held meanwhile.

#include "attestation/attestation.hpp"

#include <functional>
#include <map>
#include <optional>
#include <vector>

namespace mega::attestation {

struct Aggregate {
    Statement statement;
    std::vector<crypto::bls::PublicKey> keys;  // ascending
    crypto::bls::Signature signature{};
};

class Pool {
  public:
    struct Options {
        size_t max_blocks = 256;
        size_t max_keys = 1024;  // of one block
    };
    enum class Added : uint8_t {
        added,
        known,        // this key has attested to this block
        contradicts,  // another statement on this block is kept: the chain changed meanwhile
        full,         // as many keys as a block may have
        too_old,      // older than all blocks kept
    };

    explicit Pool(Options options) : options_(options) {}

    /// What add() would answer, without a look at the signature.
    [[nodiscard]] Added judge(const Attestation& attestation) const;
    /// The signature must have been verified.
    Added add(const Attestation& attestation);
    /// The chain took back this block and those after it.
    void forget_from(uint64_t block_number);

    /// Nothing when nobody attested to it; `counts` leaves others out, all count without it.
    [[nodiscard]] std::optional<Aggregate> aggregate(
        uint64_t block_number, const std::function<bool(const crypto::bls::PublicKey&)>& counts = {}
    ) const;
    /// Who attested to this very block, ascending; cheap, where an aggregate is not.
    [[nodiscard]] std::vector<crypto::bls::PublicKey> keys(
        uint64_t block_number, const Hash256& block_hash
    ) const;
    /// Each by itself, ascending by key.
    [[nodiscard]] std::vector<Attestation> attestations(uint64_t block_number) const;
    /// What this key has attested of this block.
    [[nodiscard]] std::optional<Attestation> find(
        uint64_t block_number, const crypto::bls::PublicKey& key
    ) const;
    [[nodiscard]] size_t size() const;  // attestations, of all blocks
    /// The newest block that somebody attested to; 0 before the first.
    [[nodiscard]] uint64_t newest_block() const {
        return blocks_.empty() ? 0 : blocks_.rbegin()->first;
    }

  private:
    struct Block {
        Statement statement;
        std::map<crypto::bls::PublicKey, crypto::bls::Signature> signatures;
    };

    Options options_;
    std::map<uint64_t, Block> blocks_;
};

}  // namespace mega::attestation
