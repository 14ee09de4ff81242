#pragma once

// What validators have signed, as it is seen at several nodes: says when one of them contradicts
// itself. Only keys that are registered count, and what is not theirs finds no place. Bounded: the
// newest numbers of each kind. Not thread-safe.

#include "staking/evidence.hpp"

#include <map>
#include <optional>
#include <set>
#include <variant>

namespace mega::staking {

struct TwoMiniBlocks {
    Address signer;
    MiniBlockHeader first;
    MiniBlockHeader second;
};
struct TwoAttestations {
    attestation::Attestation first;
    attestation::Attestation second;
};
using Contradiction = std::variant<TwoMiniBlocks, TwoAttestations>;

/// The lower of the blocks concerned, whose batch dates it.
[[nodiscard]] uint64_t block_of(const Contradiction& found);
[[nodiscard]] std::string evidence_json(const Contradiction& found);

class Ledger {
  public:
    explicit Ledger(size_t max_entries = 65'536) : max_entries_(max_entries) {}

    void know(const Address& signer) { signers_.insert(signer); }
    void know(const crypto::bls::PublicKey& attester) { attesters_.insert(attester); }

    /// What it is in contradiction to, told once for each signer.
    [[nodiscard]] std::optional<Contradiction> add(const MiniBlockHeader& header);
    [[nodiscard]] std::optional<Contradiction> add(const attestation::Attestation& attestation);

  private:
    using Place = std::pair<uint64_t, Address>;  // a number first: the oldest go first
    [[nodiscard]] std::optional<Contradiction> place(
        std::map<Place, MiniBlockHeader>& at,
        uint64_t number,
        const Address& signer,
        const MiniBlockHeader& header
    );

    size_t max_entries_;
    std::set<Address> signers_;
    std::set<crypto::bls::PublicKey> attesters_;
    std::map<Place, MiniBlockHeader> by_number_;  // of mini-blocks
    std::map<Place, MiniBlockHeader> by_place_;   // block number << 24 | index
    std::map<std::pair<uint64_t, crypto::bls::PublicKey>, attestation::Attestation> attestations_;
    std::set<Address> told_signers_;
    std::set<crypto::bls::PublicKey> told_attesters_;
};

}  // namespace mega::staking
