#pragma once

// The node's pipeline without its RPC: database, flat state, state tree, chain, write-ahead log and
// checkpoints, put together as src/node does it, driven batch by batch from this process.

#include "bench/transfers.hpp"
#include "sequencer/checkpointer.hpp"
#include "storage/node_store.hpp"

#include <filesystem>
#include <memory>

namespace mega::bench {

inline constexpr uint64_t engine_chain_id = 6342;

struct EngineOptions {
    std::filesystem::path directory;  // must not exist
    uint64_t accounts = 0;            // synthetic ones that exist at genesis
    std::vector<Sender> senders;      // rich, in money and in tokens
};

/// Fails the program with words: a benchmark has nobody to hand an error to.
class Engine {
  public:
    explicit Engine(const EngineOptions& options);
    ~Engine();
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    /// Every transaction must execute.
    void execute(std::span<const mempool::TxPtr> batch);
    /// Appends what was executed since the last call to the log.
    void log_batch();
    void sync_log();
    void close_mini_block();
    /// Waits until the tree has taken up every mini-block.
    void wait_for_tree();
    void seal();
    /// Hands the sealed block to the readers' store, and opens the next one.
    void open_next();
    /// Everything sealed goes to the database; returns when it is there.
    void checkpoint();
    /// The same, in the background.
    void begin_checkpoint();
    void finish_checkpoints() { checkpointer_->wait(); }

    [[nodiscard]] uint64_t failed_transactions() const { return failed_; }

  private:
    void open_storage(const EngineOptions& options);

    std::filesystem::path directory_;
    std::unique_ptr<storage::Database> database_;
    std::unique_ptr<storage::StateStore> states_;
    std::unique_ptr<storage::ChainStore> blocks_;
    std::unique_ptr<storage::NodeReader> tree_nodes_;
    std::unique_ptr<sequencer::Commitment> commitment_;
    std::unique_ptr<sequencer::Chain> chain_;
    std::unique_ptr<storage::WriteAheadLog> log_;
    std::unique_ptr<sequencer::Checkpointer> checkpointer_;

    crypto::SecretKey key_;
    uint64_t time_us_;
    uint64_t failed_ = 0;
    storage::WriteAheadLog::Sequence sequence_ = 0;
    sequencer::BatchRecord unlogged_;
    sequencer::SealedPtr sealed_;                // by the last seal()
    std::vector<sequencer::SealedPtr> unsaved_;  // in no checkpoint
};

/// An ERC-20's transfer, the usual way: balances in a mapping, a Transfer event.
[[nodiscard]] Template token_template(uint64_t recipients);

}  // namespace mega::bench
