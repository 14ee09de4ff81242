#pragma once

// What validators have signed, as it is seen at several nodes: says when one of them contradicts
// itself. Only signatures of keys that are registered find a place, of statements about this chain
// that are not far beyond the blocks it has. Bounded for each key, so that nobody pushes out what
// another signed. Not thread-safe.

#include "staking/contradiction.hpp"

#include <deque>
#include <map>
#include <optional>

namespace mega::staking {

class Ledger {
  public:
    /// How far beyond the newest mini-block a number may lie.
    static constexpr uint64_t max_ahead = 1024;
    static constexpr size_t max_told = 64;  // of one key; the oldest are forgotten

    /// `max_entries` of each kind and key: those that came last.
    explicit Ledger(uint64_t chain_id, size_t max_entries = 4'096)
        : chain_id_(chain_id), max_entries_(max_entries) {}

    void know(const Address& signer) { signers_[signer]; }
    void know(const crypto::bls::PublicKey& attester) { attesters_[attester]; }
    [[nodiscard]] bool knows(const Address& signer) const { return signers_.contains(signer); }
    /// Who signed it, if it is one that is known and the mini-block can be of this chain.
    [[nodiscard]] std::optional<Address> signer_of(const MiniBlockHeader& header) const;

    /// What it is in contradiction to, told once for each key and number.
    [[nodiscard]] std::optional<Contradiction> add(const MiniBlockHeader& header);
    [[nodiscard]] std::optional<Contradiction> add(const attestation::Attestation& attestation);
    /// What a node says that a header does not bear out.
    [[nodiscard]] std::optional<Contradiction> add(const FalseAttestation& claimed);

  private:
    /// What one key signed, by a number.
    template <class Signed>
    struct Seen {
        std::map<uint64_t, Signed> by_number;
        std::deque<uint64_t> order;

        /// What is there already; null when `one` has taken the place.
        [[nodiscard]] const Signed* place(uint64_t number, const Signed& one, size_t max_entries) {
            const auto [found, is_first] = by_number.emplace(number, one);
            if (!is_first) {
                return &found->second;
            }
            order.push_back(number);
            if (order.size() > max_entries) {
                by_number.erase(order.front());
                order.pop_front();
            }
            return nullptr;
        }
    };
    struct Told {
        std::deque<uint64_t> numbers;
        [[nodiscard]] bool has(uint64_t number) const;
        [[nodiscard]] bool is_news(uint64_t number);
    };
    struct OfSigner {
        Seen<MiniBlockHeader> by_number;  // of mini-blocks
        Seen<MiniBlockHeader> by_place;   // block number << 24 | index
        Told told;
    };
    struct OfAttester {
        Seen<attestation::Attestation> by_number;
        Told told;
    };

    /// Of nothing, while no mini-block of a registered key has been seen.
    [[nodiscard]] bool is_far_ahead(uint64_t block_number) const {
        return newest_block_ != 0 && block_number > newest_block_ + max_ahead;
    }

    uint64_t chain_id_;
    size_t max_entries_;
    uint64_t newest_block_ = 0;  // of a mini-block that a registered key signed
    std::map<Address, OfSigner> signers_;
    std::map<crypto::bls::PublicKey, OfAttester> attesters_;
};

}  // namespace mega::staking
