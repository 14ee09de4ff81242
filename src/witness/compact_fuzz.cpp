// Any bytes as the body of a compact witness, and as the whole of one. What decodes, and refers to
// each node once, encodes to a body that decodes to the same nodes and root; a tree over it can be
// walked. (A hash may stand for a node that is given elsewhere, as equal subtrees have it; where it
// does not fit, no encoding says the same.)

#include "trie/node_codec.hpp"
#include "types/account.hpp"
#include "witness/compact.hpp"

using namespace mega;

namespace {

size_t references_to_given(const witness::NodeSet& nodes) {
    size_t count = 0;
    for (size_t i = 0; i < nodes.size(); ++i) {
        const auto node = trie::parse_node(nodes.rlp(i));
        MEGA_ASSERT(node.has_value());
        for (const BytesView child : node->children) {
            count += trie::is_hash_item(child) && nodes.contains(Hash256::from(child.subspan(1)));
        }
        const auto account = decode_account_leaf(node->value);
        count += account && nodes.contains(account->storage_root);
    }
    return count;
}

void check_body(BytesView body, const witness::Limits& limits) {
    const auto decoded = witness::decode_body(body, limits);
    if (!decoded) {
        return;
    }
    const auto again = witness::encode_body(*decoded);
    const auto decoded_again = again ? std::optional{witness::decode_body(*again)} : std::nullopt;
    if (references_to_given(decoded->nodes) + 1 == decoded->nodes.size()) {
        MEGA_ASSERT(decoded_again && decoded_again->has_value());
        MEGA_ASSERT((*decoded_again)->parent_state_root == decoded->parent_state_root);
        MEGA_ASSERT((*decoded_again)->nodes.size() == decoded->nodes.size());
    }
    if (decoded_again && decoded_again->has_value()) {
        MEGA_ASSERT((*decoded_again)->codes == decoded->codes);
        MEGA_ASSERT((*decoded_again)->headers == decoded->headers);
    }

    trie::StateTree tree(decoded->nodes, decoded->parent_state_root);
    const Hash256 key{{0x12, 0x34}};
    static_cast<void>(tree.account(key));
    static_cast<void>(tree.storage(key, key));
    trie::AccountUpdate update{key, Account{.nonce = 1}, false, {{key, 1}}};
    static_cast<void>(tree.apply(std::span(&update, 1)));
    static_cast<void>(tree.root());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const witness::Limits limits{
        .max_bytes = 1u << 20, .max_node_bytes = 1u << 20, .max_nodes = 4096
    };
    check_body({data, size}, limits);
    static_cast<void>(witness::decode_compact({data, size}, limits));
    return 0;
}
