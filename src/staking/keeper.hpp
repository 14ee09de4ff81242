#pragma once

// Does on L1 what anybody may do for staking, and somebody must:
//
//   opens each epoch, with the headers of its first L1 block and the one before
//   records duties: who attested the last block of a posted batch, once two thirds have
//   gives open claims the committee's word, where governance has set its verifier
//   settles slashes whose period is over
//
// What is done already is read from L1. No thread of its own: whoever owns it calls tick() now and
// then, always from the same one, which is that of the sender.

#include "settlement/chain_proofs.hpp"
#include "settlement/claims.hpp"
#include "settlement/inbox.hpp"
#include "staking/l1_staking.hpp"

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <set>

namespace mega::staking {

struct KeeperOptions {
    rollup::RollupConfig rollup;
    settlement::Contracts contracts;
    /// L1 blocks after a batch in which those who come late still get into its record.
    uint64_t patience_blocks = 3;
};

/// For metrics; any thread reads.
struct KeeperCounters {
    std::atomic<uint64_t> epochs_opened{0};
    std::atomic<uint64_t> duties_recorded{0};
    std::atomic<uint64_t> claims_proven{0};
    std::atomic<uint64_t> slashes_settled{0};
    std::atomic<uint64_t> failures{0};
};

class Keeper {
  public:
    struct Parts {
        settlement::L1Client& client;
        settlement::TxManager& sender;
        settlement::ChainProofs& chain;
        /// What members have attested of a block, as one signature.
        std::function<std::optional<
            attestation::
                Aggregate>(uint64_t number, const Hash256& hash, const attestation::Committee&)>
            attestations;
        const settlement::StopSignal& stop;
        std::function<void(const std::string&)> log;
    };
    Keeper(const KeeperOptions& options, Parts parts)
        : options_(options), parts_(std::move(parts)) {}

    /// One look; true when something was sent.
    [[nodiscard]] Result<bool> step();
    /// step() a few times while there is something to send; what went wrong is logged once until it
    /// changes.
    void tick();

    [[nodiscard]] const KeeperCounters& counters() const { return counters_; }

  private:
    using Clock = std::chrono::steady_clock;

    [[nodiscard]] Result<bool> open_epoch(uint64_t epoch);
    [[nodiscard]] Result<bool> record_due(const settlement::L1Header& head);
    [[nodiscard]] Result<void> take_batches(const settlement::L1Header& head);
    /// Nothing: not yet. False: never.
    [[nodiscard]] Result<std::optional<bool>> record(
        const settlement::BatchAt& batch, const settlement::L1Header& head
    );
    [[nodiscard]] Result<bool> prove_claims(const settlement::L1Header& head);
    [[nodiscard]] Result<bool> prove_claim(
        uint64_t index, const settlement::Claim& claim, const settlement::L1Header& head
    );
    [[nodiscard]] Result<bool> settle_due(uint64_t epoch);
    /// In charge of blocks of this time, as L1 will say.
    [[nodiscard]] Result<const Committee*> committee_at(uint64_t time);
    struct SendFailure {
        std::string message;
        bool is_revert = false;  // L1 has said no, or said that it would
    };
    [[nodiscard]] Result<void, SendFailure> send(
        const Address& to, Bytes data, const std::string& what
    );

    KeeperOptions options_;
    Parts parts_;
    KeeperCounters counters_;
    std::unique_ptr<L1Staking> staking_;          // null until L1 has answered
    std::map<uint64_t, Committee> committees_;    // the newest few, by epoch
    std::deque<settlement::BatchAt> unrecorded_;  // posted, ascending
    std::map<uint64_t, bool> recorded_;           // batches that L1 has duties of, by others too
    uint64_t taken_to_block_ = 0;                 // of L1
    uint64_t first_unsettled_ = 0;
    std::map<uint64_t, Clock::time_point> refused_claims_;  // by L1; until they are tried again
    std::set<uint64_t> closed_claims_;                      // of the newest: final or rejected
    uint32_t refusals_ = 0;                                 // of records, one after the other
    std::string last_words_;
};

}  // namespace mega::staking
