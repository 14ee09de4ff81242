#include "ethereum/chain_state.hpp"

#include <algorithm>

namespace mega::ethereum {

namespace {

/// A tree's present nodes, as the ground of another.
class NodesOf final : public trie::NodeSource {
  public:
    explicit NodesOf(trie::StateTree& tree) : tree_(tree) {}

    [[nodiscard]] std::optional<Bytes>
    load(const trie::TreeId& tree, BytesView path, const Hash256&) const override {
        return tree_.node(tree, path);
    }

  private:
    trie::StateTree& tree_;
};

/// The tree holds everything, so that no node can be missing.
void apply_to(trie::StateTree& tree, const state::StateDiff& diff) {
    const auto applied = tree.apply(execution::tree_updates(diff));
    MEGA_ASSERT(applied.has_value());
}

}  // namespace

void ChainState::reset() {
    overlay_.clear();
    tree_.emplace(no_nodes_, empty_trie_root);
    at_ = nullptr;
}

void ChainState::apply(const state::StateDiff& diff) {
    overlay_.apply(diff);
    apply_to(*tree_, diff);
}

void ChainState::move_to(const ChainBlock& block) {
    if (at_ == &block) {
        return;
    }
    std::vector<const ChainBlock*> path;
    for (const ChainBlock* step = &block; step != nullptr && step != at_; step = step->parent) {
        path.push_back(step);
    }
    const bool is_ahead = at_ != nullptr && path.back()->parent == at_;
    if (!is_ahead) {
        reset();
    }
    std::ranges::reverse(path);
    for (const ChainBlock* step : path) {
        apply(step->diff);
        confirm(*step);
    }
}

Hash256 ChainState::root_after(const state::StateDiff& diff) {
    const Hash256 root = tree_->root();
    const NodesOf nodes{*tree_};
    trie::StateTree scratch{nodes, root};
    apply_to(scratch, diff);
    return scratch.root();
}

Hash256 ChainState::advance(const state::StateDiff& diff) {
    at_ = nullptr;
    apply(diff);
    return tree_->root();
}

void ChainState::confirm(const ChainBlock& block) {
    at_ = &block;
    overlay_.set_block_hash(block.header.number, block.hash);
}

}  // namespace mega::ethereum
