#include "trie/node_store.hpp"

#include "crypto/keccak.hpp"
#include "trie/account_value.hpp"
#include "trie/node_codec.hpp"

namespace mega::trie {

namespace {

/// Where a node about to be made hangs.
struct Place {
    NodeKind parent_kind;
    NodeKind leaf_kind;
    unsigned depth;
    const Hash256& key;
};

/// The path of a parsed leaf, written behind the first `depth` nibbles of `key`.
Hash256 with_suffix(const Hash256& key, unsigned depth, PackedPath path) {
    Hash256 result = key;
    for (unsigned i = 0; i < path.count; ++i) {
        set_nibble(result, depth + i, path.nibble(i));
    }
    return result;
}

Ref make_account_leaf(NodeArena& arena, const Hash256& key, unsigned depth, BytesView value) {
    const auto leaf = decode_account_leaf(value);
    if (!leaf) {
        return 0;
    }
    std::array<uint8_t, max_account_value_bytes> compact;
    const size_t size = write_account_value(compact.data(), leaf->account, leaf->storage_root);
    return make_leaf(arena, NodeKind::account_leaf, key, depth, {compact.data(), size});
}

Ref make_slot_leaf(NodeArena& arena, const Hash256& key, unsigned depth, BytesView value) {
    rlp::Reader reader(value);
    const auto number = reader.read_u256();
    if (!number || number->is_zero() || !reader.at_end()) {
        return 0;
    }
    return make_leaf(arena, NodeKind::slot_leaf, key, depth, value);
}

Ref make_parsed_leaf(NodeArena& arena, const ParsedNode& node, const Place& place) {
    if (place.parent_kind == NodeKind::extension || node.path.count != key_nibbles - place.depth) {
        return 0;
    }
    const Hash256 key = with_suffix(place.key, place.depth, node.path);
    return place.leaf_kind == NodeKind::account_leaf
               ? make_account_leaf(arena, key, place.depth, node.value)
               : make_slot_leaf(arena, key, place.depth, node.value);
}

void set_child(Inner node, unsigned nibble, BytesView item) {
    if (is_hash_item(item)) {
        std::memcpy(node.reference(nibble), item.data() + 1, reference_bytes);
        set_bit(node.header().stored, nibble);
    } else {
        std::memcpy(node.reference(nibble), item.data(), item.size());
        set_bit(node.header().inlined, nibble);
    }
}

Ref make_parsed_branch(NodeArena& arena, const ParsedNode& node, const Place& place) {
    if (place.depth >= key_nibbles || !node.value.empty()) {
        return 0;
    }
    uint16_t children = 0;
    for (unsigned nibble = 0; nibble < 16; ++nibble) {
        set_bit(children, nibble, !node.children[nibble].empty());
    }
    const Ref ref = make_inner(arena, NodeKind::branch, children);
    const Inner branch = inner_at(arena, ref);
    for_each_bit(children, [&](unsigned nibble) {
        set_child(branch, nibble, node.children[nibble]);
    });
    return ref;
}

Ref make_parsed_extension(NodeArena& arena, const ParsedNode& node, const Place& place) {
    if (place.parent_kind == NodeKind::extension || node.path.count >= key_nibbles - place.depth) {
        return 0;
    }
    const Ref ref = make_inner(arena, NodeKind::extension, bit_of(0), node.path);
    set_child(inner_at(arena, ref), 0, node.children[0]);
    return ref;
}

/// 0 when the bytes are not a node that can be at `place`.
Ref make_parsed(NodeArena& arena, BytesView encoded, const Place& place) {
    const auto node = parse_node(encoded);
    if (!node) {
        return 0;
    }
    switch (node->kind) {
        case ParsedNode::Kind::branch:
            return make_parsed_branch(arena, *node, place);
        case ParsedNode::Kind::extension:
            return make_parsed_extension(arena, *node, place);
        case ParsedNode::Kind::leaf:
            return make_parsed_leaf(arena, *node, place);
    }
    return 0;
}

}  // namespace

Ref make_top(NodeArena& arena, const Hash256& root) {
    if (root == empty_trie_root) {
        return make_inner(arena, NodeKind::top, 0);
    }
    const Ref ref = make_inner(arena, NodeKind::top, bit_of(0));
    const Inner top = inner_at(arena, ref);
    std::memcpy(top.reference(0), root.data(), reference_bytes);
    set_bit(top.header().stored, 0);
    return ref;
}

NibblePath path_of(const Hash256& key, unsigned depth) {
    NibblePath path(depth);
    for (unsigned i = 0; i < depth; ++i) {
        path[i] = static_cast<uint8_t>(nibble_of(key, i));
    }
    return path;
}

bool load_child(
    NodeArena& arena,
    const NodeSource& source,
    const Trie& trie,
    Ref parent,
    unsigned nibble,
    const Hash256& key,
    unsigned depth
) {
    const Inner node = inner_at(arena, parent);
    const NodeKind parent_kind = node.header().kind;
    const Place place{parent_kind, trie.leaf_kind, depth, key};
    const BytesView reference = node.reference_view(nibble);
    if (has_bit(node.header().inlined, nibble)) {
        return (node.child(nibble) = make_parsed(arena, reference, place)) != 0;
    }
    const auto encoded = source.load(trie.id, path_of(key, depth), Hash256::from(reference));
    if (!encoded || (encoded->size() < reference_bytes && parent_kind != NodeKind::top) ||
        encoded->size() > max_node_rlp_bytes) {
        return false;
    }
    if (!source.has_checked_hashes() && !equal(crypto::keccak256(*encoded), reference)) {
        return false;
    }
    return (node.child(nibble) = make_parsed(arena, *encoded, place)) != 0;
}

MissingNode missing_child(
    const NodeArena& arena,
    const Trie& trie,
    Ref parent,
    unsigned nibble,
    const Hash256& key,
    unsigned depth
) {
    const Inner node = inner_at(arena, parent);
    const BytesView reference = node.reference_view(nibble);
    const bool is_inlined = has_bit(node.header().inlined, nibble);
    return {
        trie.id,
        path_of(key, depth),
        is_inlined ? crypto::keccak256(reference) : Hash256::from(reference),
    };
}

}  // namespace mega::trie
