#include "trie/hasher.hpp"

#include "crypto/keccak.hpp"
#include "trie/node_codec.hpp"
#include "types/block.hpp"

namespace mega::trie {

namespace {

// Encoded nodes of one batch stay in the second-level cache until they are hashed.
constexpr size_t batch_nodes = 256;
// Fewer nodes are hashed before another thread has woken up.
constexpr size_t least_part_nodes = 512;

/// Where part `i` of `parts` begins: about as many nodes each, and siblings together.
template <class Nodes>
size_t part_begin(const Nodes& level, size_t i, size_t parts) {
    size_t begin = level.size() * i / parts;
    while (begin != 0 && begin < level.size() && level[begin].parent == level[begin - 1].parent) {
        ++begin;
    }
    return begin;
}

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

size_t Hasher::parts_of(Nodes level) const {
    const size_t most = jobs_ == nullptr ? 1 : jobs_->width();
    return std::clamp<size_t>(level.size() / least_part_nodes, 1, most);
}

void Hasher::hash_level(Nodes level) {
    const size_t parts = parts_of(level);
    encoded_.resize(std::max(encoded_.size(), parts));
    if (parts == 1) {
        hash_part(level, encoded_[0]);
        return;
    }
    jobs_->run(parts, [&](size_t i) {
        const size_t begin = part_begin(level, i, parts);
        const size_t end = part_begin(level, i + 1, parts);
        hash_part(level.subspan(begin, end - begin), encoded_[i]);
    });
}

void Hasher::hash_part(Nodes part, Buffer& encoded) {
    encoded.resize(batch_nodes * max_node_rlp_bytes);
    for (size_t first = 0; first < part.size(); first += batch_nodes) {
        hash_batch(part.subspan(first, std::min(batch_nodes, part.size() - first)), encoded);
    }
}

void Hasher::hash_batch(Nodes batch, Buffer& encoded) {
    std::array<BytesView, batch_nodes> inputs;
    std::array<uint8_t*, batch_nodes> targets;
    std::array<Hash256, batch_nodes> hashes;
    size_t count = 0;
    uint8_t* out = encoded.data();
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
