#include "trie/update.hpp"

namespace mega::trie {

namespace {

/// The updates that are not deletions; copies only when there are some of both.
class Insertions {
  public:
    explicit Insertions(LeafUpdates updates) : view_(updates) {
        if (std::any_of(updates.begin(), updates.end(), is_deletion)) {
            std::copy_if(
                updates.begin(),
                updates.end(),
                std::back_inserter(copies_),
                std::not_fn(is_deletion)
            );
            view_ = copies_;
        }
    }
    Insertions(const Insertions&) = delete;
    Insertions& operator=(const Insertions&) = delete;
    [[nodiscard]] LeafUpdates view() const { return view_; }

  private:
    static bool is_deletion(const LeafUpdate& update) { return update.is_deletion; }

    std::vector<LeafUpdate> copies_;
    LeafUpdates view_;
};

unsigned shared_nibbles(const Hash256& a, const Hash256& b, unsigned from) {
    unsigned i = from;
    while (i < key_nibbles && nibble_of(a, i) == nibble_of(b, i)) {
        ++i;
    }
    return i - from;
}

/// How many nibbles of `path` the key goes on with at `depth`.
unsigned shared_nibbles(const Hash256& key, PackedPath path, unsigned depth) {
    unsigned i = 0;
    while (i < path.count && nibble_of(key, depth + i) == path.nibble(i)) {
        ++i;
    }
    return i;
}

void append_path(Hash256& key, unsigned depth, PackedPath path) {
    for (unsigned i = 0; i < path.count; ++i) {
        set_nibble(key, depth + i, path.nibble(i));
    }
}

/// Nibbles [from, to) of a key as a packed path, which is aligned to its end.
class PathSlice {
  public:
    PathSlice(const Hash256& key, unsigned from, unsigned to) : view_{bytes_.data(), to - from} {
        for (unsigned i = from; i < to; ++i) {
            const unsigned position = i - from + ((to - from) & 1);
            uint8_t& byte = bytes_[position / 2];
            const unsigned nibble = nibble_of(key, i);
            byte = static_cast<uint8_t>((position & 1) != 0 ? byte | nibble : nibble << 4);
        }
    }
    PathSlice(const PathSlice&) = delete;
    PathSlice& operator=(const PathSlice&) = delete;
    [[nodiscard]] PackedPath view() const { return view_; }

