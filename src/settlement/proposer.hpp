#pragma once

// Claims the state after batches on L1, with a bond, and makes claims final when their time has
// come. It claims only what this node's own chain has; a batch whose last block is another one is
// left to others to be judged. What is claimed already is read from L1 each time.
//
// No thread of its own: whoever owns it calls tick() now and then, always from the same one.

#include "settlement/chain_proofs.hpp"
#include "settlement/deployment.hpp"
#include "settlement/inbox.hpp"

#include <functional>

namespace mega::settlement {

struct ProposerOptions {
    rollup::RollupConfig rollup;
    Contracts contracts;
    /// A claim names the newest batch; so long after the last claim at the earliest.
    uint64_t interval_s = 60;
};

/// For metrics; any thread reads.
struct ProposerCounters {
    std::atomic<uint64_t> claims{0};
    std::atomic<uint64_t> finalized{0};
    std::atomic<uint64_t> failures{0};
    std::atomic<uint64_t> last_claimed_block{0};
};

class Proposer {
  public:
    struct Parts {
        L1Client& client;
        TxManager& sender;
        ChainProofs& chain;
        const StopSignal& stop;
        std::function<void(const std::string&)> log;
    };
    Proposer(const ProposerOptions& options, Parts parts)
        : options_(options), parts_(std::move(parts)) {}

    /// One look; true when something was sent.
    [[nodiscard]] Result<bool> step();
    /// step(), with what went wrong logged once until it changes.
    void tick();

    [[nodiscard]] const ProposerCounters& counters() const { return counters_; }

  private:
    struct Place {
        uint64_t index = 0;
        Claim claim;
    };
    /// The newest claim that is not rejected, at worst the genesis.
    [[nodiscard]] Result<Place> newest_claim();
    /// What the next claim continues: the newest one; once the committee can make a claim final at
    /// once, the newest final one, so that no open claim before it holds it back for its window.
    [[nodiscard]] Result<Place> parent_after(const Place& newest);
    [[nodiscard]] Result<bool> propose(const InboxHead& inbox, const Place& newest);
    [[nodiscard]] Result<bool> finalize_due(uint64_t l1_time);

    ProposerOptions options_;
    Parts parts_;
    ProposerCounters counters_;
    uint64_t first_open_ = 1;  // claims before it are final or rejected
    std::string last_words_;
};

}  // namespace mega::settlement
