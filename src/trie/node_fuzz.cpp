// Any bytes as nodes of a state trie: what parses and loads encodes to the same bytes, and a tree
// made of it can be walked, updated and hashed.

#include "base/assert.hpp"
#include "crypto/keccak.hpp"
#include "trie/node_codec.hpp"
#include "trie/state_tree.hpp"

using namespace mega;

namespace {

/// Answers every request with one node after the other, whatever its hash.
class FuzzSource : public trie::NodeSource {
  public:
    explicit FuzzSource(Bytes root) : root_(std::move(root)) {}
    [[nodiscard]] std::optional<Bytes> load(
        const trie::TreeId& tree, BytesView path, const Hash256& /*hash*/
    ) const override {
        return !tree && path.empty() ? std::optional<Bytes>{root_} : std::nullopt;
    }

  private:
    Bytes root_;
};

void walk(BytesView encoded, unsigned depth) {
    const auto node = trie::parse_node(encoded);
    if (!node || depth == 64) {
        return;
    }
    for (const BytesView child : node->children) {
        if (!child.empty() && !trie::is_hash_item(child)) {
            walk(child, depth + 1);
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < 33) {
        return 0;
    }
    const Hash256 key = Hash256::from({data, 32});
    const Bytes encoded(data + 32, data + size);
    walk(encoded, 0);

    const FuzzSource source(encoded);
    const Hash256 root = crypto::keccak256(encoded);
    trie::StateTree tree(source, root);
    if (const auto node = tree.node(std::nullopt, {})) {
        MEGA_ASSERT(*node == encoded);
    }
    static_cast<void>(tree.prove(key, {}));
    trie::AccountUpdate update{key, Account{.nonce = 1}, false, {{key, 1}}};
    const bool applied = tree.apply(std::span(&update, 1)).has_value();
    MEGA_ASSERT(applied || tree.root() == root);
    update = {key, std::nullopt, false, {}};
    static_cast<void>(tree.apply(std::span(&update, 1)));
    static_cast<void>(tree.root());
    tree.evict(0);
    return 0;
}
