#pragma once

// Trie nodes as they lie in a NodeArena.
//
// An inner node (branch, extension, or the top that holds a trie's root) keeps what its parent
// needs of each child in itself: the reference (hash, or RLP when shorter than 32 bytes) lies
// beside those of its siblings, so that a branch is encoded from one run of memory, and a child
// that is not loaded costs nothing more.
//
//   inner   kind u8 | path nibbles u8 | children u16 | dirty u16 | inlined u16 | unflushed u16 |
//   stored u16
//           | child Ref u32 × n | reference 32 bytes × n | packed path (extension)
//   leaf    kind u8 | path nibbles u8 | value size u16 | packed path | value
//
// The masks have one bit a nibble; an extension and a top have one child, at nibble 0. A child's
// Ref is 0 while it is not loaded. Everything a mask says is about the path of the child, not about
// the node that happens to be there:
//   dirty      the subtree changed and its reference is stale (the child is loaded)
//   inlined    the reference is the child's RLP
//   unflushed  the reference changed since the last flush
//   stored     the store holds a node at this path
// dirty implies unflushed, and either implies the same of the parent.

#include "base/bytes.hpp"
#include "trie/node_arena.hpp"

#include <bit>

namespace mega::trie {

enum class NodeKind : uint8_t { top, branch, extension, account_leaf, slot_leaf };

inline constexpr unsigned key_nibbles = 64;
inline constexpr size_t reference_bytes = 32;

/// Nibbles packed two a byte, aligned to the end: with an odd count the high half of the first byte
/// means nothing.
struct PackedPath {
    const uint8_t* bytes = nullptr;
    size_t count = 0;

    [[nodiscard]] size_t size_bytes() const { return (count + 1) / 2; }
    [[nodiscard]] unsigned nibble(size_t i) const {
        const size_t position = i + (count & 1);
        const unsigned byte = bytes[position / 2];
        return (position & 1) != 0 ? byte & 0x0f : byte >> 4;
    }
    /// Writes size_bytes() bytes; the unused half is zero.
    void copy_to(uint8_t* out) const {
        if (count == 0) {
            return;
        }
        std::memcpy(out, bytes, size_bytes());
        if ((count & 1) != 0) {
            out[0] &= 0x0f;
        }
    }
};

[[nodiscard]] inline unsigned nibble_of(const Hash256& key, unsigned i) {
    return (i & 1) != 0 ? key.bytes[i / 2] & 0x0f : key.bytes[i / 2] >> 4;
}
inline void set_nibble(Hash256& key, unsigned i, unsigned nibble) {
    uint8_t& byte = key.bytes[i / 2];
    byte =
        static_cast<uint8_t>((i & 1) != 0 ? (byte & 0xf0) | nibble : (byte & 0x0f) | (nibble << 4));
}
[[nodiscard]] inline PackedPath suffix_of(const Hash256& key, unsigned depth) {
    return {key.data() + depth / 2, key_nibbles - depth};
}

struct InnerHeader {
    NodeKind kind;
    uint8_t path_nibbles;
    uint16_t children;
    uint16_t dirty;
    uint16_t inlined;
    uint16_t unflushed;
    uint16_t stored;
};
static_assert(sizeof(InnerHeader) == 12);

[[nodiscard]] constexpr uint16_t bit_of(unsigned nibble) {
    return static_cast<uint16_t>(1u << nibble);
}
constexpr void set_bit(uint16_t& mask, unsigned nibble, bool value = true) {
    mask = static_cast<uint16_t>(value ? mask | bit_of(nibble) : mask & ~bit_of(nibble));
}
[[nodiscard]] constexpr bool has_bit(uint16_t mask, unsigned nibble) {
    return (mask & bit_of(nibble)) != 0;
}
/// Calls `visit(nibble)` for each bit, lowest first.
template <class Visit>
constexpr void for_each_bit(uint16_t mask, Visit&& visit) {
    for (unsigned rest = mask; rest != 0; rest &= rest - 1) {
        visit(static_cast<unsigned>(std::countr_zero(rest)));
    }
}

/// A view of an inner node; good while the node is not released.
class Inner {
  public:
    explicit Inner(uint8_t* at) : at_(at) {}

