// Any bytes as a proof: verification ends, and never shows a value that the trie does not hold.

#include "trie/proof.hpp"

#include "base/assert.hpp"
#include "crypto/keccak.hpp"
#include "trie/ordered_root.hpp"

using namespace mega;

namespace {

/// The input cut into nodes: each one begins with its length in two bytes.
std::vector<Bytes> cut(BytesView input) {
    std::vector<Bytes> nodes;
    while (input.size() >= 2) {
        const size_t size = std::min<size_t>(input[0] * 256u + input[1], input.size() - 2);
        nodes.push_back(to_bytes(input.subspan(2, size)));
        input = input.subspan(2 + size);
    }
    return nodes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const BytesView input{data, size};
    if (size < 32) {
        return 0;
    }
    const BytesView key = input.first(input[0] % 33);
    const auto nodes = cut(input.subspan(32));

    // Against the hash of its own first node, so that what is behind the hash check is reached.
    if (!nodes.empty()) {
        static_cast<void>(trie::verify_proof(crypto::keccak256(nodes[0]), key, nodes));
    }
    static const Hash256 root =
        trie::root_of({{{0x12, 0x34}, Bytes(40, 1)}, {{0x12, 0x56}, Bytes(40, 2)}});
    const auto shown = trie::verify_proof(root, Bytes{0x12, 0x34}, nodes);
    MEGA_ASSERT(!shown || *shown == Bytes(40, 1));
    return 0;
}
