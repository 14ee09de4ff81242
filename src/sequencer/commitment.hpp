#pragma once

// The state tree on a thread of its own: it absorbs diffs while the block that made them is still
// running, so that the root is nearly ready when the block closes, and answers proof requests
// between two diffs. Calls may come from any thread; work is done in the order of the calls.

#include "execution/block.hpp"
#include "sequencer/chain_types.hpp"
#include "sequencer/job_pool.hpp"
#include "sequencer/task_thread.hpp"
#include "state/access_log.hpp"
#include "trie/state_tree.hpp"
#include "witness/record.hpp"

#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace mega::sequencer {

/// What a block's execution asked of its parent's state, noted while it ran.
struct NotedAccesses {
    Hash256 block_hash;
    std::shared_ptr<const state::AccessLog> log;  // null: it was not noted
};

class Commitment {
  public:
    /// `source` must outlive this object. Clean nodes beyond `memory_limit_bytes` are forgotten
    /// once what was flushed is written. The tree stands at the end of block `head_number`, and is
    /// hashed by `hash_threads`, the tree's own included.
    Commitment(
        const trie::NodeSource& source,
        const Hash256& root,
        uint64_t head_number,
        size_t memory_limit_bytes,
        size_t hash_threads = 1
    );

    /// Part of the open block.
    void absorb(DiffPtr diff);
    /// The open block ended: `diff` is the sum of what was absorbed for it. `noted` is kept as long
    /// as all that are kept take no more than `max_noted_bytes`.
    void seal(uint64_t number, DiffPtr diff, NotedAccesses noted = {});
    static constexpr size_t max_noted_bytes = size_t{64} << 20;
    /// Takes the open block's part back.
    void abandon_open_block();
    /// Takes the last sealed block back, whose diff this is.
    void revert_block(DiffPtr diff);
    /// The root over everything absorbed so far. An error means that the database has lost nodes.
    [[nodiscard]] Result<Hash256> root();
    /// Hands the nodes written since the last flush to `sink`, on the tree's thread; returns when
    /// done.
    void flush(trie::NodeSink& sink);
    /// `source` has the nodes of one more flush. Until it has those of all, none are forgotten:
    /// they could not be loaded again.
    void flush_written();

    struct Proof {
        Hash256 state_root;
        trie::AccountProof proof;
    };
    /// For the state after sealed block `number`, one of the last `proof_window`; or for the newest
    /// absorbed state.
    [[nodiscard]] Result<Proof> prove(
        const Address& address, std::span<const u256> slots, std::optional<uint64_t> number
    );
    static constexpr size_t proof_window = 256;

    /// The witness, without headers, of sealed block `number`, whose execution looked at `accesses`
    /// and changed `diff`. For the last `proof_window` blocks. An error, too, when `diff` is not
    /// all that the block changed.
    [[nodiscard]] Result<witness::Witness> record_witness(
        uint64_t number, const witness::AccessSet& accesses, const state::StateDiff& diff
    );

    struct Execution {
        std::shared_ptr<const state::AccessLog> accesses;
        DiffPtr diff;
    };
    /// What sealed block `number` with this hash asked for and changed; nothing when that was not
    /// noted, or is not kept any more.
    [[nodiscard]] std::optional<Execution> noted(uint64_t number, const Hash256& block_hash);

    [[nodiscard]] size_t memory_bytes();

  private:
    struct Sealed {
        uint64_t number = 0;
        DiffPtr diff;
        NotedAccesses noted;
    };

    void apply(const state::StateDiff& diff);
    void forget_noted(Sealed& block);
    [[nodiscard]] static Result<void> take_back(
        trie::StateTree& tree, std::span<const DiffPtr> newest_first
    );
    /// What has to be taken back to arrive at the end of block `number`, newest first.
    [[nodiscard]] Result<std::vector<DiffPtr>> diffs_after(uint64_t number) const;
    [[nodiscard]] Result<Proof> prove_now(
        const Hash256& hashed_address,
        std::span<const Hash256> hashed_slots,
        std::optional<uint64_t> number
    );
    [[nodiscard]] Result<witness::Witness> record_now(
        uint64_t number, const witness::AccessSet& accesses, const state::StateDiff& diff
    );

    size_t memory_limit_bytes_;
    JobPool pool_;  // lent to the tree
    // Touched by the thread alone.
    trie::StateTree tree_;
    std::string failure_;
    uint64_t unwritten_flushes_ = 0;
    std::vector<DiffPtr> open_;  // of the open block, oldest first
    std::deque<Sealed> sealed_;  // the last blocks, oldest first
    size_t noted_bytes_ = 0;     // of all of them
    uint64_t oldest_number_;     // the block before the first of sealed_

    TaskThread thread_;  // last: its tasks use the members above
};

}  // namespace mega::sequencer
