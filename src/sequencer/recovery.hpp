#pragma once

// From a data directory to a running chain: the database's checkpoint, then the log's records on
// top. The chain ends where it stood when the process ended, whatever ended it, with every
// acknowledged transaction in it.

#include "execution/genesis.hpp"
#include "sequencer/checkpointer.hpp"
#include "sequencer/sequencer.hpp"

#include <map>

namespace mega::sequencer {

/// Writes block 0 into an empty database; checks that it is the same one otherwise. A directory of
/// another genesis is an error and stays as it is.
[[nodiscard]] Result<void> ensure_genesis(
    storage::Database& database, const execution::Genesis& genesis
);

/// The head of the database's checkpoint.
struct StoredHead {
    SealedPtr head;
    storage::Checkpoint checkpoint;
};
/// `l1_genesis`: where block 0 stands in L1, if there is one.
[[nodiscard]] Result<StoredHead> load_head(
    const storage::ChainStore& blocks, const std::optional<rollup::L1Position>& l1_genesis = {}
);

/// Drives a chain with log records. Transactions are collected over batches and mini-blocks, up to
/// a bound, and executed together: the chain ends the same, sooner. A record that does not fit may
/// therefore be reported with one that comes after it.
class Replay {
  public:
    Replay(Chain& chain, Checkpointer& checkpointer, const storage::Checkpoint& checkpoint)
        : chain_(&chain), checkpointer_(&checkpointer), checkpoint_(checkpoint) {}

    /// Feeds the next record; false (see `failure`) when one does not fit.
    [[nodiscard]] bool accept(storage::WriteAheadLog::Sequence sequence, BytesView payload);
    /// Executes what has been collected; false as from accept.
    [[nodiscard]] bool catch_up();
    /// Ends the replay: makes the open block's content visible, and hands over what the sequencer
    /// goes on with.
    [[nodiscard]] Result<Resumption> finish();

    [[nodiscard]] const std::string& failure() const { return failure_; }
    [[nodiscard]] uint64_t replayed_transactions() const { return replayed_transactions_; }

  private:
    [[nodiscard]] bool apply(const OpenBlockRecord& record, uint64_t sequence);
    [[nodiscard]] bool apply(const BatchRecord& record, uint64_t sequence);
    [[nodiscard]] bool apply(const MiniBlockRecord& record, uint64_t sequence);
    [[nodiscard]] bool apply(const SealRecord& record, uint64_t sequence);
    [[nodiscard]] bool apply(const PooledRecord& record, uint64_t sequence);
    [[nodiscard]] bool apply(const DroppedRecord& record, uint64_t sequence);
    [[nodiscard]] bool apply(const OverrideRecord& record, uint64_t sequence);
    [[nodiscard]] bool apply(const RevertRecord& record, uint64_t sequence);
    [[nodiscard]] bool apply(const SignedMiniBlockRecord& record, uint64_t sequence);
    [[nodiscard]] bool fail(const std::string& what);
    void save(uint64_t sequence);

    Chain* chain_;
    Checkpointer* checkpointer_;
    storage::Checkpoint checkpoint_;
    std::string failure_;
    std::vector<mempool::TxPtr> collected_;  // to be executed
    size_t collected_bytes_ = 0;
    struct Cut {
        size_t transactions = 0;  // of those collected that come before it
        uint64_t timestamp_us = 0;
    };
    std::vector<Cut> cuts_;  // mini-blocks that end among the collected
    std::vector<SealedPtr> unsaved_;
    std::vector<ExecutedPtr> executed_;      // of the open block
    std::vector<MiniBlockPtr> mini_blocks_;  // of the open block
    struct Pooled {
        uint64_t sequence = 0;  // of the first record: the order of arrival
        mempool::TxPtr tx;
    };
    std::map<Hash256, Pooled> pooled_;
    uint64_t replayed_transactions_ = 0;
    uint64_t seal_sequence_ = 0;
};

}  // namespace mega::sequencer