  private:
    std::array<uint8_t, key_nibbles / 2> bytes_{};
    PackedPath view_;
};

/// `insertions` and one more, in order.
std::vector<LeafUpdate> with_update(LeafUpdates insertions, const LeafUpdate& own) {
    std::vector<LeafUpdate> all(insertions.begin(), insertions.end());
    const auto at = std::find_if(all.begin(), all.end(), [&](const LeafUpdate& update) {
        return *own.key < *update.key;
    });
    all.insert(at, own);
    return all;
}

}  // namespace

MatchingRange matching_range(LeafUpdates updates, PackedPath path, unsigned depth) {
    MatchingRange range;
    for (size_t i = 0; i < updates.size(); ++i) {
        if (shared_nibbles(*updates[i].key, path, depth) == path.count) {
            if (range.count == 0) {
                range.first = i;
            }
            ++range.count;
        }
    }
    return range;
}

Ref Updater::update(LeafUpdates updates) {
    const Inner top = inner_at(arena_, trie_.top);
    if (updates.empty()) {
        return trie_.top;
    }
    if (top.header().children == 0) {
        const Insertions insertions(updates);
        if (insertions.view().empty()) {
            return trie_.top;
        }
        release_node(arena_, trie_.top);
        const Ref fresh = make_inner(arena_, NodeKind::top, bit_of(0));
        inner_at(arena_, fresh).child(0) = build(0, insertions.view());
        inner_at(arena_, fresh).mark_changed(0);
        return fresh;
    }
    const Changed changed = update_node(top.child(0), 0, updates);
    if (!changed.is_changed) {
        return trie_.top;
    }
    if (changed.ref == 0) {
        link_gone(top, 0, *updates[0].key, 0);
        release_node(arena_, trie_.top);
        return make_inner(arena_, NodeKind::top, 0);
    }
    top.child(0) = changed.ref;
    top.mark_changed(0);
    return trie_.top;
}

Updater::Changed Updater::update_node(Ref ref, unsigned depth, LeafUpdates updates) {
    MEGA_ASSERT(ref != 0);
    const NodeKind kind = kind_of(arena_, ref);
    if (is_leaf(kind)) {
        return update_leaf(ref, depth, updates);
    }
    return kind == NodeKind::branch ? update_branch(ref, depth, updates)
                                    : update_extension(ref, depth, updates);
}

Updater::Changed Updater::update_leaf(Ref ref, unsigned depth, LeafUpdates updates) {
    const Leaf leaf = leaf_at(arena_, ref);
    if (updates.size() == 1 && leaf.is_for(*updates[0].key, depth)) {
        return set_leaf(ref, depth, updates[0]);
    }
    const Hash256 key = leaf.key(*updates[0].key, depth);
    const Bytes value = to_bytes(leaf.value());
    LeafUpdate own{.key = &key, .value = value};
    std::vector<LeafUpdate> others;
    for (const LeafUpdate& update : updates) {
        if (*update.key == key) {
            own = update;
        } else if (!update.is_deletion) {
            others.push_back(update);
        }
    }
    if (others.empty()) {
        return own.key == &key ? Changed{ref, false} : set_leaf(ref, depth, own);
    }
    release_node(arena_, ref);
    return {build(depth, own.is_deletion ? others : with_update(others, own)), true};
}

Updater::Changed Updater::set_leaf(Ref ref, unsigned depth, const LeafUpdate& update) {
    const Leaf leaf = leaf_at(arena_, ref);
    if (update.is_deletion) {
        release_node(arena_, ref);
        return {0, true};
    }
    if (leaf.value().size() == update.value.size()) {
        const bool is_same = equal(leaf.value(), update.value);
        std::memcpy(leaf.value().data(), update.value.data(), update.value.size());
        return {ref, !is_same || update.is_forced};
    }
    release_node(arena_, ref);
    return {make_leaf(arena_, trie_.leaf_kind, *update.key, depth, update.value), true};
}

Updater::Changed Updater::update_extension(Ref ref, unsigned depth, LeafUpdates updates) {
    const auto [first, count] = matching_range(updates, inner_at(arena_, ref).path(), depth);
    std::vector<LeafUpdate> others;
    for (size_t i = 0; i < updates.size(); ++i) {
        if ((i < first || i >= first + count) && !updates[i].is_deletion) {
            others.push_back(updates[i]);
        }
    }
    if (count == 0) {
        return others.empty() ? Changed{ref, false}
                              : Changed{split_extension(ref, depth, others), true};
    }
    const Changed below = update_below_extension(ref, depth, updates.subspan(first, count));
    if (others.empty()) {
        return below;
    }
    return {
        below.ref == 0 ? build(depth, others) : update_node(below.ref, depth, others).ref, true
    };
}

Updater::Changed Updater::update_below_extension(Ref ref, unsigned depth, LeafUpdates updates) {
    const Inner extension = inner_at(arena_, ref);
    const unsigned child_depth = depth + extension.header().path_nibbles;
    const Changed changed = update_node(extension.child(0), child_depth, updates);
    if (!changed.is_changed) {
        return {ref, false};
    }
    if (changed.ref == 0) {
        link_gone(extension, 0, *updates[0].key, child_depth);
        release_node(arena_, ref);
        return {0, true};
    }
    extension.child(0) = changed.ref;
    extension.mark_changed(0);
    if (kind_of(arena_, changed.ref) == NodeKind::branch) {
        return {ref, true};
    }
    return {merge_with_child(ref, 0, depth, child_depth, *updates[0].key), true};
}

/// None of `insertions` follows the whole path: a branch appears where the first of them leaves it.
Ref Updater::split_extension(Ref ref, unsigned depth, LeafUpdates insertions) {
    const Inner extension = inner_at(arena_, ref);
    const PackedPath path = extension.path();
    Hash256 key = *insertions[0].key;
    append_path(key, depth, path);
    // Sorted: the first or the last insertion shares least with the path.
    const unsigned shared = std::min(
        shared_nibbles(*insertions.front().key, path, depth),
        shared_nibbles(*insertions.back().key, path, depth)
    );
    const unsigned branch_depth = depth + shared;
    const unsigned child_depth = depth + static_cast<unsigned>(path.count);
    const unsigned nibble = path.nibble(shared);
    const Ref branch_ref = make_inner(arena_, NodeKind::branch, bit_of(nibble));
    const Inner branch = inner_at(arena_, branch_ref);
    if (branch_depth + 1 == child_depth) {
        copy_link(extension, 0, branch, nibble);
    } else {
        const PathSlice rest(key, branch_depth + 1, child_depth);
        const Ref remainder = make_inner(arena_, NodeKind::extension, bit_of(0), rest.view());
        copy_link(extension, 0, inner_at(arena_, remainder), 0);
        branch.child(nibble) = remainder;
        branch.mark_changed(nibble);
    }
    release_node(arena_, ref);
    const Changed grown = update_branch(branch_ref, branch_depth, insertions);
    return wrap(grown.ref, key, depth, branch_depth);
}

Updater::Changed Updater::update_branch(Ref ref, unsigned depth, LeafUpdates updates) {
    const BranchChange change = update_children(ref, depth, updates);
    if (!change.is_changed) {
        return {ref, false};
    }
    return {reshape_branch(ref, depth, change, *updates[0].key), true};
}

Updater::BranchChange Updater::update_children(Ref ref, unsigned depth, LeafUpdates updates) {
    const Inner branch = inner_at(arena_, ref);
    BranchChange result;
    while (!updates.empty()) {
        const unsigned nibble = nibble_of(*updates[0].key, depth);
        const LeafUpdates group = updates.first(group_size(updates, nibble, depth));
        updates = updates.subspan(group.size());
        if (!has_bit(branch.header().children, nibble)) {
            const Insertions insertions(group);
            if (!insertions.view().empty()) {
                result.added[nibble] = build(depth + 1, insertions.view());
                set_bit(result.added_mask, nibble);
                result.is_changed = true;
            }
            continue;
        }
        const Changed changed = update_node(branch.child(nibble), depth + 1, group);
        result.is_changed |= changed.is_changed;
        if (changed.is_changed && changed.ref == 0) {
            link_gone(branch, nibble, *group[0].key, depth + 1);
            set_bit(result.removed_mask, nibble);
        } else if (changed.is_changed) {
            branch.child(nibble) = changed.ref;
            branch.mark_changed(nibble);
        }
    }
    return result;
}

Ref Updater::reshape_branch(
    Ref ref, unsigned depth, const BranchChange& change, const Hash256& key
) {
    const Inner branch = inner_at(arena_, ref);
    const uint16_t before = branch.header().children;
    const auto kept = static_cast<uint16_t>(before & ~change.removed_mask);
    const auto after = static_cast<uint16_t>(kept | change.added_mask);
    if (after == before) {
        return ref;
    }
    if (after == 0) {
        release_node(arena_, ref);
        return 0;
    }
    const Ref fresh_ref = make_inner(arena_, NodeKind::branch, after);
    const Inner fresh = inner_at(arena_, fresh_ref);
    for_each_bit(kept, [&](unsigned nibble) { copy_link(branch, nibble, fresh, nibble); });
    for_each_bit(change.added_mask, [&](unsigned nibble) {
        fresh.child(nibble) = change.added[nibble];
        fresh.mark_changed(nibble);
    });
    release_node(arena_, ref);
    if (std::popcount(after) > 1) {
        return fresh_ref;
    }
    const auto last = static_cast<unsigned>(std::countr_zero(after));
    Hash256 child_key = key;
    set_nibble(child_key, depth, last);
    return merge_with_child(fresh_ref, last, depth, depth + 1, child_key);
}

/// Joins an inner node at `depth` with its only child, which lies at `child_depth` along `key`.
Ref Updater::merge_with_child(
    Ref ref, unsigned nibble, unsigned depth, unsigned child_depth, const Hash256& key
) {
    const Inner node = inner_at(arena_, ref);
    const Ref child = node.child(nibble);
    MEGA_ASSERT(child != 0);
    Ref merged = 0;
    if (const NodeKind kind = kind_of(arena_, child); kind == NodeKind::branch) {
        const PathSlice path(key, depth, child_depth);
        merged = make_inner(arena_, NodeKind::extension, bit_of(0), path.view());
        copy_link(node, nibble, inner_at(arena_, merged), 0);
    } else {
        link_gone(node, nibble, key, child_depth);
        if (is_leaf(kind)) {
            const Leaf leaf = leaf_at(arena_, child);
            merged = make_leaf(arena_, kind, leaf.key(key, child_depth), depth, leaf.value());
        } else {
            const Inner below = inner_at(arena_, child);
            Hash256 whole = key;
            append_path(whole, child_depth, below.path());
            const PathSlice path(whole, depth, child_depth + below.header().path_nibbles);
            merged = make_inner(arena_, NodeKind::extension, bit_of(0), path.view());
            copy_link(below, 0, inner_at(arena_, merged), 0);
        }
        release_node(arena_, child);
    }
    release_node(arena_, ref);
    return merged;
}

Ref Updater::build(unsigned depth, LeafUpdates insertions) {
    const LeafUpdate& first = insertions.front();
    if (insertions.size() == 1) {
        return make_leaf(arena_, trie_.leaf_kind, *first.key, depth, first.value);
    }
    // Sorted: what the first and the last share, all share.
    const unsigned shared = shared_nibbles(*first.key, *insertions.back().key, depth);
    MEGA_ASSERT(depth + shared < key_nibbles);
    return wrap(build_branch(depth + shared, insertions), *first.key, depth, depth + shared);
}

Ref Updater::build_branch(unsigned depth, LeafUpdates insertions) {
    std::array<Ref, 16> built{};
    uint16_t children = 0;
    while (!insertions.empty()) {
        const unsigned nibble = nibble_of(*insertions[0].key, depth);
        const size_t count = group_size(insertions, nibble, depth);
        built[nibble] = build(depth + 1, insertions.first(count));
        set_bit(children, nibble);
        insertions = insertions.subspan(count);
    }
    const Ref ref = make_inner(arena_, NodeKind::branch, children);
    const Inner branch = inner_at(arena_, ref);
    for_each_bit(children, [&](unsigned nibble) {
        branch.child(nibble) = built[nibble];
        branch.mark_changed(nibble);
    });
    return ref;
}

/// The branch, behind an extension for nibbles [from, to) of `key` if there are any.
Ref Updater::wrap(Ref branch, const Hash256& key, unsigned from, unsigned to) {
    if (from == to) {
        return branch;
    }
    const PathSlice path(key, from, to);
    const Ref ref = make_inner(arena_, NodeKind::extension, bit_of(0), path.view());
    inner_at(arena_, ref).child(0) = branch;
    inner_at(arena_, ref).mark_changed(0);
    return ref;
}

/// Nothing is at the first `depth` nibbles of `key` any more.
void Updater::link_gone(Inner node, unsigned nibble, const Hash256& key, unsigned depth) {
    if (has_bit(node.header().stored, nibble)) {
        removed_.insert({trie_.id, path_of(key, depth)});
    }
}

}  // namespace mega::trie
