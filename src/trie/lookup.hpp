#pragma once

// Walks down one trie to a key or path, loading what is missing on the way.

#include "trie/node_store.hpp"

namespace mega::trie {

class Lookup {
  public:
    Lookup(NodeArena& arena, const NodeSource& source, const Trie& trie)
        : arena_(arena), source_(source), trie_(trie) {}

    /// The leaf of `key`, 0 when there is none.
    [[nodiscard]] Result<Ref, MissingNode> find(const Hash256& key);
    /// The same; appends the RLP of the nodes on the way, those embedded in others left out.
    /// Nothing may be dirty.
    [[nodiscard]] Result<Ref, MissingNode> prove(const Hash256& key, std::vector<Bytes>& nodes);
    /// RLP of the node at `path`; nothing when there is none, when it is embedded, or when it
    /// cannot be loaded. Nothing may be dirty.
    [[nodiscard]] std::optional<Bytes> node(BytesView path);

  private:
    /// A child, by where it hangs: `depth` nibbles from the root.
    struct Link {
        Ref parent = 0;
        unsigned nibble = 0;
        unsigned depth = 0;
    };

    [[nodiscard]] std::optional<Link> first() const;
    /// The child of the inner node `ref`, at `depth`, towards `key`.
    [[nodiscard]] std::optional<Link> next(Ref ref, unsigned depth, const Hash256& key) const;
    [[nodiscard]] bool ensure_loaded(const Link& link, const Hash256& key);
    [[nodiscard]] Ref child(const Link& link) const {
        return inner_at(arena_, link.parent).child(link.nibble);
    }
    [[nodiscard]] bool is_inlined(const Link& link) const {
        return has_bit(inner_at(arena_, link.parent).header().inlined, link.nibble);
    }
    template <class Visit>
    [[nodiscard]] Result<Ref, MissingNode> walk(const Hash256& key, Visit&& visit);

    NodeArena& arena_;
    const NodeSource& source_;
    const Trie& trie_;
};

}  // namespace mega::trie
