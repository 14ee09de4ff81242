#pragma once

// Validators' reports that a block does not validate: mega_reportMismatch, mega_getMismatches.
//
// A report is evidence (attestation/evidence.hpp), and nothing in it is believed. Where it is about
// this node's own blocks it is checked again, by this node's rules, from its witness; what comes of
// it is the verdict:
//
//   confirmed      the block is this node's and does not validate: the sequencer made a mistake or
//                  lies
//   witness        the block is this node's; the witness that came with it does not show it
//   another_block  the block that was served is not this node's: somebody between changed it
//   unfounded      it validates
//   unchecked      the report has no witness, or not this node's parent, to check with
//
// Checking takes as long as validating a block: reports are limited by a bucket of tokens, one
// is checked at a time, and what was reported before costs nothing. The last ones are kept, with
// their evidence as far as the bytes allow.

#include "attestation/evidence.hpp"
#include "rpc/dispatcher.hpp"
#include "sequencer/chain_reader.hpp"

#include <chrono>
#include <deque>
#include <mutex>

namespace mega::rpc {

enum class MismatchVerdict : uint8_t { confirmed, witness, another_block, unfounded, unchecked };
[[nodiscard]] std::string_view to_string(MismatchVerdict verdict);

struct MismatchReport {
    MismatchVerdict verdict = MismatchVerdict::unchecked;
    uint64_t block_number = 0;
    Hash256 block_hash;             // of what was served; zero when that is no block
    attestation::Finding reported;  // as the validator put it
    attestation::Finding found;     // by this node; empty when it finds nothing
    uint64_t received_at = 0;       // seconds
    std::string evidence;           // JSON; empty when it was let go
};
/// Without the evidence.
[[nodiscard]] std::string to_json(const MismatchReport& report);

class MismatchReports {
  public:
    struct Options {
        stateless::MegaRules rules;  // of this node's chain
        size_t max_kept = 64;
        size_t max_evidence_bytes = 32u << 20;  // of all that are kept
        uint32_t burst = 4;                     // reports at once
        uint32_t refill_ms = 10'000;            // for one more
        /// Told of each report that is new; on a worker's thread.
        std::function<void(const MismatchReport&)> on_report;
        std::function<std::chrono::milliseconds()> now;  // any steady clock, for tests
    };

    /// `reader` must outlive this.
    MismatchReports(const sequencer::ChainReader& reader, Options options);

    // Any thread.
    [[nodiscard]] Answer report(const nlohmann::json& params);
    [[nodiscard]] Answer list(const nlohmann::json& params) const;

    struct Counters {
        std::atomic<uint64_t> received{0};   // that are new, and well-formed
        std::atomic<uint64_t> confirmed{0};  // among them
        std::atomic<uint64_t> refused{0};    // malformed, or too many
    };
    [[nodiscard]] const Counters& counters() const { return counters_; }

  private:
    [[nodiscard]] MismatchReport judge(attestation::Evidence evidence) const;
    /// Answers a repeat; takes a token for anything else.
    [[nodiscard]] std::optional<Answer> answer_early(const attestation::Evidence& evidence);
    void keep(const MismatchReport& report);

    const sequencer::ChainReader* reader_;
    Options options_;
    Counters counters_;
    std::mutex checking_;  // one at a time
    mutable std::mutex mutex_;
    std::deque<MismatchReport> kept_;        // guarded by mutex_; the newest first
    size_t evidence_bytes_ = 0;              // guarded by mutex_
    uint32_t tokens_;                        // guarded by mutex_
    std::chrono::milliseconds refilled_at_;  // guarded by mutex_
};

/// `reports` must outlive the dispatcher.
void add_mismatch_methods(Dispatcher& dispatcher, MismatchReports& reports);

}  // namespace mega::rpc
