// A tree that is hashed by several threads is the tree that one thread hashes.

#include "trie/threaded_jobs_test.hpp"
#include "trie/tree_test_support.hpp"

#include <gtest/gtest.h>

namespace mega::trie {

namespace {

using namespace test;

/// Many accounts, some with storage tries that are large themselves.
std::vector<AccountUpdate> large_update(Random& random, const std::vector<Hash256>& pool) {
    std::vector<AccountUpdate> updates;
    for (const Hash256& address : pick(random, pool, 2)) {
        AccountUpdate& update = updates.emplace_back();
        update.hashed_address = address;
        if (below(random, 300) == 0) {
            continue;  // deleted
        }
        update.account = random_account(random);
        const size_t most_slots = below(random, 100) == 0 ? 1500 : 3;
        for (const Hash256& slot : key_pool(random, 1 + below(random, most_slots))) {
            update.slots.push_back({slot, random_value(random)});
        }
    }
    return updates;
}

}  // namespace

class HashingJobs : public testing::TestWithParam<size_t> {};

TEST_P(HashingJobs, change_nothing) {
    Random random(GetParam());
    const auto pool = key_pool(random, 6000);
    MapStore store;
    MapStore store_of_one;
    ThreadedJobs jobs(GetParam());
    StateTree tree(store, empty_trie_root);
    StateTree tree_of_one(store_of_one, empty_trie_root);
    tree.lend(&jobs);
    for (int round = 0; round < 2; ++round) {
        const auto updates = large_update(random, pool);
        ASSERT_TRUE(tree.apply(updates));
        ASSERT_TRUE(tree_of_one.apply(updates));
        ASSERT_EQ(tree.root(), tree_of_one.root()) << "round " << round;
        tree.flush(store);
        tree_of_one.flush(store_of_one);
        ASSERT_EQ(store.nodes, store_of_one.nodes) << "round " << round;
    }
    EXPECT_EQ(jobs.most_jobs, GetParam() == 1 ? 0U : GetParam());  // there was enough to divide
}

INSTANTIATE_TEST_SUITE_P(widths, HashingJobs, testing::Values(1, 2, 3, 8));

}  // namespace mega::trie
