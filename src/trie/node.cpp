#include "trie/node.hpp"

namespace mega::trie {

bool Leaf::is_for(const Hash256& key, unsigned depth) const {
    const PackedPath own = path();
    const PackedPath other = suffix_of(key, depth);
    MEGA_ASSERT(own.count == other.count);
    if (own.count == 0) {
        return true;
    }
    // Only the first byte can hold a half that belongs to the prefix.
    return own.nibble(0) == other.nibble(0) &&
           ((own.count & 1) != 0 || own.bytes[0] == other.bytes[0]) &&
           std::memcmp(own.bytes + 1, other.bytes + 1, own.size_bytes() - 1) == 0;
}

Hash256 Leaf::key(const Hash256& prefix, unsigned depth) const {
    Hash256 result = prefix;
    const PackedPath own = path();
    if (own.count == 0) {
        return result;
    }
    uint8_t* tail = result.data() + depth / 2;
    const uint8_t shared = static_cast<uint8_t>(tail[0] & 0xf0);
    own.copy_to(tail);
    if ((depth & 1) != 0) {
        tail[0] = static_cast<uint8_t>(tail[0] | shared);
    }
    return result;
}

Ref make_inner(NodeArena& arena, NodeKind kind, uint16_t children, PackedPath path) {
    const auto count = static_cast<unsigned>(std::popcount(children));
    const Ref ref = arena.allocate(Inner::size_for(count, path.count));
    const Inner node = inner_at(arena, ref);
    node.header() = {kind, static_cast<uint8_t>(path.count), children, 0, 0, 0, 0};
    for_each_bit(children, [&](unsigned nibble) { node.child(nibble) = 0; });
    path.copy_to(node.path_bytes());
    return ref;
}

Ref make_leaf(
    NodeArena& arena, NodeKind kind, const Hash256& key, unsigned depth, BytesView value
) {
    MEGA_ASSERT(!value.empty() && value.size() <= Leaf::max_value_bytes);
    const PackedPath path = suffix_of(key, depth);
    const Ref ref = arena.allocate(Leaf::size_for(path.count, value.size()));
    const Leaf leaf = leaf_at(arena, ref);
    leaf.header() = {kind, static_cast<uint8_t>(path.count), static_cast<uint16_t>(value.size())};
    path.copy_to(arena.at(ref) + sizeof(LeafHeader));
    std::memcpy(leaf.value().data(), value.data(), value.size());
    return ref;
}

void copy_link(Inner from, unsigned from_nibble, Inner to, unsigned to_nibble) {
    to.child(to_nibble) = from.child(from_nibble);
    std::memcpy(to.reference(to_nibble), from.reference(from_nibble), reference_bytes);
    const InnerHeader& source = from.header();
    InnerHeader& target = to.header();
    set_bit(target.dirty, to_nibble, has_bit(source.dirty, from_nibble));
    set_bit(target.inlined, to_nibble, has_bit(source.inlined, from_nibble));
    set_bit(target.unflushed, to_nibble, has_bit(source.unflushed, from_nibble));
    set_bit(target.stored, to_nibble, has_bit(source.stored, from_nibble));
}

size_t node_size(const NodeArena& arena, Ref ref) {
    return is_leaf(kind_of(arena, ref)) ? leaf_at(arena, ref).size_bytes()
                                        : inner_at(arena, ref).size_bytes();
}

void release_node(NodeArena& arena, Ref ref) { arena.release(ref, node_size(arena, ref)); }

void release_subtree(NodeArena& arena, Ref ref) {
    if (ref == 0) {
        return;
    }
    if (!is_leaf(kind_of(arena, ref))) {
        const Inner node = inner_at(arena, ref);
        for_each_bit(node.header().children, [&](unsigned nibble) {
            release_subtree(arena, node.child(nibble));
        });
    }
    release_node(arena, ref);
}

}  // namespace mega::trie
