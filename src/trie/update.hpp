#pragma once

// Updates of one trie, in two walks so that a missing node leaves the trie as it was: `Resolver`
// loads whatever the updates will need and changes nothing, then `Updater` changes the structure
// and cannot fail. Hashing comes later (trie/hasher.hpp).
//
// What is needed: the nodes on the way to each key, and, where a branch will be left with one child
// that no update walks into, that child, because it merges with what is above it. No more than
// that: a witness holds just these nodes.
//
// Both walks recurse at most once per nibble of the key.

#include "trie/node_store.hpp"

namespace mega::trie {

struct LeafUpdate {
    const Hash256* key = nullptr;
    bool is_deletion = false;
    bool is_forced = false;  // the leaf counts as changed even when its value is the same
    Ref existing = 0;        // set by Resolver: the leaf of this key, good until the first change
    BytesView value{
    };  // for Updater: in the form of the trie's leaves; not empty unless a deletion
};
/// Sorted by key, no repeats.
using LeafUpdates = std::span<const LeafUpdate>;

struct MatchingRange {
    size_t first = 0;
    size_t count = 0;
};
/// The updates whose keys go on with `path` at `depth`; they are neighbours.
[[nodiscard]] MatchingRange matching_range(LeafUpdates updates, PackedPath path, unsigned depth);
/// How many of the first updates have `nibble` at `depth`.
[[nodiscard]] inline size_t group_size(LeafUpdates updates, unsigned nibble, unsigned depth) {
    size_t count = 1;
    while (count < updates.size() && nibble_of(*updates[count].key, depth) == nibble) {
        ++count;
    }
    return count;
}

class Resolver {
  public:
    Resolver(NodeArena& arena, const NodeSource& source, const Trie& trie)
        : arena_(arena), source_(source), trie_(trie) {}

    [[nodiscard]] Result<void, MissingNode> resolve(std::span<LeafUpdate> updates);

  private:
    using Updates = std::span<LeafUpdate>;
    enum class Outcome : uint8_t { empty, kept, failed };

    [[nodiscard]] Outcome resolve_child(
        Ref parent, unsigned nibble, unsigned depth, Updates updates
    );
    [[nodiscard]] Outcome resolve_node(Ref ref, unsigned depth, Updates updates);
    [[nodiscard]] Outcome resolve_leaf(Ref ref, unsigned depth, Updates updates) const;
    [[nodiscard]] Outcome resolve_extension(Ref ref, unsigned depth, Updates updates);
    [[nodiscard]] Outcome resolve_branch(Ref ref, unsigned depth, Updates updates);
    void prefetch_children(Ref ref, unsigned depth, LeafUpdates updates) const;
    [[nodiscard]] bool ensure_loaded(
        Ref parent, unsigned nibble, const Hash256& key, unsigned depth
    );

    NodeArena& arena_;
    const NodeSource& source_;
    const Trie& trie_;
    MissingNode missing_;
};

class Updater {
  public:
    /// Records in `removed` the nodes of the store whose paths are no more.
    Updater(NodeArena& arena, const Trie& trie, RemovedNodes& removed)
        : arena_(arena), trie_(trie), removed_(removed) {}

    /// What `updates` need must be loaded. Returns the top, which may be another than before.
    [[nodiscard]] Ref update(LeafUpdates updates);

  private:
    /// The node now at the place of the one that was given; 0 when nothing is left.
    struct Changed {
        Ref ref = 0;
        bool is_changed = false;
    };
    /// What the groups of a branch's children came to.
    struct BranchChange {
        std::array<Ref, 16> added{};
        uint16_t added_mask = 0;
        uint16_t removed_mask = 0;
        bool is_changed = false;
    };

    [[nodiscard]] Changed update_node(Ref ref, unsigned depth, LeafUpdates updates);
    [[nodiscard]] Changed update_leaf(Ref ref, unsigned depth, LeafUpdates updates);
    [[nodiscard]] Changed set_leaf(Ref ref, unsigned depth, const LeafUpdate& update);
    [[nodiscard]] Changed update_extension(Ref ref, unsigned depth, LeafUpdates updates);
    [[nodiscard]] Changed update_below_extension(Ref ref, unsigned depth, LeafUpdates updates);
    [[nodiscard]] Ref split_extension(Ref ref, unsigned depth, LeafUpdates insertions);
    [[nodiscard]] Changed update_branch(Ref ref, unsigned depth, LeafUpdates updates);
    [[nodiscard]] BranchChange update_children(Ref ref, unsigned depth, LeafUpdates updates);
    [[nodiscard]] Ref reshape_branch(
        Ref ref, unsigned depth, const BranchChange& change, const Hash256& key
    );
    [[nodiscard]] Ref merge_with_child(
        Ref ref, unsigned nibble, unsigned depth, unsigned child_depth, const Hash256& key
    );
    [[nodiscard]] Ref build(unsigned depth, LeafUpdates insertions);
    [[nodiscard]] Ref build_branch(unsigned depth, LeafUpdates insertions);
    [[nodiscard]] Ref wrap(Ref branch, const Hash256& key, unsigned from, unsigned to);
    void link_gone(Inner node, unsigned nibble, const Hash256& key, unsigned depth);

    NodeArena& arena_;
    const Trie& trie_;
    RemovedNodes& removed_;
};

}  // namespace mega::trie
