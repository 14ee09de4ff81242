#include "trie/proof.hpp"

#include "crypto/keccak.hpp"
#include "trie/node_codec.hpp"
#include "types/block.hpp"

namespace mega::trie {

namespace {

/// Where the walk stands after one node.
struct Step {
    enum class Kind : uint8_t { found, absent, next_hash, embedded, malformed };
    Kind kind = Kind::absent;
    BytesView bytes;  // the value, the hash, or the embedded node
};

unsigned nibble_at(BytesView key, size_t i) {
    return (i & 1) != 0 ? key[i / 2] & 0x0f : key[i / 2] >> 4;
}

Step follow(BytesView item) {
    if (item.empty()) {
        return {Step::Kind::absent, {}};
    }
    return is_hash_item(item) ? Step{Step::Kind::next_hash, item.subspan(1)}
                              : Step{Step::Kind::embedded, item};
}

bool path_leads_to(PackedPath path, BytesView key, size_t depth) {
    if (path.count > 2 * key.size() - depth) {
        return false;
    }
    for (size_t i = 0; i < path.count; ++i) {
        if (path.nibble(i) != nibble_at(key, depth + i)) {
            return false;
        }
    }
    return true;
}

/// One node further along `key`; advances `depth`.
Step take_step(BytesView encoded, BytesView key, size_t& depth) {
    const auto node = parse_node(encoded);
    if (!node) {
        return {Step::Kind::malformed, {}};
    }
    if (node->kind == ParsedNode::Kind::branch) {
        if (depth == 2 * key.size()) {
            return node->value.empty() ? Step{} : Step{Step::Kind::found, node->value};
        }
        return follow(node->children[nibble_at(key, depth++)]);
    }
    if (!path_leads_to(node->path, key, depth)) {
        return {Step::Kind::absent, {}};
    }
    depth += node->path.count;
    if (node->kind == ParsedNode::Kind::extension) {
        return follow(node->children[0]);
    }
    return depth == 2 * key.size() ? Step{Step::Kind::found, node->value} : Step{};
}

}  // namespace

std::string_view to_string(ProofError error) {
    switch (error) {
        case ProofError::wrong_hash:
            return "a node does not have the hash that leads to it";
        case ProofError::bad_node:
            return "a node is malformed";
        case ProofError::incomplete:
            return "the proof ends before the key is decided";
        case ProofError::surplus_nodes:
            return "the proof has nodes that lead nowhere";
    }
    return "unknown proof error";
}

// Each node that is walked uses up at least one nibble of the key or ends the walk, so the work is
// bounded by the key.
Result<std::optional<Bytes>, ProofError> verify_proof(
    const Hash256& root, BytesView key, std::span<const Bytes> nodes
) {
    Step step{Step::Kind::next_hash, root};
    if (root == empty_trie_root) {
        step = {};
    }
    size_t used = 0;
    size_t depth = 0;
    while (step.kind == Step::Kind::next_hash || step.kind == Step::Kind::embedded) {
        BytesView encoded = step.bytes;
        if (step.kind == Step::Kind::next_hash) {
            if (used == nodes.size()) {
                return Err{ProofError::incomplete};
            }
            encoded = nodes[used];
            if (!equal(crypto::keccak256(encoded), step.bytes)) {
                return Err{ProofError::wrong_hash};
            }
            // Shorter nodes are embedded in their parents; only a root stands alone whatever its
            // size.
            if (used++ != 0 && encoded.size() < reference_bytes) {
                return Err{ProofError::bad_node};
            }
        }
        step = take_step(encoded, key, depth);
    }
    if (step.kind == Step::Kind::malformed) {
        return Err{ProofError::bad_node};
    }
    if (used != nodes.size()) {
        return Err{ProofError::surplus_nodes};
    }
    return step.kind == Step::Kind::found ? std::optional<Bytes>{to_bytes(step.bytes)}
                                          : std::nullopt;
}

}  // namespace mega::trie
