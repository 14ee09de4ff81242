#include "trie/flush.hpp"

#include "trie/node_codec.hpp"

namespace mega::trie {

void Flusher::flush(const Trie& trie) {
    path_.clear();
    flush_children(trie, trie.top);
}

void Flusher::flush_children(const Trie& trie, Ref parent) {
    const Inner node = inner_at(arena_, parent);
    const InnerHeader& header = node.header();
    MEGA_ASSERT(header.dirty == 0);
    const size_t depth = path_.size();
    for_each_bit(header.unflushed, [&](unsigned nibble) {
        if (header.kind == NodeKind::branch) {
            path_.push_back(static_cast<uint8_t>(nibble));
        }
        const PackedPath path = node.path();
        for (unsigned i = 0; i < path.count; ++i) {
            path_.push_back(static_cast<uint8_t>(path.nibble(i)));
        }
        flush_child(trie, node, nibble);
        path_.resize(depth);
    });
}

void Flusher::flush_child(const Trie& trie, Inner parent, unsigned nibble) {
    report(trie, parent, nibble);
    set_bit(parent.header().unflushed, nibble, false);
    const Ref child = parent.child(nibble);
    if (!is_leaf(kind_of(arena_, child))) {
        flush_children(trie, child);
    }
}

void Flusher::report(const Trie& trie, Inner parent, unsigned nibble) {
    InnerHeader& header = parent.header();
    if (!has_bit(header.inlined, nibble)) {
        sink_.put(trie.id, path_, encode_node(arena_, parent.child(nibble)));
        set_bit(header.stored, nibble);
        removed_.erase({trie.id, path_});
    } else if (has_bit(header.stored, nibble)) {
        sink_.remove(trie.id, path_);
        set_bit(header.stored, nibble, false);
    }
}

}  // namespace mega::trie
