#include "bench/stateless_tree.hpp"

#include <algorithm>
#include <cstring>
#include <random>

namespace mega::bench {
namespace {

constexpr uint64_t shares = 256;

Hash256 random_hash(std::mt19937_64& random) {
    Hash256 hash;
    for (size_t at = 0; at < hash.size(); at += 8) {
        const uint64_t word = random();
        std::memcpy(hash.data() + at, &word, 8);
    }
    return hash;
}

}  // namespace

void fill(trie::StateTree& tree, uint64_t accounts, const std::function<void(uint64_t)>& told) {
    std::mt19937_64 random(accounts);
    std::vector<trie::AccountUpdate> updates;
    for (uint64_t share = 0; share < shares; ++share) {
        updates.resize(accounts * (share + 1) / shares - accounts * share / shares);
        for (trie::AccountUpdate& update : updates) {
            update.hashed_address = random_hash(random);
            update.hashed_address[0] = static_cast<uint8_t>(share);
            update.account.emplace();
            update.account->nonce = random() % 100;
            update.account->balance = u256{random()};
        }
        std::ranges::sort(updates, {}, &trie::AccountUpdate::hashed_address);
        const bool applied = tree.apply(updates).has_value();
        MEGA_ASSERT(applied);
        static_cast<void>(tree.root());
        if (told && (share + 1) % (shares / 8) == 0) {
            told(accounts * (share + 1) / shares);
        }
    }
}

std::vector<trie::SlotUpdate> filler_slots(uint64_t seed, size_t count) {
    std::mt19937_64 random(seed);
    std::vector<trie::SlotUpdate> slots(count);
    for (trie::SlotUpdate& slot : slots) {
        slot.hashed_slot = random_hash(random);
        slot.value = u256{1 + (random() >> 1)};
    }
    std::ranges::sort(slots, {}, &trie::SlotUpdate::hashed_slot);
    return slots;
}

}  // namespace mega::bench
