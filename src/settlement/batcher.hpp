#pragma once

// Posts the chain to L1, batch by batch: as blobs, or as calldata where that is cheaper, where L1
// has no blobs and for a while after it has refused some. What comes next is read from BatchInbox
// each time, so that nothing has to be remembered over a crash: a batch that got in is not posted
// again, one that did not is.
//
// Two batchers cannot both post: BatchInbox takes a batch only when it continues the last one. Two
// with the same key do not get in each other's way either: see batcher_lease.hpp.
//
// One thread.

#include "settlement/batch_builder.hpp"
#include "settlement/batcher_lease.hpp"
#include "settlement/blob_archive.hpp"
#include "settlement/tx_manager.hpp"

#include <functional>
#include <mutex>

namespace mega::settlement {

enum class BatchData : uint8_t { automatic, blobs, calldata };

struct BatcherOptions {
    Address batch_inbox{};
    BatchData data = BatchData::automatic;
    uint32_t target_blobs = 6;  // a batch is posted when it fills so many
    uint32_t max_blobs = 6;     // of a transaction (EIP-7594's networks take 6)
    uint64_t max_age_s = 60;    // or when its first block is so old
    uint32_t poll_ms = 500;
    uint64_t blob_retry_s = 600;  // of L1's clock, after it has refused blobs
    /// Posts whatever there is as soon as L1 has a block for it: for tests and demonstrations.
    bool is_eager = false;
    /// How long other processes with the same key leave posting to the one that posted last, and
    /// this process's name among them; 0: there are none.
    uint64_t lease_s = 0;
    HolderId holder{};
};

/// For metrics; any thread reads.
struct BatcherCounters {
    std::atomic<uint64_t> batches{0};
    std::atomic<uint64_t> blobs{0};
    std::atomic<uint64_t> payload_bytes{0};
    std::atomic<uint64_t> transactions{0};
    std::atomic<uint64_t> last_block{0};  // posted, as L1 has it
    std::atomic<uint64_t> failures{0};
    std::atomic<bool> is_standing_by{false};  // another process with the same key posts
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
        /// Held while something is sent; whoever else sends with this key does the same. Null:
        /// nobody.
        std::mutex* turn = nullptr;
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
    [[nodiscard]] Result<bool> prefers_calldata(const Backlog& backlog, const InboxHead& head);
    /// How the next batch goes to L1.
    struct Way {
        uint64_t nonce = 0;
        bool may_outbid = false;
        bool as_calldata = false;
    };
    /// Nothing while another process posts.
    [[nodiscard]] Result<std::optional<Way>> find_way(
        const InboxHead& head, const Backlog& backlog
    );
    [[nodiscard]] Result<bool> cut_and_post(const InboxHead& head, const Way& way);
    [[nodiscard]] Result<bool> post(Batch batch, const Way& way);
    [[nodiscard]] Result<TxRequest> request_of(const Batch& batch, const Way& way);
    [[nodiscard]] Result<void> see_origin(Batch& batch);
    [[nodiscard]] Result<TxRequest> blob_request(const Batch& batch);

    BatcherOptions options_;
    Parts parts_;
    BatchBuilder builder_;
    BatcherLease lease_;
    BatcherCounters counters_;
    bool are_blobs_refused_ = false;  // by the last try
    uint64_t blobs_again_at_ = 0;     // L1's clock
    std::string last_words_;          // said once until they change
    std::string last_stand_back_;
};

}  // namespace mega::settlement
