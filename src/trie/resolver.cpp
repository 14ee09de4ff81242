#include "trie/update.hpp"

namespace mega::trie {

namespace {

constexpr size_t sparse_updates = 64;

}  // namespace

Result<void, MissingNode> Resolver::resolve(std::span<LeafUpdate> updates) {
    if (updates.empty() || inner_at(arena_, trie_.top).header().children == 0) {
        return {};
    }
    if (resolve_child(trie_.top, 0, 0, updates) == Outcome::failed) {
        return Err{std::move(missing_)};
    }
    return {};
}

bool Resolver::ensure_loaded(Ref parent, unsigned nibble, const Hash256& key, unsigned depth) {
    if (inner_at(arena_, parent).child(nibble) != 0 ||
        load_child(arena_, source_, trie_, parent, nibble, key, depth)) {
        return true;
    }
    missing_ = missing_child(arena_, trie_, parent, nibble, key, depth);
    return false;
}

Resolver::Outcome Resolver::resolve_child(
    Ref parent, unsigned nibble, unsigned depth, Updates updates
) {
    if (!ensure_loaded(parent, nibble, *updates[0].key, depth)) {
        return Outcome::failed;
    }
    return resolve_node(inner_at(arena_, parent).child(nibble), depth, updates);
}

Resolver::Outcome Resolver::resolve_node(Ref ref, unsigned depth, Updates updates) {
    const NodeKind kind = kind_of(arena_, ref);
    if (is_leaf(kind)) {
        return resolve_leaf(ref, depth, updates);
    }
    return kind == NodeKind::branch ? resolve_branch(ref, depth, updates)
                                    : resolve_extension(ref, depth, updates);
}

Resolver::Outcome Resolver::resolve_leaf(Ref ref, unsigned depth, Updates updates) const {
    const Leaf leaf = leaf_at(arena_, ref);
    bool is_kept = true;
    bool has_insertion = false;
    for (LeafUpdate& update : updates) {
        has_insertion |= !update.is_deletion;
        if (leaf.is_for(*update.key, depth)) {
            update.existing = ref;
            is_kept = !update.is_deletion;
        }
    }
    return is_kept || has_insertion ? Outcome::kept : Outcome::empty;
}

Resolver::Outcome Resolver::resolve_extension(Ref ref, unsigned depth, Updates updates) {
    const PackedPath path = inner_at(arena_, ref).path();
    const auto [first, count] = matching_range(updates, path, depth);
    if (count == 0) {
        return Outcome::kept;
    }
    const Updates matching = updates.subspan(first, count);
    const Outcome below =
        resolve_child(ref, 0, depth + static_cast<unsigned>(path.count), matching);
    if (below != Outcome::empty) {
        return below;
    }
    for (size_t i = 0; i < updates.size(); ++i) {
        if ((i < first || i >= first + count) && !updates[i].is_deletion) {
            return Outcome::kept;
        }
    }
    return Outcome::empty;
}

void Resolver::prefetch_children(Ref ref, unsigned depth, LeafUpdates updates) const {
    const Inner branch = inner_at(arena_, ref);
    unsigned last = 16;
    for (const LeafUpdate& update : updates) {
        const unsigned nibble = nibble_of(*update.key, depth);
        if (nibble == last || !has_bit(branch.header().children, nibble)) {
            continue;
        }
        last = nibble;
        if (const Ref child = branch.child(nibble); child != 0) {
            arena_.prefetch(child);
        }
    }
}

Resolver::Outcome Resolver::resolve_branch(Ref ref, unsigned depth, Updates updates) {
    const Inner branch = inner_at(arena_, ref);
    // Where updates are dense the children are few and near.
    if (updates.size() > 1 && updates.size() <= sparse_updates) {
        prefetch_children(ref, depth, updates);
    }
    const uint16_t before = branch.header().children;
    uint16_t after = before;
    uint16_t touched = 0;
    const Hash256& prefix = *updates[0].key;
    while (!updates.empty()) {
        const unsigned nibble = nibble_of(*updates[0].key, depth);
        const Updates group = updates.first(group_size(updates, nibble, depth));
        updates = updates.subspan(group.size());
        set_bit(touched, nibble);
        if (has_bit(before, nibble)) {
            const Outcome outcome = resolve_child(ref, nibble, depth + 1, group);
            if (outcome == Outcome::failed) {
                return Outcome::failed;
            }
            set_bit(after, nibble, outcome == Outcome::kept);
        } else {
            set_bit(after, nibble, std::any_of(group.begin(), group.end(), [](const auto& update) {
                        return !update.is_deletion;
                    }));
        }
    }
    if (std::popcount(after) == 1 && (after & touched) == 0) {
        Hash256 key = prefix;
        const auto nibble = static_cast<unsigned>(std::countr_zero(after));
        set_nibble(key, depth, nibble);
        if (!ensure_loaded(ref, nibble, key, depth + 1)) {
            return Outcome::failed;
        }
    }
    return after == 0 ? Outcome::empty : Outcome::kept;
}

}  // namespace mega::trie
