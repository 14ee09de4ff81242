#include "witness/record.hpp"

namespace mega::witness {

namespace {

/// keccak256 of every address, then of every slot, many at a time.
std::vector<Hash256> hash_keys(std::span<const AccountKeys> keys) {
    std::vector<Hash256> words;
    std::vector<BytesView> inputs;
    size_t slots = 0;
    for (const AccountKeys& account : keys) {
        inputs.push_back(account.address.view());
        slots += account.slots.size();
    }
    words.reserve(slots);
    for (const AccountKeys& account : keys) {
        for (const u256& slot : account.slots) {
            words.push_back(slot.to_hash());
            inputs.push_back(words.back().view());
        }
    }
    std::vector<Hash256> hashes(inputs.size());
    crypto::keccak256_many(inputs, hashes);
    return hashes;
}

Result<void, trie::MissingNode> read_keys(
    trie::StateTree& tree, std::span<const AccountKeys> keys
) {
    const std::vector<Hash256> hashes = hash_keys(keys);
    size_t next_slot = keys.size();
    for (size_t i = 0; i < keys.size(); ++i) {
        if (auto account = tree.account(hashes[i]); !account) {
            return Err{account.error()};
        }
        for (size_t j = 0; j < keys[i].slots.size(); ++j) {
            if (auto value = tree.storage(hashes[i], hashes[next_slot++]); !value) {
                return Err{value.error()};
            }
        }
    }
    return {};
}

}  // namespace

std::optional<Bytes> RecordingNodes::load(
    const trie::TreeId& tree, BytesView path, const Hash256& hash
) const {
    auto rlp = base_->load(tree, path, hash);
    if (!rlp || (!base_->has_checked_hashes() && crypto::keccak256(*rlp) != hash)) {
        return std::nullopt;
    }
    loaded_.add(hash, *rlp);
    return rlp;
}

NodeSet RecordingNodes::take() {
    loaded_.seal();
    return std::exchange(loaded_, {});
}

Result<void, trie::MissingNode> walk(
    trie::StateTree& tree,
    std::span<const AccountKeys> keys,
    std::span<const trie::AccountUpdate> updates
) {
    if (auto read = read_keys(tree, keys); !read) {
        return read;
    }
    return tree.apply(updates);
}

Result<Witness, trie::MissingNode> record(
    const trie::NodeSource& nodes,
    const Hash256& parent_state_root,
    const AccessSet& accesses,
    std::span<const trie::AccountUpdate> updates
) {
    Witness witness;
    witness.parent_state_root = parent_state_root;
    witness.keys = accesses.keys();
    RecordingNodes recording(nodes);
    trie::StateTree tree(recording, parent_state_root);
    if (auto walked = walk(tree, witness.keys, updates); !walked) {
        return Err{walked.error()};
    }
    witness.nodes = recording.take();
    witness.codes = accesses.codes();
    witness.is_minimal = true;
    return witness;
}

ParentNodes::ParentNodes(trie::StateTree& tree, const Hash256& parent_state_root)
    : nodes_(tree), gathered_(nodes_), follower_(gathered_, parent_state_root) {}

Result<void, trie::MissingNode> ParentNodes::follow(
    const AccessSet& accesses, std::span<const trie::AccountUpdate> updates
) {
    return walk(follower_, accesses.keys(), updates);
}

}  // namespace mega::witness
