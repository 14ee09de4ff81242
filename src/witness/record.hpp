#pragma once

// Making a witness out of what an execution looked at and changed, and the tree of the parent
// state.
//
//   1. execute over an AccessRecorder: the AccessSet and the block's diff. After each transaction
//      absorb() its diff, or return_to() the mark before it when it was refused
//   2. record(): walk a StateTree of the parent state to every key that was looked at, then apply
//      the block's updates to it; what it loaded on the way is the witness. A validator walks the
//      same ways with the same code, so nothing is missing and nothing is too much.
//   3. the caller adds the headers of headers_needed()
//
// The nodes of the parent state come from
//   - the tree itself, when it stands at the parent state (TreeNodes); or
//   - ParentNodes, when the tree absorbs the block piece by piece while it runs: it goes along and
//     keeps what the tree is about to change; or
//   - a tree from which the blocks after the parent were taken back (execution::tree_updates of
//     state::invert of each diff, newest first, applied to a StateTree over TreeNodes), for blocks
//     of the past.

#include "witness/witness.hpp"

namespace mega::witness {

/// The present nodes of a tree as the source of another. The tree must not change meanwhile.
class TreeNodes final : public trie::NodeSource {
  public:
    explicit TreeNodes(trie::StateTree& tree) : tree_(&tree) {}
    [[nodiscard]] std::optional<Bytes> load(
        const trie::TreeId& tree, BytesView path, const Hash256& /*hash*/
    ) const override {
        return tree_->node(tree, path);
    }

  private:
    trie::StateTree* tree_;
};

/// Notes every node that is loaded through it and has the hash that was asked for.
class RecordingNodes final : public trie::NodeSource {
  public:
    explicit RecordingNodes(const trie::NodeSource& base) : base_(&base) {}
    [[nodiscard]] std::optional<Bytes> load(
        const trie::TreeId& tree, BytesView path, const Hash256& hash
    ) const override;
    [[nodiscard]] bool has_checked_hashes() const override { return true; }
    [[nodiscard]] NodeSet take();

  private:
    const trie::NodeSource* base_;
    mutable NodeSet loaded_;
};

/// The witness without headers. `updates` are those of the whole block, as execution::tree_updates
/// gives them. The error names a node that `nodes` lacks.
[[nodiscard]] Result<Witness, trie::MissingNode> record(
    const trie::NodeSource& nodes,
    const Hash256& parent_state_root,
    const AccessSet& accesses,
    std::span<const trie::AccountUpdate> updates
);

/// The same walk without the rest: what `accesses` and `updates` need, into whatever the tree's
/// source is.
[[nodiscard]] Result<void, trie::MissingNode> walk(
    trie::StateTree& tree,
    std::span<const AccountKeys> keys,
    std::span<const trie::AccountUpdate> updates
);

/// Goes along with a tree through one block that comes in pieces, and gathers the nodes of the
/// parent state that any witness of the block may need: more than the witness will hold, far less
/// than the tree.
///
/// Before the tree takes a piece's updates, follow() it here. It does the tree's structural work a
/// second time, without hashing.
class ParentNodes {
  public:
    /// `tree` stands at the parent state, whose root this is, and must outlive this object.
    ParentNodes(trie::StateTree& tree, const Hash256& parent_state_root);
    ParentNodes(const ParentNodes&) = delete;
    ParentNodes& operator=(const ParentNodes&) = delete;

    /// The keys that the piece looked at, and what it changed.
    [[nodiscard]] Result<void, trie::MissingNode> follow(
        const AccessSet& accesses, std::span<const trie::AccountUpdate> updates
    );
    /// What was gathered, as the source for record().
    [[nodiscard]] NodeSet take() { return gathered_.take(); }

  private:
    TreeNodes nodes_;
    RecordingNodes gathered_;
    trie::StateTree follower_;
};

}  // namespace mega::witness
