#pragma once

// The nodes of the state tree in the database, by tree and path.
//
//   key = 0x00 ‖ path nibbles                          account trie
//         0x01 ‖ hashed address[32] ‖ path nibbles     storage trie
//   value = RLP of the node                            one nibble a byte, at most 64

#include "storage/database.hpp"
#include "trie/state_tree.hpp"

namespace mega::storage {

/// Thread-safe.
class NodeReader final : public trie::NodeSource {
  public:
    explicit NodeReader(const Database& database) : database_(database) {}
    /// Nothing also when the database cannot be read: to the tree a node is there or it is not.
    [[nodiscard]] std::optional<Bytes> load(
        const trie::TreeId& tree, BytesView path, const Hash256& hash
    ) const override;

  private:
    const Database& database_;
};

/// Adds what a tree flushes to a batch, which must outlive it.
class NodeWriter final : public trie::NodeSink {
  public:
    explicit NodeWriter(WriteBatch& batch) : batch_(batch) {}
    void put(const trie::TreeId& tree, BytesView path, BytesView rlp) override;
    void remove(const trie::TreeId& tree, BytesView path) override;
    void remove_tree(const Hash256& hashed_address) override;

  private:
    WriteBatch& batch_;
};

}  // namespace mega::storage
