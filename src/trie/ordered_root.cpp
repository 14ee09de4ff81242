// Both roots are built bottom up over sorted pairs without keeping a tree: a range of pairs that
// share a prefix becomes one node, and the children of a branch are hashed together.

#include "trie/ordered_root.hpp"

#include "base/assert.hpp"
#include "crypto/keccak.hpp"
#include "trie/node_codec.hpp"
#include "types/block.hpp"
#include "types/rlp.hpp"

namespace mega::trie {

namespace {

struct Pair {
    BytesView key;
    BytesView value;
};
using Pairs = std::span<const Pair>;

// Bounds the recursion, which goes one branch deeper per nibble at most.
constexpr size_t max_key_bytes = 64;

unsigned nibble_at(BytesView key, size_t i) {
    return (i & 1) != 0 ? key[i / 2] & 0x0f : key[i / 2] >> 4;
}

/// Nibbles [from, to) of `key`.
Bytes prefixed_path(BytesView key, size_t from, size_t to, bool of_leaf) {
    // Packed paths are aligned to their end; a path that ends within a byte has to be shifted.
    if ((to & 1) == 0) {
        return hex_prefix({key.data() + from / 2, to - from}, of_leaf);
    }
    Bytes packed((to - from + 1) / 2);
    for (size_t i = 0; i < to - from; ++i) {
        const size_t position = i + ((to - from) & 1);
        const unsigned nibble = nibble_at(key, from + i);
        packed[position / 2] = static_cast<uint8_t>(
            packed[position / 2] | ((position & 1) != 0 ? nibble : nibble << 4)
        );
    }
    return hex_prefix({packed.data(), to - from}, of_leaf);
}

size_t shared_nibbles(BytesView a, BytesView b, size_t from) {
    const size_t limit = 2 * std::min(a.size(), b.size());
    size_t i = from;
    while (i < limit && nibble_at(a, i) == nibble_at(b, i)) {
        ++i;
    }
    return i - from;
}

void write_reference(rlp::Writer& writer, const Bytes& node, const Hash256& hash) {
    if (node.size() < reference_bytes) {
        writer.write_raw(node);
    } else {
        writer.write(hash.view());
    }
}

Bytes build(Pairs pairs, size_t depth);

Bytes build_leaf(const Pair& pair, size_t depth) {
    rlp::Writer writer;
    const size_t list = writer.begin_list();
    writer.write(BytesView{prefixed_path(pair.key, depth, 2 * pair.key.size(), true)});
    writer.write(pair.value);
    writer.end_list(list);
    return writer.take();
}

Bytes build_extension(Pairs pairs, size_t depth, size_t length) {
    const Bytes child = build(pairs, depth + length);
    const Hash256 hash = child.size() < reference_bytes ? Hash256{} : crypto::keccak256(child);
    rlp::Writer writer;
    const size_t list = writer.begin_list();
    writer.write(BytesView{prefixed_path(pairs[0].key, depth, depth + length, false)});
    write_reference(writer, child, hash);
    writer.end_list(list);
    return writer.take();
}

/// The nodes below a branch, and their hashes where they are long enough to have one.
struct Children {
    std::array<Bytes, 16> nodes;
    std::array<Hash256, 16> hashes;
};

void hash_children(Children& children) {
    std::array<BytesView, 16> inputs;
    std::array<Hash256, 16> outputs;
    std::array<size_t, 16> nibbles{};
    size_t count = 0;
    for (size_t i = 0; i < 16; ++i) {
        if (children.nodes[i].size() >= reference_bytes) {
            nibbles[count] = i;
            inputs[count++] = children.nodes[i];
        }
    }
    crypto::keccak256_many({inputs.data(), count}, {outputs.data(), count});
    for (size_t i = 0; i < count; ++i) {
        children.hashes[nibbles[i]] = outputs[i];
    }
}

Bytes write_branch(const Children& children, BytesView value) {
    rlp::Writer writer;
    const size_t list = writer.begin_list();
    for (size_t i = 0; i < 16; ++i) {
        if (children.nodes[i].empty()) {
            writer.write(BytesView{});
        } else {
            write_reference(writer, children.nodes[i], children.hashes[i]);
        }
    }
    writer.write(value);
    writer.end_list(list);
    return writer.take();
}

Bytes build_branch(Pairs pairs, size_t depth) {
    Children children;
    BytesView value;
    // A key that ends here is the shortest of its prefix, hence the first.
    if (2 * pairs[0].key.size() == depth) {
        value = pairs[0].value;
        pairs = pairs.subspan(1);
    }
    while (!pairs.empty()) {
        const unsigned nibble = nibble_at(pairs[0].key, depth);
        size_t count = 1;
        while (count < pairs.size() && nibble_at(pairs[count].key, depth) == nibble) {
            ++count;
        }
        children.nodes[nibble] = build(pairs.first(count), depth + 1);
        pairs = pairs.subspan(count);
    }
    hash_children(children);
    return write_branch(children, value);
}

/// RLP of the node for pairs (at least one, sorted) that share their first `depth` nibbles.
Bytes build(Pairs pairs, size_t depth) {
    if (pairs.size() == 1) {
        return build_leaf(pairs[0], depth);
    }
    // Sorted: what the first and the last share, all share.
    const size_t length = shared_nibbles(pairs.front().key, pairs.back().key, depth);
    return length == 0 ? build_branch(pairs, depth) : build_extension(pairs, depth, length);
}

Hash256 root_of_sorted(Pairs pairs) {
    return pairs.empty() ? empty_trie_root : crypto::keccak256(build(pairs, 0));
}

Bytes rlp_of_index(size_t index) {
    rlp::Writer writer;
    writer.write(uint64_t{index});
    return writer.take();
}

}  // namespace

Hash256 ordered_root(std::span<const Bytes> values) {
    std::vector<Bytes> keys(values.size());
    std::vector<Pair> pairs;
    pairs.reserve(values.size());
    const auto add = [&](size_t index) {
        keys[index] = rlp_of_index(index);
        pairs.push_back({keys[index], values[index]});
    };
    // rlp(0) is 0x80: it sorts after 1 to 127 and before the longer integers, which sort as numbers
    // do.
    const size_t single_bytes = std::min<size_t>(values.size(), 128);
    for (size_t i = 1; i < single_bytes; ++i) {
        add(i);
    }
    if (!values.empty()) {
        add(0);
    }
    for (size_t i = 128; i < values.size(); ++i) {
        add(i);
    }
    return root_of_sorted(pairs);
}

Hash256 root_of(std::vector<std::pair<Bytes, Bytes>> pairs) {
    std::sort(pairs.begin(), pairs.end());
    std::vector<Pair> views;
    views.reserve(pairs.size());
    for (size_t i = 0; i < pairs.size(); ++i) {
        const auto& [key, value] = pairs[i];
        MEGA_ASSERT(key.size() <= max_key_bytes && !value.empty());
        MEGA_ASSERT(i == 0 || key != pairs[i - 1].first);
        views.push_back({key, value});
    }
    return root_of_sorted(views);
}

}  // namespace mega::trie
