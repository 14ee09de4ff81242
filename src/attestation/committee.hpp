#pragma once

// Who counts, and for how much: the committee in charge of an epoch's blocks, and what a set of
// keys weighs in it. A block is attested once members with two thirds of the committee's stake have
// signed it. Who is in it is L1's word (src/staking); here it is only weighed.

#include "crypto/bls_signature.hpp"
#include "types/u256.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace mega::attestation {

/// Of a committee on L1, at most; a bitmap of members is one word.
inline constexpr size_t max_members = 128;

struct Member {
    crypto::bls::PublicKey key{};
    u256 stake;  // below 2^96
};

struct Weight {
    u256 signed_stake;
    u256 total;
    u256 bitmap;  // bit i: member i has signed
    size_t attesters = 0;
    /// Two thirds or more of a stake that there is.
    [[nodiscard]] bool is_quorate() const {
        return !total.is_zero() && signed_stake * u256{3} >= total * u256{2};
    }
};

struct Committee {
    uint64_t epoch = 0;
    std::vector<Member> members;  // in L1's order

    [[nodiscard]] bool has(const crypto::bls::PublicKey& key) const;
    /// Keys that are no members weigh nothing.
    [[nodiscard]] Weight weigh(std::span<const crypto::bls::PublicKey> keys) const;
};

/// The committees that are known, for those who take and weigh attestations. Written by who reads
/// L1, read by any thread. Holds the newest epochs.
class CommitteeBoard {
  public:
    static constexpr size_t max_epochs = 16;

    /// Epoch `e` begins at genesis_time + e * epoch_length. Until this is told there are none.
    void set_clock(uint64_t genesis_time, uint64_t epoch_length);
    void put(Committee committee);
    /// Everybody who may be in the committee of an epoch that has not been drawn yet.
    void expect(Committee candidates);

    /// In charge of blocks of this time: of its epoch, or the last one before that has been drawn.
    /// Null when there is none.
    [[nodiscard]] std::shared_ptr<const Committee> at(uint64_t time) const;
    /// Whose attestations of a block of this time are worth keeping: members' of its committee, and
    /// while that is not drawn, of those who may be in it. Everybody's where there is no committee.
    [[nodiscard]] bool admits(const crypto::bls::PublicKey& key, uint64_t time) const;

  private:
    using Epochs = std::map<uint64_t, std::shared_ptr<const Committee>>;
    [[nodiscard]] uint64_t epoch_of(uint64_t time) const;
    [[nodiscard]] std::shared_ptr<const Committee> in_charge(uint64_t epoch) const;
    static void keep(Epochs& epochs, Committee committee);

    mutable std::mutex mutex_;
    uint64_t genesis_time_ = 0;  // guarded by mutex_, as all below
    uint64_t epoch_length_ = 0;  // 0: no clock yet
    Epochs drawn_;
    Epochs expected_;
};

}  // namespace mega::attestation
