#pragma once

// What validators say of this node's blocks: mega_sendAttestation, mega_getAttestations,
// mega_getEquivocations, mega_getFalseAttestations.
//
// An attestation is taken when it is of this chain, of one of the last blocks, of the very block
// that this node has there, of a member of the committee in charge where there is one, and its
// signature is good. All that is checked before the signature is looked at, which takes a
// millisecond on a worker.
//
// A member that attests to two blocks of one number is slashed for it on L1, by anybody who shows
// both: they are kept, for those who do. So is what a member says of a block against its header.

#include "attestation/committee.hpp"
#include "attestation/pool.hpp"
#include "rpc/dispatcher.hpp"
#include "sequencer/chain_reader.hpp"

#include <atomic>
#include <deque>
#include <mutex>

namespace mega::rpc {

class Attestations {
  public:
    struct Options {
        uint64_t chain_id = 0;
        attestation::Pool::Options pool{};
        /// Null: nobody's word weighs anything.
        const attestation::CommitteeBoard* committees = nullptr;
        size_t max_equivocations = 64;  // and false attestations, as many
        /// Told of each that is taken, not of what was known; on a worker's thread.
        std::function<void(const attestation::Attestation&)> on_added;
    };
    /// `reader` must outlive this.
    Attestations(const sequencer::ChainReader& reader, Options options);

    // Any thread.
    [[nodiscard]] Answer send(const nlohmann::json& params);
    [[nodiscard]] Answer get(const nlohmann::json& params) const;
    [[nodiscard]] Answer equivocations() const;
    [[nodiscard]] Answer false_attestations() const;

    struct Counters {
        std::atomic<uint64_t> taken{0};
        std::atomic<uint64_t> refused{0};
        std::atomic<uint64_t> equivocations{0};
    };
    [[nodiscard]] const Counters& counters() const { return counters_; }
    [[nodiscard]] uint64_t newest_block() const;

    /// Who attested to this block.
    [[nodiscard]] std::vector<crypto::bls::PublicKey> keys(
        uint64_t block_number, const Hash256& block_hash
    ) const;
    /// The sum of what is kept of this block, of the members alone where a committee is given;
    /// nothing when that is none, or of a block that was taken back.
    [[nodiscard]] std::optional<attestation::Aggregate> aggregate(
        uint64_t block_number,
        const Hash256& block_hash,
        const attestation::Committee* committee = nullptr
    ) const;

  private:
    [[nodiscard]] Result<attestation::Attestation, RpcError> read(const nlohmann::json& value
    ) const;
    /// Nothing when it is of a block that this node has.
    [[nodiscard]] std::optional<RpcError> objection_to(const attestation::Attestation& given);
    /// Keeps it when the same key has attested to another block of this number.
    void look_for_equivocation(const attestation::Attestation& given, uint64_t block_timestamp);

    /// Keeps it when it names this block and another state than the block's header does.
    void look_for_untruth(const attestation::Attestation& given, const BlockHeader& header);

    struct Equivocation {
        attestation::Attestation first;
        attestation::Attestation second;
    };

    struct Untruth {
        attestation::Attestation attestation;
        Bytes header;
    };

    const sequencer::ChainReader* reader_;
    Options options_;
    Counters counters_;
    mutable std::mutex mutex_;
    attestation::Pool pool_;                  // guarded by mutex_
    std::deque<Equivocation> equivocations_;  // guarded by mutex_; the newest last
    std::deque<Untruth> untruths_;            // guarded by mutex_; the newest last
};

/// `attestations` must outlive the dispatcher.
void add_attestation_methods(Dispatcher& dispatcher, Attestations& attestations);

}  // namespace mega::rpc
