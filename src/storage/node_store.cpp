#include "storage/node_store.hpp"

namespace mega::storage {
namespace {

constexpr uint8_t account_trie = 0;
constexpr uint8_t storage_trie = 1;
constexpr uint8_t above_nibbles = 16;

Bytes node_key(const trie::TreeId& tree, BytesView path) {
    Bytes key;
    key.reserve(1 + 32 + path.size());
    key.push_back(tree ? storage_trie : account_trie);
    if (tree) {
        append(key, *tree);
    }
    append(key, path);
    return key;
}

}  // namespace

std::optional<Bytes>
NodeReader::load(const trie::TreeId& tree, BytesView path, const Hash256& /*hash*/) const {
    auto row = database_.get(Table::nodes, node_key(tree, path));
    return row ? std::move(*row) : std::nullopt;
}

void NodeWriter::put(const trie::TreeId& tree, BytesView path, BytesView rlp) {
    batch_.put(Table::nodes, node_key(tree, path), rlp);
}

void NodeWriter::remove(const trie::TreeId& tree, BytesView path) {
    batch_.remove(Table::nodes, node_key(tree, path));
}

void NodeWriter::remove_tree(const Hash256& hashed_address) {
    const Bytes begin = node_key(hashed_address, {});
    Bytes end = begin;
    end.push_back(above_nibbles);
    batch_.remove_range(Table::nodes, begin, end);
}

}  // namespace mega::storage
