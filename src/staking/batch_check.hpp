#pragma once

// Compares what sequencers signed with the batches that they posted.
//
//   a batch is on L1   -> its digest is of the mini-blocks that were seen: all is well
//   else               -> nodes are asked which mini-blocks they have of its blocks; those that
//   hash
//                         to the digest are the batch's, and who left out a mini-block that it
//                         signed has contradicted itself
//
// Nodes are not believed: what they show has to hash to the digest on L1, and to be signed by
// registered keys. A batch whose mini-blocks nobody shows proves nothing: it is said, and left.

#include "settlement/rollup_file.hpp"
#include "staking/contradiction.hpp"
#include "staking/l1_staking.hpp"
#include "staking/promises.hpp"

#include <chrono>
#include <functional>
#include <mutex>

namespace mega::settlement {
struct BatchAt;
}

namespace mega::staking {

struct BatchCheckOptions {
    std::vector<std::string> urls;  // of nodes
    settlement::RollupFile rollup;
    std::function<bool(const Address& signer)> is_registered;
    /// That L1 may have taken back what it was made on.
    std::function<bool(const MiniBlockHeader&)> may_be_void;
    std::function<bool()> is_stopped;
    std::function<void(const std::string&)> log;
};

class BatchCheck {
  public:
    explicit BatchCheck(BatchCheckOptions options) : options_(std::move(options)) {}

    /// A mini-block that `signer` signed. Any thread.
    void note(const Address& signer, const MiniBlockHeader& header);
    /// What is left out of batches that have come to L1 since. The thread of `client`.
    [[nodiscard]] Result<std::vector<Contradiction>> step(
        settlement::L1Client& client, L1Staking& staking
    );

  private:
    using Found = std::vector<Contradiction>;
    using Headers = std::vector<MiniBlockHeader>;

    /// Nothing when the batch has to be looked at again.
    [[nodiscard]] Result<std::optional<Found>> look_at(
        const rollup::PostedBatch& batch, L1Staking& staking
    );
    [[nodiscard]] std::optional<Headers> ask_nodes(const rollup::PostedBatch& batch) const;
    [[nodiscard]] Result<Headers> ask(const std::string& url, const rollup::PostedBatch& batch)
        const;
    [[nodiscard]] bool are_of(const Headers& headers, const rollup::PostedBatch& batch) const;
    [[nodiscard]] std::optional<Found> give_up(
        const rollup::PostedBatch& batch, const std::string& words
    );

    BatchCheckOptions options_;
    std::mutex mutex_;
    Promises promises_;  // guarded by mutex_
    // Of the one thread:
    std::chrono::steady_clock::time_point next_look_{};
    uint64_t asked_batch_ = 0;  // whose mini-blocks nobody has shown yet
    uint32_t times_asked_ = 0;
};

}  // namespace mega::staking
