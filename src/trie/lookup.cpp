#include "trie/lookup.hpp"

#include "trie/node_codec.hpp"

namespace mega::trie {

std::optional<Lookup::Link> Lookup::first() const {
    if (inner_at(arena_, trie_.top).header().children == 0) {
        return std::nullopt;
    }
    return Link{trie_.top, 0, 0};
}

std::optional<Lookup::Link> Lookup::next(Ref ref, unsigned depth, const Hash256& key) const {
    const Inner node = inner_at(arena_, ref);
    if (node.header().kind == NodeKind::branch) {
        const unsigned nibble = nibble_of(key, depth);
        if (!has_bit(node.header().children, nibble)) {
            return std::nullopt;
        }
        return Link{ref, nibble, depth + 1};
    }
    const PackedPath path = node.path();
    for (unsigned i = 0; i < path.count; ++i) {
        if (nibble_of(key, depth + i) != path.nibble(i)) {
            return std::nullopt;
        }
    }
    return Link{ref, 0, depth + static_cast<unsigned>(path.count)};
}

bool Lookup::ensure_loaded(const Link& link, const Hash256& key) {
    return child(link) != 0 ||
           load_child(arena_, source_, trie_, link.parent, link.nibble, key, link.depth);
}

// Every step goes at least one nibble further, and loading refuses what would lead beyond the key.
template <class Visit>
Result<Ref, MissingNode> Lookup::walk(const Hash256& key, Visit&& visit) {
    std::optional<Link> link = first();
    while (link) {
        if (!ensure_loaded(*link, key)) {
            return Err{missing_child(arena_, trie_, link->parent, link->nibble, key, link->depth)};
        }
        visit(*link);
        const Ref ref = child(*link);
        if (is_leaf(kind_of(arena_, ref))) {
            return leaf_at(arena_, ref).is_for(key, link->depth) ? ref : Ref{0};
        }
        link = next(ref, link->depth, key);
    }
    return Ref{0};
}

Result<Ref, MissingNode> Lookup::find(const Hash256& key) {
    return walk(key, [](const Link&) {});
}

Result<Ref, MissingNode> Lookup::prove(const Hash256& key, std::vector<Bytes>& nodes) {
    return walk(key, [&](const Link& link) {
        if (!is_inlined(link)) {
            nodes.push_back(encode_node(arena_, child(link)));
        }
    });
}

std::optional<Bytes> Lookup::node(BytesView path) {
    if (path.size() > key_nibbles) {
        return std::nullopt;
    }
    Hash256 key;
    for (unsigned i = 0; i < path.size(); ++i) {
        if (path[i] > 0x0f) {
            return std::nullopt;
        }
        set_nibble(key, i, path[i]);
    }
    std::optional<Link> link = first();
    while (link && link->depth < path.size()) {
        if (!ensure_loaded(*link, key) || is_leaf(kind_of(arena_, child(*link)))) {
            return std::nullopt;
        }
        link = next(child(*link), link->depth, key);
    }
    if (!link || link->depth != path.size() || is_inlined(*link) || !ensure_loaded(*link, key)) {
        return std::nullopt;
    }
    return encode_node(arena_, child(*link));
}

}  // namespace mega::trie
