#include "replay/checks.hpp"
#include "trie/state_tree.hpp"

namespace mega::replay {
namespace {

/// The nodes of all proofs, whatever their path: the tree asks by hash as well.
class ProofNodes final : public trie::NodeSource {
  public:
    explicit ProofNodes(const std::unordered_map<Hash256, Bytes>& nodes) : nodes_(nodes) {}

    [[nodiscard]] std::optional<Bytes> load(const trie::TreeId&, BytesView, const Hash256& hash)
        const override {
        const auto found = nodes_.find(hash);
        return found == nodes_.end() ? std::nullopt : std::optional(found->second);
    }

  private:
    const std::unordered_map<Hash256, Bytes>& nodes_;
};

}  // namespace

RootCheck check_state_root(const ReplayBlock& block, const execution::BlockResult& result) {
    const auto parent_root = block.state->proven_root();
    if (!parent_root || block.ommers.size() != block.ommer_count) {
        return RootCheck::not_proven;
    }
    const ProofNodes nodes{block.state->nodes()};
    trie::StateTree tree{nodes, *parent_root};
    if (!tree.apply(execution::tree_updates(result.diff))) {
        return RootCheck::not_proven;
    }
    return tree.root() == block.header.state_root ? RootCheck::matches : RootCheck::differs;
}

}  // namespace mega::replay
