#pragma once

// For tests and benchmarks: a store in memory, a plain model of the state whose root is computed
// from scratch, and generators that work from a seed.

#include "trie/ordered_root.hpp"
#include "trie/state_tree.hpp"
#include "types/rlp.hpp"

#include <map>

namespace mega::trie::test {

/// A store keyed by path. Counts removals of what it does not hold, which a tree must not ask for.
class MapStore : public NodeSource, public NodeSink {
  public:
    using Key = std::pair<TreeId, NibblePath>;

    [[nodiscard]] std::optional<Bytes> load(
        const TreeId& tree, BytesView path, const Hash256& /*hash*/
    ) const override {
        ++loads;
        if (fail_after_loads && loads > *fail_after_loads) {
            return std::nullopt;
        }
        const auto found = nodes.find({tree, to_bytes(path)});
        return found == nodes.end() ? std::nullopt : std::optional<Bytes>{found->second};
    }
    void put(const TreeId& tree, BytesView path, BytesView rlp) override {
        nodes[{tree, to_bytes(path)}] = to_bytes(rlp);
    }
    void remove(const TreeId& tree, BytesView path) override {
        vain_removals += nodes.erase({tree, to_bytes(path)}) == 0 ? 1 : 0;
    }
    void remove_tree(const Hash256& hashed_address) override {
        std::erase_if(nodes, [&](const auto& node) { return node.first.first == hashed_address; });
    }

    std::map<Key, Bytes> nodes;
    size_t vain_removals = 0;
    mutable size_t loads = 0;
    std::optional<size_t> fail_after_loads;
};

struct ModelAccount {
    Account account;
    std::map<Hash256, u256> slots;
};

class Model {
  public:
    void apply(std::span<const AccountUpdate> updates) {
        for (const AccountUpdate& update : updates) {
            if (!update.account) {
                accounts.erase(update.hashed_address);
                continue;
            }
            ModelAccount& account = accounts[update.hashed_address];
            account.account = *update.account;
            if (update.storage_cleared) {
                account.slots.clear();
            }
            for (const SlotUpdate& slot : update.slots) {
                if (slot.value.is_zero()) {
                    account.slots.erase(slot.hashed_slot);
                } else {
                    account.slots[slot.hashed_slot] = slot.value;
                }
            }
        }
    }

    [[nodiscard]] static Hash256 storage_root(const ModelAccount& account) {
        std::vector<std::pair<Bytes, Bytes>> pairs;
        for (const auto& [key, value] : account.slots) {
            rlp::Writer writer;
            writer.write(value);
            pairs.emplace_back(to_bytes(key), writer.take());
        }
        return root_of(std::move(pairs));
    }

    [[nodiscard]] Hash256 root() const {
        std::vector<std::pair<Bytes, Bytes>> pairs;
        for (const auto& [key, account] : accounts) {
            pairs.emplace_back(
                to_bytes(key), encode_account_leaf(account.account, storage_root(account))
            );
        }
        return root_of(std::move(pairs));
    }

    /// The updates that make this state from nothing.
    [[nodiscard]] std::vector<AccountUpdate> as_updates() const {
        std::vector<AccountUpdate> updates;
        for (const auto& [key, account] : accounts) {
            AccountUpdate update{key, account.account, false, {}};
            for (const auto& [slot, value] : account.slots) {
                update.slots.push_back({slot, value});
            }
            updates.push_back(std::move(update));
        }
        return updates;
    }

    std::map<Hash256, ModelAccount> accounts;
};

/// SplitMix64: the same numbers from the same seed everywhere.
class Random {
  public:
    explicit Random(uint64_t seed) : state_(seed) {}
    uint64_t operator()() {
        state_ += 0x9e3779b97f4a7c15ULL;
        uint64_t mixed = (state_ ^ (state_ >> 30)) * 0xbf58476d1ce4e5b9ULL;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebULL;
        return mixed ^ (mixed >> 31);
    }

  private:
    uint64_t state_;
};

inline size_t below(Random& random, size_t bound) { return static_cast<size_t>(random() % bound); }

inline Hash256 random_hash(Random& random) {
    Hash256 hash;
    for (size_t i = 0; i < 4; ++i) {
        const uint64_t word = random();
        std::memcpy(hash.data() + 8 * i, &word, 8);
    }
    return hash;
}

/// Keys of which many share long prefixes, so that extensions, deep branches and embedded nodes are
/// common.
inline std::vector<Hash256> key_pool(Random& random, size_t count) {
    std::vector<Hash256> pool{random_hash(random)};
    while (pool.size() < count) {
        Hash256 key = pool[below(random, pool.size())];
        const size_t nibble = below(random, 4) == 0 ? 60 + below(random, 4) : below(random, 64);
        const auto change = static_cast<uint8_t>(1 + below(random, 15));
        uint8_t& byte = key.bytes[nibble / 2];
        byte = static_cast<uint8_t>(byte ^ ((nibble & 1) != 0 ? change : change << 4));
        if (below(random, 2) == 0) {
            const Hash256 tail = random_hash(random);
            std::copy(
                tail.bytes.begin() + nibble / 2 + 1,
                tail.bytes.end(),
                key.bytes.begin() + nibble / 2 + 1
            );
        }
        pool.push_back(key);
    }
    std::sort(pool.begin(), pool.end());
    pool.erase(std::unique(pool.begin(), pool.end()), pool.end());
    return pool;
}

inline u256 random_value(Random& random) {
    switch (below(random, 4)) {
        case 0:
            return u256{below(random, 200)};
        case 1:
            return u256{random()};
        default:
            return u256::load_be(random_hash(random).data());
    }
}

inline Account random_account(Random& random) {
    Account account;
    account.nonce = below(random, 2) == 0 ? below(random, 300) : random();
    account.balance = random_value(random);
    if (below(random, 3) == 0) {
        account.code_hash = random_hash(random);
    }
    return account;
}

/// Keys of `pool` in order, each with probability 1 in `one_in`.
inline std::vector<Hash256> pick(Random& random, const std::vector<Hash256>& pool, size_t one_in) {
    std::vector<Hash256> picked;
    for (const Hash256& key : pool) {
        if (below(random, one_in) == 0) {
            picked.push_back(key);
        }
    }
    return picked;
}

struct Pools {
    std::vector<Hash256> accounts;
    std::vector<Hash256> slots;
};

inline std::vector<AccountUpdate> random_updates(Random& random, const Pools& pools) {
    std::vector<AccountUpdate> updates;
    const size_t deletions_one_in = 2 + below(random, 6);
    for (const Hash256& address : pick(random, pools.accounts, 1 + below(random, 12))) {
        AccountUpdate update{address, std::nullopt, false, {}};
        if (below(random, deletions_one_in) != 0) {
            update.account = random_account(random);
            update.storage_cleared = below(random, 12) == 0;
            for (const Hash256& slot : pick(random, pools.slots, 2 + below(random, 24))) {
                const bool deletes = below(random, deletions_one_in) == 0;
                update.slots.push_back({slot, deletes ? u256{} : random_value(random)});
            }
        }
        updates.push_back(std::move(update));
    }
    return updates;
}

}  // namespace mega::trie::test
