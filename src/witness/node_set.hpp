#pragma once

// Trie nodes by their hash: what a witness holds of the state before a block, as a NodeSource for a
// StateTree. The hashes are right by construction, so that the tree need not check them again.

#include "trie/state_tree.hpp"

#include <span>
#include <vector>

namespace mega::witness {

class NodeSet final : public trie::NodeSource {
  public:
    NodeSet() = default;
    /// Hashes them, many at a time; drops repeats.
    [[nodiscard]] static NodeSet of(std::span<const Bytes> nodes);

    /// For so many nodes and bytes: nothing is moved as they come.
    void reserve(size_t nodes, size_t bytes) {
        entries_.reserve(nodes);
        bytes_.reserve(bytes);
    }
    /// For who computed the hash; seal() must follow the last one.
    void add(const Hash256& hash, BytesView rlp);
    /// Sorts and drops repeats. At most 2^32 - 1 nodes.
    void seal();

    [[nodiscard]] size_t size() const { return entries_.size(); }
    [[nodiscard]] size_t size_bytes() const { return bytes_.size(); }
    [[nodiscard]] const Hash256& hash(size_t index) const { return entries_[index].hash; }
    [[nodiscard]] BytesView rlp(size_t index) const {
        return BytesView{bytes_}.subspan(entries_[index].offset, entries_[index].size);
    }
    /// Index of a node, in ascending order of hashes.
    [[nodiscard]] std::optional<size_t> find(const Hash256& hash) const;
    [[nodiscard]] bool contains(const Hash256& hash) const { return find(hash).has_value(); }

    [[nodiscard]] std::optional<Bytes> load(
        const trie::TreeId& tree, BytesView path, const Hash256& hash
    ) const override;
    [[nodiscard]] bool has_checked_hashes() const override { return true; }

  private:
    struct Entry {
        Hash256 hash;
        size_t offset = 0;
        size_t size = 0;
    };

    [[nodiscard]] size_t lead_of(const Hash256& hash) const;

    Bytes bytes_;
    std::vector<Entry> entries_;
    // Where the hashes with the same leading bits begin; one entry more than there are leads.
    // Hashes spread evenly, so a run is short unless somebody searched for nodes to fill it; it is
    // searched by halves for that case.
    std::vector<uint32_t> runs_{0, 0};
    unsigned lead_bits_ = 0;
};

}  // namespace mega::witness
