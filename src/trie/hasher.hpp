#pragma once

// Brings the references of dirty children up to date, level by level from the leaves up, many nodes
// at a time.

#include "trie/node.hpp"

#include <vector>

namespace mega::trie {

class Hasher {
  public:
    explicit Hasher(NodeArena& arena) : arena_(arena) {}

    /// Afterwards nothing below these tops is dirty. Hashes equal levels of all of them together.
    void hash(std::span<const Ref> tops);

  private:
    struct DirtyChild {
        Ref parent;
        uint8_t nibble;
    };
    using Level = std::vector<DirtyChild>;

    void add_dirty_children(Ref parent, Level& level) const;
    void hash_level(const Level& level);
    void hash_batch(std::span<const DirtyChild> batch);

    NodeArena& arena_;
    std::vector<uint8_t> encoded_;
};

/// The hash that a top holds; it must not be dirty.
[[nodiscard]] Hash256 root_at(const NodeArena& arena, Ref top);

}  // namespace mega::trie
