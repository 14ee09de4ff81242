#pragma once

// Forgetting loaded nodes that can be loaded again: those whose reference is fresh and flushed.
// Their parents keep the reference, so the tree stays the same.

#include "trie/node.hpp"

namespace mega::trie {

class Evictor {
  public:
    explicit Evictor(NodeArena& arena) : arena_(arena) {}

    /// Counts what may be forgotten below `top`, whose root node is at `level` (nodes above it).
    void survey(Ref top, unsigned level);
    /// After all tops are surveyed: the lowest levels are to go until `excess_bytes` are free, but
    /// for the root of the account trie where `limit_bytes` has room for it: every access needs it.
    /// Then evict() of each top.
    void plan(size_t excess_bytes, size_t limit_bytes);
    void evict(Ref top, unsigned level);

  private:
    // A path has at most 64 nodes below a top's; storage tries start some levels down.
    static constexpr unsigned max_levels = 96;

    void survey_children(Ref parent, unsigned level);
    void evict_children(Ref parent, unsigned level);
    [[nodiscard]] bool takes(Ref child, unsigned level);

    NodeArena& arena_;
    std::array<size_t, max_levels> bytes_{};
    unsigned cut_level_ = max_levels;  // below it all goes
    size_t quota_bytes_ = 0;           // of the cut level itself
};

/// Nothing below the top is loaded, and it has nothing to report: it can be made again from its
/// root.
[[nodiscard]] bool is_idle(const NodeArena& arena, Ref top);

/// The top with all that is loaded below it, copied to another arena.
[[nodiscard]] Ref copy_subtree(const NodeArena& from, Ref ref, NodeArena& to);

}  // namespace mega::trie
