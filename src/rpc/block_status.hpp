#pragma once

// How far a block has come: mega_getBlockStatus, and the subscription blockStatus.
//
//   open        it may still grow
//   sealed      it has its hash
//   attested    members with two thirds of the committee's stake have verified it
//   safe        a batch on L1 holds it
//   finalized   finalised L1 blocks hold that batch
//
// Each is more than the one before; a block may get to L1 before two thirds have attested to it, so
// that `isAttested` is told beside. On a chain without L1 a sealed block is finalized, as its tags
// have it.
//
// Remembers of the last blocks when their last mini-block was made and when two thirds had attested
// to them; what else there is to say is asked of the chain and of the attestations at hand.

#include "attestation/committee.hpp"
#include "rpc/attestations.hpp"
#include "rpc/dispatcher.hpp"
#include "sequencer/chain_reader.hpp"
#include "sequencer/listener.hpp"

#include <deque>
#include <functional>
#include <map>
#include <mutex>

namespace mega::rpc {

class BlockStatus final : public sequencer::Listener {
  public:
    struct Parts {
        const sequencer::ChainReader& reader;
        const Attestations& attestations;
        /// Null: nothing is ever attested.
        const attestation::CommitteeBoard* committees = nullptr;
        /// How many validators say of this block that it does not validate; nobody when empty.
        std::function<size_t(uint64_t number, const Hash256& hash)> count_mismatches;
        /// Told of each step of a block; `format` gives its JSON, on any thread, and is not used
        /// beyond this object's end.
        std::function<void(std::function<std::string()> format)> announce;
        std::function<uint64_t()> now_us;  // the system clock when empty
    };
    explicit BlockStatus(Parts parts);

    // Listener: the publisher's thread.
    void on_sealed(const sequencer::SealedPtr& block) override;
    void on_reverted(uint64_t number) override;

    // Any thread.
    [[nodiscard]] Answer get(const nlohmann::json& params) const;
    /// The block has one attestation more.
    void on_attestation(uint64_t block_number);
    /// The newest block that is attested; 0 before the first.
    [[nodiscard]] uint64_t newest_attested() const;

    /// From a block's last mini-block to two thirds, of the last blocks; 0 before the first.
    struct Latency {
        uint64_t p50_us = 0;
        uint64_t p99_us = 0;
    };
    [[nodiscard]] Latency latency() const;

  private:
    struct Times {
        uint64_t last_mini_block_us = 0;
        std::optional<uint64_t> attested_at_us;
    };
    struct View;

    [[nodiscard]] View view_of(const BlockHeader& header, const Hash256& hash) const;
    [[nodiscard]] static std::string to_json(const View& view);
    void announce(View view) const;
    [[nodiscard]] std::string present_json(uint64_t number) const;
    /// Blocks that L1 holds by now, and did not before.
    void announce_settled();

    Parts parts_;
    mutable std::mutex mutex_;
    std::map<uint64_t, Times> times_;  // guarded by mutex_; of the last blocks
    std::deque<uint64_t> latencies_;   // guarded by mutex_
    uint64_t newest_attested_ = 0;     // guarded by mutex_
    sequencer::Head::Settled told_;    // the publisher's thread alone
    bool has_started_ = false;         // the publisher's thread alone
};

/// `status` must outlive the dispatcher.
void add_block_status_methods(Dispatcher& dispatcher, BlockStatus& status);

}  // namespace mega::rpc
