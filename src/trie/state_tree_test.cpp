#include "trie/state_tree.hpp"

#include "trie/proof.hpp"
#include "trie/tree_test_support.hpp"

#include <gtest/gtest.h>

namespace mega::trie {

namespace {

using namespace test;

/// A store with everything that a tree built from scratch would put there.
MapStore store_of(const Model& model) {
    MapStore store;
    const MapStore nothing;
    StateTree tree(nothing, empty_trie_root);
    EXPECT_TRUE(tree.apply(model.as_updates()));
    tree.flush(store);
    return store;
}

void expect_proof_agrees(
    StateTree& tree, const Model& model, const Hash256& address, std::span<const Hash256> slots
) {
    const Hash256 root = tree.root();
    const auto proof = tree.prove(address, slots);
    ASSERT_TRUE(proof);
    const auto found = model.accounts.find(address);
    ASSERT_EQ(proof->exists, found != model.accounts.end());
    const auto leaf = verify_proof(root, address, proof->account_proof);
    ASSERT_TRUE(leaf) << to_string(leaf.error());
    ASSERT_EQ(leaf->has_value(), proof->exists);
    ModelAccount expected;
    if (proof->exists) {
        expected = found->second;
        EXPECT_EQ(**leaf, encode_account_leaf(expected.account, Model::storage_root(expected)));
        EXPECT_EQ(proof->leaf.account, expected.account);
    }
    EXPECT_EQ(proof->leaf.storage_root, Model::storage_root(expected));
    for (const AccountProof::Slot& slot : proof->slots) {
        const auto value = expected.slots.find(slot.hashed_slot);
        const u256 expected_value = value == expected.slots.end() ? u256{} : value->second;
        EXPECT_EQ(slot.value, expected_value);
        const auto proven = verify_proof(proof->leaf.storage_root, slot.hashed_slot, slot.proof);
        ASSERT_TRUE(proven) << to_string(proven.error());
        ASSERT_EQ(proven->has_value(), !expected_value.is_zero());
        if (*proven) {
            rlp::Writer writer;
            writer.write(expected_value);
            EXPECT_EQ(**proven, writer.take());
        }
    }
}

Hash256 key_from(std::initializer_list<unsigned> nibbles) {
    Hash256 key;
    size_t i = 0;
    for (const unsigned nibble : nibbles) {
        uint8_t& byte = key.bytes[i / 2];
        byte = static_cast<uint8_t>((i & 1) != 0 ? byte | nibble : nibble << 4);
        ++i;
    }
    return key;
}

Account account_with(uint64_t balance) {
    Account account;
    account.balance = balance;
    return account;
}

}  // namespace

class StateTreeSimulation : public testing::TestWithParam<uint64_t> {};

TEST_P(StateTreeSimulation, agrees_with_a_root_from_scratch) {
    Random random(GetParam());
    const Pools pools{key_pool(random, 40), key_pool(random, 60)};
    MapStore store;
    StateTree tree(store, empty_trie_root);
    Model model;
    for (int round = 0; round < 60; ++round) {
        SCOPED_TRACE("seed " + std::to_string(GetParam()) + " round " + std::to_string(round));
        const auto updates = random_updates(random, pools);
        ASSERT_TRUE(tree.apply(updates));
        model.apply(updates);
        if (below(random, 4) != 0) {
            ASSERT_EQ(tree.root(), model.root());
        }
        if (below(random, 3) == 0) {
            tree.flush(store);
            ASSERT_EQ(store.vain_removals, 0u);
            ASSERT_EQ(store.nodes, store_of(model).nodes);
        }
        if (below(random, 3) == 0) {
            tree.evict(below(random, 2) == 0 ? 0 : tree.memory_bytes() / 2);
        }
        if (below(random, 8) == 0) {
            tree.flush(store);
            tree = StateTree(store, tree.root());
        }
        if (below(random, 4) == 0) {
            const auto slots = pick(random, pools.slots, 8);
            for (const Hash256& address : pick(random, pools.accounts, 8)) {
                expect_proof_agrees(tree, model, address, slots);
            }
        }
    }
}

TEST_P(StateTreeSimulation, a_missing_node_leaves_the_tree_as_it_was) {
    Random random(GetParam());
    const Pools pools{key_pool(random, 40), key_pool(random, 60)};
    MapStore store;
    StateTree tree(store, empty_trie_root);
    Model model;
    size_t failures = 0;
    for (int round = 0; round < 40; ++round) {
        SCOPED_TRACE("seed " + std::to_string(GetParam()) + " round " + std::to_string(round));
        const auto updates = random_updates(random, pools);
        store.loads = 0;
        store.fail_after_loads = below(random, 12);
        auto applied = tree.apply(updates);
        if (!applied) {
            ++failures;
            const MissingNode& missing = applied.error();
            EXPECT_TRUE(store.nodes.contains({missing.tree, missing.path}));
            ASSERT_EQ(tree.root(), model.root());
        }
        store.fail_after_loads.reset();
        if (!applied) {
            ASSERT_TRUE(tree.apply(updates));
        }
        model.apply(updates);
        ASSERT_EQ(tree.root(), model.root());
        tree.flush(store);
        ASSERT_EQ(store.nodes, store_of(model).nodes);
        tree.evict(0);
    }
    EXPECT_GT(failures, 0u);
}

TEST_P(StateTreeSimulation, serves_as_the_source_of_another_tree) {
    class TreeSource : public NodeSource {
      public:
        explicit TreeSource(StateTree& tree) : tree_(&tree) {}
        [[nodiscard]] std::optional<Bytes> load(
            const TreeId& id, BytesView path, const Hash256& /*hash*/
        ) const override {
            return tree_->node(id, path);
        }

      private:
        StateTree* tree_;
    };
    Random random(GetParam());
    const Pools pools{key_pool(random, 40), key_pool(random, 60)};
    MapStore store;
    StateTree tree(store, empty_trie_root);
    Model model;
    for (int round = 0; round < 20; ++round) {
        SCOPED_TRACE("seed " + std::to_string(GetParam()) + " round " + std::to_string(round));
        const auto updates = random_updates(random, pools);
        ASSERT_TRUE(tree.apply(updates));
        model.apply(updates);
        if (below(random, 2) == 0) {
            tree.flush(store);
            tree.evict(tree.memory_bytes() / 2);
        }
        const TreeSource source(tree);
        StateTree other(source, tree.root());
        Model after = model;
        const auto more = random_updates(random, pools);
        ASSERT_TRUE(other.apply(more));
        after.apply(more);
        ASSERT_EQ(other.root(), after.root());
        ASSERT_EQ(tree.root(), model.root());
    }
}

INSTANTIATE_TEST_SUITE_P(seeds, StateTreeSimulation, testing::Range<uint64_t>(1, 25));

TEST(state_tree, is_empty_at_the_empty_root) {
    const MapStore store;
    StateTree tree(store, empty_trie_root);
    EXPECT_EQ(tree.root(), empty_trie_root);
    EXPECT_TRUE(tree.apply({}));
    const auto proof = tree.prove(Hash256{}, std::vector<Hash256>{Hash256{}});
    ASSERT_TRUE(proof);
    EXPECT_FALSE(proof->exists);
    EXPECT_TRUE(proof->account_proof.empty());
    EXPECT_TRUE(proof->slots[0].proof.empty());
    EXPECT_EQ(tree.node(std::nullopt, {}), std::nullopt);
}

TEST(state_tree, reads_what_was_written_before_anything_is_hashed) {
    Random random(7);
    const Pools pools{key_pool(random, 60), key_pool(random, 60)};
    const MapStore nothing;
    StateTree tree(nothing, empty_trie_root);
    Model model;
    for (int round = 0; round < 20; ++round) {
        const auto updates = random_updates(random, pools);
        ASSERT_TRUE(tree.apply(updates));
        model.apply(updates);
        for (const Hash256& address : pools.accounts) {
            const auto found = model.accounts.find(address);
            const bool exists = found != model.accounts.end();
            const auto account = tree.account(address);
            ASSERT_TRUE(account);
            ASSERT_EQ(*account, exists ? std::optional{found->second.account} : std::nullopt);
            const auto has_storage = tree.has_storage(address);
            ASSERT_TRUE(has_storage);
            ASSERT_EQ(*has_storage, exists && !found->second.slots.empty());
            for (const Hash256& slot : pick(random, pools.slots, 8)) {
                const auto value = tree.storage(address, slot);
                ASSERT_TRUE(value);
                const bool is_set = exists && found->second.slots.contains(slot);
                ASSERT_EQ(*value, is_set ? found->second.slots.at(slot) : u256{});
            }
        }
    }
}

TEST(state_tree, a_read_names_the_node_that_is_missing) {
    MapStore nothing;
    StateTree tree(nothing, Hash256{{1}});
    const Hash256 key{{2}};
    ASSERT_FALSE(tree.account(key));
    EXPECT_EQ(tree.account(key).error().hash, (Hash256{{1}}));
    ASSERT_FALSE(tree.storage(key, key));
    EXPECT_EQ(tree.storage(key, key).error().hash, (Hash256{{1}}));
    ASSERT_FALSE(tree.has_storage(key));
}

TEST(state_tree, deletes_down_to_nothing_and_leaves_the_store_empty) {
    Random random(1);
    MapStore store;
    StateTree tree(store, empty_trie_root);
    std::vector<AccountUpdate> updates;
    for (const Hash256& key : key_pool(random, 100)) {
        updates.push_back({key, random_account(random), false, {{key, 7}}});
    }
    ASSERT_TRUE(tree.apply(updates));
    tree.flush(store);
    EXPECT_FALSE(store.nodes.empty());
    tree.evict(0);
    for (AccountUpdate& update : updates) {
        update = {update.hashed_address, std::nullopt, false, {}};
    }
    ASSERT_TRUE(tree.apply(updates));
    EXPECT_EQ(tree.root(), empty_trie_root);
    tree.flush(store);
    EXPECT_TRUE(store.nodes.empty());
}

TEST(state_tree, storage_cleared_drops_slots_before_the_update_ones) {
    const Hash256 address = key_from({1});
    MapStore store;
    StateTree tree(store, empty_trie_root);
    const std::vector<AccountUpdate> first{
        {address, account_with(1), false, {{key_from({1}), 1}, {key_from({2}), 2}}}
    };
    const std::vector<AccountUpdate> second{{address, account_with(1), true, {{key_from({3}), 3}}}};
    Model model;
    model.apply(second);
    ASSERT_TRUE(tree.apply(first));
    tree.flush(store);
    ASSERT_TRUE(tree.apply(second));
    EXPECT_EQ(tree.root(), model.root());
    tree.flush(store);
    EXPECT_EQ(store.nodes, store_of(model).nodes);
}

TEST(state_tree, clearing_needs_no_node_of_the_old_storage) {
    const Hash256 address = key_from({1});
    MapStore store;
    StateTree tree(store, empty_trie_root);
    const std::vector<AccountUpdate> first{{address, account_with(1), false, {{key_from({1}), 1}}}};
    ASSERT_TRUE(tree.apply(first));
    tree.flush(store);
    const Hash256 root = tree.root();
    store.remove_tree(address);
    StateTree reopened(store, root);
    const std::vector<AccountUpdate> touch{{address, account_with(1), false, {{key_from({1}), 2}}}};
    const auto applied = reopened.apply(touch);
    ASSERT_FALSE(applied);
    EXPECT_EQ(applied.error().tree, TreeId{address});
    EXPECT_TRUE(applied.error().path.empty());
    const std::vector<AccountUpdate> clear{{address, account_with(1), true, {}}};
    EXPECT_TRUE(reopened.apply(clear));
    Model model;
    model.apply(clear);
    EXPECT_EQ(reopened.root(), model.root());
}

TEST(state_tree, a_branch_that_collapses_needs_its_sibling_and_only_then) {
    const Hash256 first = key_from({1, 1});
    const Hash256 second = key_from({1, 2});
    const Hash256 third = key_from({2});
    MapStore store;
    StateTree tree(store, empty_trie_root);
    const std::vector<AccountUpdate> all{
        {first, account_with(1), false, {}},
        {second, account_with(2), false, {}},
        {third, account_with(3), false, {}},
    };
    ASSERT_TRUE(tree.apply(all));
    tree.flush(store);
    const Hash256 root = tree.root();
    store.remove(std::nullopt, Bytes{1, 2});

    StateTree without_sibling(store, root);
    const std::vector<AccountUpdate> remove_first{{first, std::nullopt, false, {}}};
    const auto applied = without_sibling.apply(remove_first);
    ASSERT_FALSE(applied);
    EXPECT_EQ(applied.error().path, (NibblePath{1, 2}));
    EXPECT_EQ(without_sibling.root(), root);

    // Another key takes the place of the one removed, so nothing collapses.
    const std::vector<AccountUpdate> replace_first{
        {first, std::nullopt, false, {}}, {key_from({1, 3}), account_with(4), false, {}}
    };
    EXPECT_TRUE(without_sibling.apply(replace_first));
    Model model;
    model.apply(all);
    model.apply(replace_first);
    EXPECT_EQ(without_sibling.root(), model.root());
}

TEST(state_tree, refuses_a_node_with_another_hash) {
    MapStore store;
    StateTree tree(store, empty_trie_root);
    const Hash256 address = key_from({1});
    const std::vector<AccountUpdate> update{{address, account_with(1), false, {}}};
    ASSERT_TRUE(tree.apply(update));
    tree.flush(store);
    const Hash256 root = tree.root();
    for (auto& [key, rlp] : store.nodes) {
        rlp.back() ^= 1;
    }
    StateTree reopened(store, root);
    const auto proof = reopened.prove(address, {});
    ASSERT_FALSE(proof);
    EXPECT_EQ(proof.error().hash, root);
    EXPECT_EQ(reopened.node(std::nullopt, {}), std::nullopt);
    EXPECT_FALSE(reopened.apply(update));
    EXPECT_EQ(reopened.root(), root);
}

TEST(state_tree, node_refuses_impossible_paths) {
    const MapStore store;
    StateTree tree(store, empty_trie_root);
    const std::vector<AccountUpdate> update{{key_from({1}), account_with(1), false, {}}};
    ASSERT_TRUE(tree.apply(update));
    EXPECT_TRUE(tree.node(std::nullopt, {}));
    EXPECT_FALSE(tree.node(std::nullopt, Bytes{1}));
    EXPECT_FALSE(tree.node(std::nullopt, Bytes{16}));
    EXPECT_FALSE(tree.node(std::nullopt, Bytes(65, 0)));
    EXPECT_FALSE(tree.node(TreeId{key_from({1})}, {}));
    EXPECT_FALSE(tree.node(TreeId{key_from({2})}, {}));
}

TEST(state_tree, evict_keeps_what_is_dirty_or_unflushed_and_stays_below_the_limit) {
    Random random(5);
    MapStore store;
    StateTree tree(store, empty_trie_root);
    std::vector<AccountUpdate> updates;
    for (int i = 0; i < 2000; ++i) {
        updates.push_back({random_hash(random), random_account(random), false, {}});
    }
    std::sort(updates.begin(), updates.end(), [](const auto& a, const auto& b) {
        return a.hashed_address < b.hashed_address;
    });
    ASSERT_TRUE(tree.apply(updates));
    const size_t full = tree.memory_bytes();
    tree.evict(0);
    EXPECT_EQ(tree.memory_bytes(), full);
    const Hash256 root = tree.root();
    tree.evict(0);
    EXPECT_EQ(tree.memory_bytes(), full);
    tree.flush(store);
    for (const size_t limit : {full, full / 2, full / 10, size_t{1000}, size_t{0}}) {
        tree.evict(limit);
        EXPECT_LE(tree.memory_bytes(), std::max<size_t>(limit, 64));
        EXPECT_EQ(tree.root(), root);
    }
    const auto proof = tree.prove(updates[77].hashed_address, {});
    ASSERT_TRUE(proof);
    EXPECT_EQ(proof->leaf.account, updates[77].account);
}

TEST(state_tree, evict_keeps_the_root_where_storage_tries_alone_exceed_the_limit) {
    Random random(7);
    MapStore store;
    std::vector<AccountUpdate> updates;
    for (int i = 0; i < 3000; ++i) {
        Hash256 key = random_hash(random);
        key[0] &= 0x0f;
        updates.push_back({key, account_with(1), false, {{random_hash(random), 7}}});
    }
    std::sort(updates.begin(), updates.end(), [](const auto& a, const auto& b) {
        return a.hashed_address < b.hashed_address;
    });
    updates.push_back({Hash256{{0xff}}, account_with(1), false, {}});
    StateTree tree(store, empty_trie_root);
    ASSERT_TRUE(tree.apply(updates));
    tree.flush(store);
    const Hash256 root = tree.root();
    // What cannot go by forgetting nodes is most of what there is.
    tree.evict(tree.memory_bytes() / 8);
    const size_t loads = store.loads;
    EXPECT_TRUE(tree.node(std::nullopt, {}));
    EXPECT_EQ(store.loads, loads);
    EXPECT_EQ(tree.root(), root);
}

TEST(state_tree, an_unchanged_value_writes_nothing) {
    MapStore store;
    StateTree tree(store, empty_trie_root);
    const std::vector<AccountUpdate> update{
        {key_from({1}), account_with(1), false, {{key_from({4}), 4}}}
    };
    ASSERT_TRUE(tree.apply(update));
    tree.flush(store);
    ASSERT_TRUE(tree.apply(update));
    MapStore second;
    tree.flush(second);
    EXPECT_TRUE(second.nodes.empty());
}

}  // namespace mega::trie