    [[nodiscard]] InnerHeader& header() const { return *reinterpret_cast<InnerHeader*>(at_); }
    [[nodiscard]] unsigned count() const {
        return static_cast<unsigned>(std::popcount(header().children));
    }
    [[nodiscard]] Ref& child(unsigned nibble) const {
        return reinterpret_cast<Ref*>(at_ + sizeof(InnerHeader))[position(nibble)];
    }
    [[nodiscard]] uint8_t* reference(unsigned nibble) const {
        return at_ + sizeof(InnerHeader) + count() * sizeof(Ref) +
               position(nibble) * reference_bytes;
    }
    /// The reference's meaningful bytes: 32, or the length of the inlined RLP.
    [[nodiscard]] BytesView reference_view(unsigned nibble) const {
        const uint8_t* from = reference(nibble);
        // An inlined node is a list shorter than 32 bytes: one header byte says how long it is.
        const size_t size =
            has_bit(header().inlined, nibble) ? from[0] - 0xc0u + 1u : reference_bytes;
        return {from, size};
    }
    [[nodiscard]] PackedPath path() const {
        return {at_ + size_before_path(count()), header().path_nibbles};
    }
    [[nodiscard]] uint8_t* path_bytes() const { return at_ + size_before_path(count()); }
    [[nodiscard]] size_t size_bytes() const { return size_for(count(), header().path_nibbles); }
    void mark_changed(unsigned nibble) const {
        set_bit(header().dirty, nibble);
        set_bit(header().unflushed, nibble);
    }

    [[nodiscard]] static size_t size_for(unsigned children, size_t path_nibbles) {
        return size_before_path(children) + (path_nibbles + 1) / 2;
    }

  private:
    [[nodiscard]] unsigned position(unsigned nibble) const {
        return static_cast<unsigned>(std::popcount(header().children & (bit_of(nibble) - 1u)));
    }
    [[nodiscard]] static size_t size_before_path(unsigned children) {
        return sizeof(InnerHeader) + children * (sizeof(Ref) + reference_bytes);
    }

    uint8_t* at_;
};
static_assert(
    sizeof(InnerHeader) + 16 * (sizeof(Ref) + reference_bytes) <= NodeArena::max_block_bytes
);

struct LeafHeader {
    NodeKind kind;
    uint8_t path_nibbles;
    uint16_t value_size;
};
static_assert(sizeof(LeafHeader) == 4);

/// A view of a leaf. The value of a slot leaf is what the trie commits to; that of an account leaf
/// is compact (trie/account_value.hpp).
class Leaf {
  public:
    static constexpr size_t max_value_bytes = 256;

    explicit Leaf(uint8_t* at) : at_(at) {}

    [[nodiscard]] LeafHeader& header() const { return *reinterpret_cast<LeafHeader*>(at_); }
    [[nodiscard]] PackedPath path() const {
        return {at_ + sizeof(LeafHeader), header().path_nibbles};
    }
    [[nodiscard]] std::span<uint8_t> value() const {
        return {at_ + sizeof(LeafHeader) + path().size_bytes(), header().value_size};
    }
    [[nodiscard]] size_t size_bytes() const {
        return size_for(header().path_nibbles, header().value_size);
    }
    [[nodiscard]] static size_t size_for(size_t path_nibbles, size_t value_size) {
        return sizeof(LeafHeader) + (path_nibbles + 1) / 2 + value_size;
    }
    /// The leaf, which lies at `depth`, is that of `key`, whose first `depth` nibbles led here.
    [[nodiscard]] bool is_for(const Hash256& key, unsigned depth) const;
    /// The whole key, given any key that shares its first `depth` nibbles.
    [[nodiscard]] Hash256 key(const Hash256& prefix, unsigned depth) const;

  private:
    uint8_t* at_;
};

[[nodiscard]] inline NodeKind kind_of(const NodeArena& arena, Ref ref) {
    return *reinterpret_cast<const NodeKind*>(arena.at(ref));
}
[[nodiscard]] constexpr bool is_leaf(NodeKind kind) { return kind >= NodeKind::account_leaf; }
[[nodiscard]] inline Inner inner_at(const NodeArena& arena, Ref ref) {
    return Inner{arena.at(ref)};
}
[[nodiscard]] inline Leaf leaf_at(const NodeArena& arena, Ref ref) { return Leaf{arena.at(ref)}; }

/// An inner node with these children; their Refs are 0, all other masks empty, the references
/// unspecified.
[[nodiscard]] Ref make_inner(
    NodeArena& arena, NodeKind kind, uint16_t children, PackedPath path = {}
);
[[nodiscard]] Ref make_leaf(
    NodeArena& arena, NodeKind kind, const Hash256& key, unsigned depth, BytesView value
);
/// Copies Ref, reference and mask bits of a child between inner nodes that both have it.
void copy_link(Inner from, unsigned from_nibble, Inner to, unsigned to_nibble);
[[nodiscard]] size_t node_size(const NodeArena& arena, Ref ref);
void release_node(NodeArena& arena, Ref ref);
/// With everything loaded below it.
void release_subtree(NodeArena& arena, Ref ref);

}  // namespace mega::trie
