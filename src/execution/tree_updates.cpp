#include "execution/block.hpp"

#include <algorithm>

namespace mega::execution {

namespace {

/// keccak256 of every account's address, then of every slot's key, hashed many at a time.
std::vector<Hash256> hash_keys(const state::StateDiff& diff) {
    std::vector<Hash256> words;
    words.reserve(diff.slots.size());
    std::vector<BytesView> inputs;
    inputs.reserve(diff.accounts.size() + diff.slots.size());
    for (const state::AccountChange& change : diff.accounts) {
        inputs.push_back(change.address.view());
    }
    for (const state::SlotChange& change : diff.slots) {
        words.push_back(change.slot.to_hash());
        inputs.push_back(words.back().view());
    }
    std::vector<Hash256> hashes(inputs.size());
    crypto::keccak256_many(inputs, hashes);
    return hashes;
}

}  // namespace

std::vector<trie::AccountUpdate> tree_updates(const state::StateDiff& diff) {
    const std::vector<Hash256> hashes = hash_keys(diff);
    std::vector<trie::AccountUpdate> updates;
    updates.reserve(diff.accounts.size());
    size_t slot = 0;
    for (size_t i = 0; i < diff.accounts.size(); ++i) {
        const state::AccountChange& change = diff.accounts[i];
        trie::AccountUpdate update{hashes[i], change.after, change.storage_cleared, {}};
        for (; slot < diff.slots.size() && diff.slots[slot].address == change.address; ++slot) {
            if (change.after) {
                update.slots.push_back({hashes[diff.accounts.size() + slot], diff.slots[slot].after}
                );
            }
        }
        std::sort(update.slots.begin(), update.slots.end(), [](const auto& a, const auto& b) {
            return a.hashed_slot < b.hashed_slot;
        });
        updates.push_back(std::move(update));
    }
    // Every slot's account is listed: a diff is canonical.
    MEGA_ASSERT(slot == diff.slots.size());
    std::sort(updates.begin(), updates.end(), [](const auto& a, const auto& b) {
        return a.hashed_address < b.hashed_address;
    });
    return updates;
}

}  // namespace mega::execution
