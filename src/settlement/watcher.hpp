#pragma once

// What L1 tells the sequencer: its blocks, deep enough to be used, with the entries of the queue;
// what it takes back; how far the chain is in batches. Blocks that L1 holds otherwise than this
// chain (forced batches, batches with bad content, another sequencer's) are derived and adopted.
//
// While L1 is away the chain goes on by itself: nothing new becomes safe, and what was missed is
// fed when L1 is back.
//
// One thread.

#include "sequencer/block_source.hpp"
#include "sequencer/sequencer.hpp"
#include "settlement/inbox.hpp"
#include "settlement/l1_follower.hpp"
#include "settlement/stop_signal.hpp"

#include <set>

namespace mega::settlement {

struct WatcherOptions {
    uint64_t depth = 0;  // L1 blocks on top of one before its deposits are taken
    uint32_t poll_ms = 250;
    /// Silence of L1 after which people are told.
    uint64_t away_after_ms = 10'000;
};

/// For metrics; any thread reads.
struct WatcherCounters {
    std::atomic<uint64_t> l1_head{0};
    std::atomic<uint64_t> l1_followed{0};  // the last L1 block that was told to the sequencer
    std::atomic<uint64_t> reorganisations{0};
    std::atomic<uint64_t> adopted_blocks{0};
    std::atomic<bool> is_connected{false};
};

class Watcher {
  public:
    struct Parts {
        L1Client& client;
        sequencer::Sequencer& sequencer;
        sequencer::Head& head;
        const sequencer::BlockSource& source;
        const BlobArchive& archive;
        const StopSignal& stop;
        std::function<void(const std::string&)> log;
    };
    Watcher(const WatcherOptions& options, const rollup::RollupConfig& config, Parts parts);

    /// Until told to stop.
    void run();
    /// One look at L1; true when there is more to be had at once.
    [[nodiscard]] Result<bool> step();

    [[nodiscard]] const WatcherCounters& counters() const { return counters_; }

  private:
    [[nodiscard]] Result<void> resume();
    [[nodiscard]] std::vector<L1BlockId> known_origins() const;
    [[nodiscard]] Result<void> settle();
    /// Whether this chain ends where the batches do.
    [[nodiscard]] Result<bool> agrees_with(const InboxHead& inbox) const;
    [[nodiscard]] Result<void> adopt_from_l1(uint64_t l1_number);
    [[nodiscard]] bool agrees_with(const rollup::DerivedBatch& batch) const;
    [[nodiscard]] uint64_t last_block_at(uint64_t l1_number);
    void note_silence(const std::string& words);

    WatcherOptions options_;
    rollup::RollupConfig config_;
    Parts parts_;
    L1Follower follower_;
    WatcherCounters counters_;
    bool is_resumed_ = false;
    bool is_away_ = false;
    uint64_t last_heard_ms_ = 0;
    std::string last_words_;
    /// Batches whose blocks were adopted although their header says another hash.
    std::set<Hash256> adopted_;
};

}  // namespace mega::settlement
