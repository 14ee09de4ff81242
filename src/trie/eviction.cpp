#include "trie/eviction.hpp"

namespace mega::trie {

void Evictor::survey(Ref top, unsigned level) { survey_children(top, level); }

void Evictor::survey_children(Ref parent, unsigned level) {
    MEGA_ASSERT(level < max_levels);
    const Inner node = inner_at(arena_, parent);
    const InnerHeader& header = node.header();
    for_each_bit(header.children, [&](unsigned nibble) {
        const Ref child = node.child(nibble);
        if (child == 0) {
            return;
        }
        if (!has_bit(header.unflushed, nibble)) {
            bytes_[level] += node_size(arena_, child);
        }
        if (!is_leaf(kind_of(arena_, child))) {
            survey_children(child, level + 1);
        }
    });
}

void Evictor::plan(size_t excess_bytes, size_t limit_bytes) {
    const unsigned highest = bytes_[0] <= limit_bytes ? 1 : 0;
    cut_level_ = max_levels;
    quota_bytes_ = excess_bytes;
    while (cut_level_ > highest && quota_bytes_ > 0) {
        const size_t level_bytes = bytes_[--cut_level_];
        if (level_bytes >= quota_bytes_) {
            return;
        }
        quota_bytes_ -= level_bytes;
    }
}

void Evictor::evict(Ref top, unsigned level) { evict_children(top, level); }

bool Evictor::takes(Ref child, unsigned level) {
    if (level != cut_level_) {
        return level > cut_level_;
    }
    if (quota_bytes_ == 0) {
        return false;
    }
    quota_bytes_ -= std::min(quota_bytes_, node_size(arena_, child));
    return true;
}

void Evictor::evict_children(Ref parent, unsigned level) {
    const Inner node = inner_at(arena_, parent);
    const InnerHeader& header = node.header();
    for_each_bit(header.children, [&](unsigned nibble) {
        Ref& child = node.child(nibble);
        if (child == 0) {
            return;
        }
        if (!has_bit(header.unflushed, nibble) && takes(child, level)) {
            release_subtree(arena_, child);
            child = 0;
        } else if (!is_leaf(kind_of(arena_, child))) {
            evict_children(child, level + 1);
        }
    });
}

bool is_idle(const NodeArena& arena, Ref top) {
    const Inner node = inner_at(arena, top);
    return node.header().children == 0 || node.child(0) == 0;
}

Ref copy_subtree(const NodeArena& from, Ref ref, NodeArena& to) {
    const size_t size = node_size(from, ref);
    const Ref copy = to.allocate(size);
    std::memcpy(to.at(copy), from.at(ref), size);
    if (!is_leaf(kind_of(from, ref))) {
        const Inner node = inner_at(to, copy);
        for_each_bit(node.header().children, [&](unsigned nibble) {
            if (Ref& child = node.child(nibble); child != 0) {
                child = copy_subtree(from, child, to);
            }
        });
    }
    return copy;
}

}  // namespace mega::trie
