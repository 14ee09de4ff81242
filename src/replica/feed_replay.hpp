#pragma once

// From a replica's directory to a running mirror: the database's checkpoint, then the log of feed
// records on top. It ends where the replica stood when the process ended, whatever ended it, but
// for what the log has lost, which is fetched again.

#include "replica/return_to.hpp"
#include "storage/write_ahead_log.hpp"

namespace mega::replica {

/// What a replica goes on from.
struct Resumption {
    std::vector<sequencer::SealedPtr> unsaved;  // sealed, and in no checkpoint
    uint64_t seal_sequence = 0;                 // of the last one's record in the log
};

/// Plays the log of feed records into a mirror.
class FeedReplay {
  public:
    FeedReplay(
        Mirror& mirror,
        sequencer::Checkpointer& checkpointer,
        const storage::Checkpoint& checkpoint,
        const std::optional<rollup::L1Position>& l1_genesis
    )
        : mirror_(&mirror),
          checkpointer_(&checkpointer),
          checkpoint_(checkpoint),
          l1_genesis_(l1_genesis),
          seal_sequence_(checkpoint.log_sequence) {}

    /// False (see `failure`) when the record does not fit.
    [[nodiscard]] bool accept(storage::WriteAheadLog::Sequence sequence, BytesView payload);
    [[nodiscard]] const std::string& failure() const { return failure_; }
    [[nodiscard]] Resumption finish() { return {std::move(unsaved_), seal_sequence_}; }
    [[nodiscard]] uint64_t replayed_transactions() const { return replayed_transactions_; }

  private:
    [[nodiscard]] bool go_back(const feed::RevertRecord& record, uint64_t sequence);
    [[nodiscard]] bool fail(std::string words);

    Mirror* mirror_;
    sequencer::Checkpointer* checkpointer_;
    storage::Checkpoint checkpoint_;
    std::optional<rollup::L1Position> l1_genesis_;
    std::string failure_;
    std::vector<sequencer::SealedPtr> unsaved_;
    uint64_t seal_sequence_;
    uint64_t replayed_transactions_ = 0;
};

}  // namespace mega::replica
