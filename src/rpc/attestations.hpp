#pragma once

// What validators say of this node's blocks: mega_sendAttestation, mega_getAttestations.
//
// An attestation is taken when it is of this chain, of one of the last blocks, of the very block
// that this node has there, and its signature is good. All that is checked before the signature is
// looked at, which takes a millisecond on a worker.

#include "attestation/pool.hpp"
#include "rpc/dispatcher.hpp"
#include "sequencer/chain_reader.hpp"

#include <atomic>
#include <mutex>

namespace mega::rpc {

class Attestations {
  public:
    /// `reader` must outlive this.
    Attestations(
        const sequencer::ChainReader& reader, uint64_t chain_id, attestation::Pool::Options options
    );

    // Any thread.
    [[nodiscard]] Answer send(const nlohmann::json& params);
    [[nodiscard]] Answer get(const nlohmann::json& params) const;

    struct Counters {
        std::atomic<uint64_t> taken{0};
        std::atomic<uint64_t> refused{0};
    };
    [[nodiscard]] const Counters& counters() const { return counters_; }
    [[nodiscard]] uint64_t newest_block() const;

    /// The sum of what is kept of this block; nothing when that is none, or of a block that was
    /// taken back. For who weighs the keys.
    [[nodiscard]] std::optional<attestation::Aggregate> aggregate(
        uint64_t block_number, const Hash256& block_hash
    ) const;

  private:
    [[nodiscard]] Result<attestation::Attestation, RpcError> read(const nlohmann::json& value
    ) const;
    /// Nothing when it is of a block that this node has.
    [[nodiscard]] std::optional<RpcError> objection_to(const attestation::Attestation& given) const;

    const sequencer::ChainReader* reader_;
    uint64_t chain_id_;
    uint64_t max_age_blocks_;
    Counters counters_;
    mutable std::mutex mutex_;
    attestation::Pool pool_;  // guarded by mutex_
};

/// `attestations` must outlive the dispatcher.
void add_attestation_methods(Dispatcher& dispatcher, Attestations& attestations);

}  // namespace mega::rpc
