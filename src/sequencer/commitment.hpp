#pragma once

// The state tree on a thread of its own: it absorbs diffs while the block that made them is still running, so that the root
// is nearly ready when the block closes, and answers proof requests between two diffs. Calls may come from any thread;
// work is done in the order of the calls.

#include "execution/block.hpp"
#include "state/diff.hpp"
#include "trie/state_tree.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace mega::sequencer {

class Commitment {
  public:
    /// `source` must outlive this object. Clean nodes beyond `memory_limit_bytes` are forgotten after each flush.
    Commitment(const trie::NodeSource& source, const Hash256& root, size_t memory_limit_bytes);
    ~Commitment();
    Commitment(const Commitment&) = delete;
    Commitment& operator=(const Commitment&) = delete;

    void absorb(std::shared_ptr<const state::StateDiff> diff);
    /// The root over everything absorbed so far. An error means that the database has lost nodes.
    [[nodiscard]] Result<Hash256> root();
    /// Hands the nodes written since the last flush to `sink`, on the tree's thread; returns when done.
    void flush(trie::NodeSink& sink);

    struct ProofRequest {
        Address address;
        std::vector<u256> slots;
        /// Diffs to take back first, newest first: the proof is for the state before them.
        std::vector<std::shared_ptr<const state::StateDiff>> undo;
    };
    struct Proof {
        Hash256 state_root;
        trie::AccountProof proof;
    };
    [[nodiscard]] Result<Proof> prove(ProofRequest request);

    [[nodiscard]] size_t memory_bytes();

  private:
    using Task = std::function<void()>;
    void post(Task task);
    /// Runs `task` on the tree's thread and waits.
    void run(const Task& task);
    void work();
    [[nodiscard]] Result<Proof> prove_now(const ProofRequest& request);

    trie::StateTree tree_;  // touched by the thread alone
    std::string failure_;   // likewise
    size_t memory_limit_bytes_;

    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Task> tasks_;  // guarded by mutex_
    bool stopping_ = false;   // guarded by mutex_
    std::thread thread_;
};

}  // namespace mega::sequencer
