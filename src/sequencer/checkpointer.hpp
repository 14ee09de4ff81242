#pragma once

// Writes sealed blocks to the database behind the sequencer's back: one atomic batch per
// checkpoint, after which the log up to it may go. Runs on a thread of its own; at most a few
// checkpoints wait.

#include "sequencer/chain.hpp"
#include "storage/chain_store.hpp"
#include "storage/write_ahead_log.hpp"

#include <atomic>

namespace mega::sequencer {

class Checkpointer {
  public:
    struct Parts {
        storage::Database& database;
        storage::StateStore& states;
        storage::ChainStore& blocks;
        /// Null while the log is still being replayed: then nothing is cut from it.
        storage::WriteAheadLog* log;
    };

    explicit Checkpointer(const Parts& parts) : parts_(parts) {}

    /// Replay is over: from now on checkpoints wait for this log and cut it.
    void set_log(storage::WriteAheadLog& log);

    /// A block was sealed: readable through the block store from now on.
    void remember(const SealedPtr& block);

    struct Save {
        storage::WriteBatch batch;  // holds the tree nodes as of the last of `blocks`
        std::vector<SealedPtr> blocks;
        storage::StateVersion state_version = 0;
        uint64_t log_sequence = 0;
        uint64_t next_mini_block_number = 0;
        /// Whose nodes the batch holds: may forget them once they are written.
        Commitment* commitment = nullptr;
    };
    /// Waits while checkpoints pile up. To be called before the tree is flushed for the next one.
    void make_room();
    void save(Save save);
    /// Waits until everything is written.
    void wait();

    /// Brings the chain and the database back to the end of block `number`, which is sealed and
    /// saved. `log_sequence` is that of the RevertRecord.
    [[nodiscard]] Result<void> revert(Chain& chain, uint64_t number, uint64_t log_sequence);

    /// Blocks that are to be taken back: the same in two halves, for who keeps a chain in another
    /// way. Between them it undoes `newer` in the state and in the tree.
    struct Withdrawal {
        SealedPtr target;            // becomes the head
        std::vector<DiffPtr> newer;  // of the blocks after it, newest first
        storage::WriteBatch batch;   // takes them out of the database
    };
    /// The blocks from `number` + 1 to `head_number`, all of them saved. An error leaves everything
    /// as it is when one of their diffs is not kept.
    [[nodiscard]] Result<Withdrawal> withdraw(
        uint64_t number, uint64_t head_number, const std::optional<rollup::L1Position>& l1_genesis
    );
    struct Stand {
        storage::StateVersion state_version = 0;
        uint64_t log_sequence = 0;
        uint64_t next_mini_block_number = 0;
    };
    /// The database stands at the end of the target from now on.
    [[nodiscard]] Result<void> finish(
        Withdrawal withdrawal, Commitment& commitment, const Stand& stand
    );

    /// What users sent that is in the blocks from `first` to `last`, in order.
    [[nodiscard]] Result<std::vector<ExecutedPtr>> sent_in(uint64_t first, uint64_t last) const;
    [[nodiscard]] const storage::ChainStore& blocks() const { return parts_.blocks; }

    /// Words when the database could not be written.
    [[nodiscard]] std::optional<std::string> failure() const;
    [[nodiscard]] uint64_t saved_block() const { return saved_block_; }

  private:
    void write(Save save);
    void fail(const std::string& message);

    Parts parts_;
    std::atomic<int> waiting_{0};
    std::atomic<uint64_t> saved_block_{0};
    mutable std::mutex mutex_;
    std::optional<std::string> failure_;  // guarded by mutex_
    TaskThread thread_;
};

/// The block as the store keeps it, and back.
[[nodiscard]] storage::StoredBlockPtr to_stored(const SealedBlock& block);
[[nodiscard]] Result<ExecutedPtr> from_stored(
    const storage::StoredTransaction& tx,
    uint64_t block_number,
    uint32_t index,
    uint64_t first_log_index
);

}  // namespace mega::sequencer
