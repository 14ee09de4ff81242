#include "trie/hasher.hpp"

#include "crypto/keccak.hpp"
#include "trie/node_codec.hpp"
#include "types/block.hpp"

namespace mega::trie {

namespace {

// Encoded nodes of one batch stay in the second-level cache until they are hashed.
constexpr size_t batch_nodes = 256;

}  // namespace

void Hasher::hash(std::span<const Ref> tops) {
    // A node's level is the number of nodes above it, so there are at most as many levels as
    // nibbles, and a top's.
    std::vector<Level> levels(1);
    for (const Ref top : tops) {
        add_dirty_children(top, levels[0]);
    }
    if (levels[0].empty()) {
        return;
    }
    while (!levels.back().empty()) {
        Level next;
        for (const DirtyChild& dirty : levels.back()) {
            const Ref child = inner_at(arena_, dirty.parent).child(dirty.nibble);
            if (!is_leaf(kind_of(arena_, child))) {
                add_dirty_children(child, next);
            }
        }
        levels.push_back(std::move(next));
    }
    encoded_.resize(batch_nodes * max_node_rlp_bytes);
    for (auto level = levels.rbegin(); level != levels.rend(); ++level) {
        hash_level(*level);
    }
}

void Hasher::add_dirty_children(Ref parent, Level& level) const {
    const Inner node = inner_at(arena_, parent);
    for_each_bit(node.header().dirty, [&](unsigned nibble) {
        arena_.prefetch(node.child(nibble));
        level.push_back({parent, static_cast<uint8_t>(nibble)});
    });
}

void Hasher::hash_level(const Level& level) {
    for (size_t first = 0; first < level.size(); first += batch_nodes) {
        const size_t count = std::min(batch_nodes, level.size() - first);
        hash_batch(std::span(level).subspan(first, count));
    }
}

void Hasher::hash_batch(std::span<const DirtyChild> batch) {
    std::array<BytesView, batch_nodes> inputs;
    std::array<uint8_t*, batch_nodes> targets;
    std::array<Hash256, batch_nodes> hashes;
    size_t count = 0;
    uint8_t* out = encoded_.data();
    for (const DirtyChild& dirty : batch) {
        const Inner parent = inner_at(arena_, dirty.parent);
        InnerHeader& header = parent.header();
        const size_t size = encode_node(arena_, parent.child(dirty.nibble), out);
        const bool is_inlined = size < reference_bytes && header.kind != NodeKind::top;
        set_bit(header.inlined, dirty.nibble, is_inlined);
        set_bit(header.dirty, dirty.nibble, false);
        if (is_inlined) {
            std::memcpy(parent.reference(dirty.nibble), out, size);
            continue;
        }
        inputs[count] = {out, size};
        targets[count++] = parent.reference(dirty.nibble);
        out += size;
    }
    crypto::keccak256_many({inputs.data(), count}, {hashes.data(), count});
    for (size_t i = 0; i < count; ++i) {
        std::memcpy(targets[i], hashes[i].data(), reference_bytes);
    }
}

Hash256 root_at(const NodeArena& arena, Ref top) {
    const Inner node = inner_at(arena, top);
    if (node.header().children == 0) {
        return empty_trie_root;
    }
    MEGA_ASSERT(node.header().dirty == 0);
    return Hash256::from({node.reference(0), reference_bytes});
}

}  // namespace mega::trie
