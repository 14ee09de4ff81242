#pragma once

// Posts the chain to L1, batch by batch: as blobs, or as calldata where that is cheaper or blobs
// are not to be had. What comes next is read from BatchInbox each time, so that nothing has to be
// remembered over a crash: a batch that got in is not posted again, one that did not is.
//
// Two batchers cannot both post: BatchInbox takes a batch only when it continues the last one, and
// a second process on the same data directory finds the lock taken.
//
// One thread.

#include "settlement/batch_builder.hpp"
#include "settlement/blob_archive.hpp"
#include "settlement/tx_manager.hpp"

#include <functional>

namespace mega::settlement {

enum class BatchData : uint8_t { automatic, blobs, calldata };

struct BatcherOptions {
    Address batch_inbox{};
    BatchData data = BatchData::automatic;
    uint32_t target_blobs = 6;  // a batch is posted when it fills so many
    uint32_t max_blobs = 6;     // of a transaction (EIP-7594's networks take 6)
    uint64_t max_age_s = 60;    // or when its first block is so old
    uint32_t poll_ms = 500;
    /// Posts whatever there is as soon as L1 has a block for it: for tests and demonstrations.
    bool is_eager = false;
};

/// For metrics; any thread reads.
struct BatcherCounters {
    std::atomic<uint64_t> batches{0};
    std::atomic<uint64_t> blobs{0};
    std::atomic<uint64_t> payload_bytes{0};
    std::atomic<uint64_t> transactions{0};
    std::atomic<uint64_t> last_block{0};  // posted, as L1 has it
    std::atomic<uint64_t> failures{0};
};

class Batcher {
  public:
    struct Parts {
        L1Client& client;
        TxManager& sender;
        const sequencer::BlockSource& source;
        const BlobArchive& archive;
        const StopSignal& stop;
        std::function<void(const std::string&)> log;
        /// L1 takes batches from this sender now; empty: it always does.
        std::function<bool()> may_post{};
    };
    Batcher(const BatcherOptions& options, uint64_t l2_chain_id, Parts parts);

    /// Until told to stop.
    void run();
    /// One look at L1 and the chain; true when a batch was posted.
    [[nodiscard]] Result<bool> step();

    [[nodiscard]] const BatcherCounters& counters() const { return counters_; }

  private:
    [[nodiscard]] Result<bool> is_ours(const InboxHead& head);
    [[nodiscard]] BatchLimits limits(const InboxHead& head, size_t max_payload_bytes) const;
    [[nodiscard]] bool is_due(const Backlog& backlog, const InboxHead& head) const;
    [[nodiscard]] Result<bool> prefers_calldata(const Backlog& backlog);
    [[nodiscard]] Result<bool> post(Batch batch, bool as_calldata);
    [[nodiscard]] Result<TxRequest> blob_request(const Batch& batch);

    BatcherOptions options_;
    Parts parts_;
    BatchBuilder builder_;
    BatcherCounters counters_;
    std::string last_words_;  // said once until they change
};

}  // namespace mega::settlement
