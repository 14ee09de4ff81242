#pragma once

// The trie as its walkers see it: nodes of one trie, loaded from the NodeSource when a walk needs
// them.

#include "trie/node.hpp"
#include "trie/state_tree.hpp"

#include <set>
#include <vector>

namespace mega::trie {

/// Names one trie of a tree: where its nodes come from and where its root hangs.
struct Trie {
    TreeId id;
    NodeKind leaf_kind = NodeKind::account_leaf;
    Ref top = 0;
};

/// A node that the store holds and that is no more.
struct RemovedNode {
    TreeId tree;
    NibblePath path;
    friend auto operator<=>(const RemovedNode&, const RemovedNode&) = default;
};
using RemovedNodes = std::set<RemovedNode>;

/// A top without a child, or with one that is not loaded.
[[nodiscard]] Ref make_top(NodeArena& arena, const Hash256& root);

/// Nibbles [0, depth) of `key`.
[[nodiscard]] NibblePath path_of(const Hash256& key, unsigned depth);

/// Loads the child of `parent` at `nibble`, whose path is the first `depth` nibbles of `key`. False
/// when the source does not have it, or has something that is not that node: wrong hash, malformed,
/// or impossible at this place.
[[nodiscard]] bool load_child(
    NodeArena& arena,
    const NodeSource& source,
    const Trie& trie,
    Ref parent,
    unsigned nibble,
    const Hash256& key,
    unsigned depth
);

/// What to report when load_child fails.
[[nodiscard]] MissingNode missing_child(
    const NodeArena& arena,
    const Trie& trie,
    Ref parent,
    unsigned nibble,
    const Hash256& key,
    unsigned depth
);

}  // namespace mega::trie
