// Any bytes as the body of a compact witness, and as the whole of one. What decodes encodes to a
// body that decodes to the same nodes and root, and a tree over it can be walked.

#include "witness/compact.hpp"

using namespace mega;

namespace {

void check_body(BytesView body, const witness::Limits& limits) {
    const auto decoded = witness::decode_body(body, limits);
    if (!decoded) {
        return;
    }
    const auto again = witness::encode_body(*decoded);
    MEGA_ASSERT(again.has_value());
    const auto decoded_again = witness::decode_body(*again);
    MEGA_ASSERT(decoded_again.has_value());
    MEGA_ASSERT(decoded_again->parent_state_root == decoded->parent_state_root);
    MEGA_ASSERT(decoded_again->nodes.size() == decoded->nodes.size());
    MEGA_ASSERT(decoded_again->codes == decoded->codes);
    MEGA_ASSERT(decoded_again->headers == decoded->headers);

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
