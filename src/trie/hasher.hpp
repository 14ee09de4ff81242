#pragma once

// Brings the references of dirty children up to date, level by level from the leaves up, many nodes
// at a time. The nodes of a level do not depend on each other: it is divided among jobs, between
// parents, so that no two jobs write into one node.

#include "trie/jobs.hpp"
#include "trie/node.hpp"

#include <vector>

namespace mega::trie {

class Hasher {
  public:
    /// Without `jobs` all is done by the caller.
    explicit Hasher(NodeArena& arena, Jobs* jobs = nullptr) : arena_(arena), jobs_(jobs) {}

    /// Afterwards nothing below these tops is dirty. Hashes equal levels of all of them together.
    void hash(std::span<const Ref> tops);

  private:
    struct DirtyChild {
        Ref parent;
        uint8_t nibble;
    };
    using Level = std::vector<DirtyChild>;
    using Nodes = std::span<const DirtyChild>;
    using Buffer = std::vector<uint8_t>;

    void add_dirty_children(Ref parent, Level& level) const;
    void hash_level(Nodes level);
    [[nodiscard]] size_t parts_of(Nodes level) const;
    void hash_part(Nodes part, Buffer& encoded);
    void hash_batch(Nodes batch, Buffer& encoded);

    NodeArena& arena_;
    Jobs* jobs_;
    std::vector<Buffer> encoded_;  // one a job
};

/// The hash that a top holds; it must not be dirty.
[[nodiscard]] Hash256 root_at(const NodeArena& arena, Ref top);

}  // namespace mega::trie
