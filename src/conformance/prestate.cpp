#include "conformance/prestate.hpp"

#include "execution/block.hpp"

namespace mega::conformance {

namespace {

class NoNodes final : public trie::NodeSource {
  public:
    [[nodiscard]] std::optional<Bytes> load(const trie::TreeId&, BytesView, const Hash256&)
        const override {
        return std::nullopt;
    }
};
const NoNodes no_nodes;

/// The nodes of another tree, which is whole.
class NodesOf final : public trie::NodeSource {
  public:
    explicit NodesOf(trie::StateTree& tree) : tree_(tree) {}
    [[nodiscard]] std::optional<Bytes> load(
        const trie::TreeId& id, BytesView path, const Hash256& /*hash*/
    ) const override {
        return tree_.node(id, path);
    }

  private:
    trie::StateTree& tree_;
};

trie::StateTree tree_of(const state::StateDiff& alloc) {
    trie::StateTree tree{no_nodes, empty_trie_root};
    MEGA_ASSERT(tree.apply(execution::tree_updates(alloc)).has_value());
    return tree;
}

}  // namespace

PreState::PreState(const state::StateView& base, state::StateDiff alloc)
    : alloc_(std::move(alloc)), view_(base), tree_(tree_of(alloc_)), root_(tree_.root()) {
    view_.apply(alloc_);
}

Hash256 PreState::root_after(const state::StateDiff& diff) {
    const NodesOf nodes{tree_};
    trie::StateTree changed{nodes, root_};
    MEGA_ASSERT(changed.apply(execution::tree_updates(diff)).has_value());
    return changed.root();
}

Hash256 root_of(const state::StateDiff& alloc) { return tree_of(alloc).root(); }

}  // namespace mega::conformance
