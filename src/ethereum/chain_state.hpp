#pragma once

// The state of one block of a chain at a time: a flat view for execution and the tree for roots,
// moved from block to block by their diffs. Forward is cheap; anywhere else starts again from
// genesis, because a diff cannot be undone where it cleared storage.

#include "ethereum/block_fault.hpp"
#include "execution/block.hpp"
#include "state/overlay.hpp"

namespace mega::ethereum {

/// A block that was imported. Its ancestors outlive it.
struct ChainBlock {
    BlockHeader header;
    Hash256 hash;
    u256 total_difficulty;
    bool is_merged = false;  // it follows the rules of Paris or later
    std::vector<Hash256> ommer_hashes;
    state::StateDiff diff;               // from its parent; of the first block, from nothing
    const ChainBlock* parent = nullptr;  // null for the first block
};

class ChainState {
  public:
    ChainState() : overlay_(empty_) { reset(); }
    ChainState(const ChainState&) = delete;
    ChainState& operator=(const ChainState&) = delete;

    /// Afterwards the view is that after `block`.
    void move_to(const ChainBlock& block);
    [[nodiscard]] const state::StateView& view() const { return overlay_; }

    /// The root with `diff` on top; nothing changes.
    [[nodiscard]] Hash256 root_after(const state::StateDiff& diff);

    /// Puts `diff` on top and gives the root; the place is then that of no block until `confirm`
    /// names it or `move_to` goes elsewhere.
    [[nodiscard]] Hash256 advance(const state::StateDiff& diff);
    void confirm(const ChainBlock& block);

  private:
    class NoNodes final : public trie::NodeSource {
      public:
        [[nodiscard]] std::optional<Bytes> load(const trie::TreeId&, BytesView, const Hash256&)
            const override {
            return std::nullopt;
        }
    };

    void reset();
    void apply(const state::StateDiff& diff);

    state::EmptyState empty_;
    NoNodes no_nodes_;
    state::Overlay overlay_;
    std::optional<trie::StateTree> tree_;
    const ChainBlock* at_ = nullptr;  // null when the place is that of no block
};

}  // namespace mega::ethereum
