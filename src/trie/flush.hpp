#pragma once

// Reports to a NodeSink what changed below a top since the last flush, and notes that the store has
// it.

#include "trie/node_store.hpp"

namespace mega::trie {

class Flusher {
  public:
    /// Takes out of `removed` the paths that have nodes again.
    Flusher(NodeArena& arena, NodeSink& sink, RemovedNodes& removed)
        : arena_(arena), sink_(sink), removed_(removed) {}

    /// Nothing may be dirty.
    void flush(const Trie& trie);

  private:
    void flush_children(const Trie& trie, Ref parent);
    void flush_child(const Trie& trie, Inner parent, unsigned nibble);
    void report(const Trie& trie, Inner parent, unsigned nibble);

    NodeArena& arena_;
    NodeSink& sink_;
    RemovedNodes& removed_;
    NibblePath path_;  // of the node whose children are being flushed
};

}  // namespace mega::trie
