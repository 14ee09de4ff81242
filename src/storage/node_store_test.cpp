#include "storage/node_store.hpp"

#include "storage/test_directory.hpp"

#include <gtest/gtest.h>

namespace mega::storage {
namespace {

class NodeStoreTest : public ::testing::Test {
  protected:
    NodeStoreTest() {
        auto database = Database::open({.path = directory_.path(), .cache_bytes = 8u << 20});
        EXPECT_TRUE(database) << database.error().message;
        database_ = std::move(*database);
    }
    template <class Write>
    void write(Write&& write) {
        WriteBatch batch;
        NodeWriter nodes(batch);
        write(nodes);
        ASSERT_TRUE(database_->write(std::move(batch), false));
    }
    std::optional<Bytes> load(const trie::TreeId& tree, const Bytes& path) {
        return NodeReader(*database_).load(tree, path, {});
    }

    TestDirectory directory_{TestDirectory::in_memory};
    std::unique_ptr<Database> database_;
};

TEST_F(NodeStoreTest, keeps_trees_and_paths_apart) {
    const Hash256 one{{1}};
    write([&](NodeWriter& nodes) {
        nodes.put(std::nullopt, Bytes{}, Bytes{1});
        nodes.put(std::nullopt, Bytes{1, 2}, Bytes{2});
        nodes.put(one, Bytes{}, Bytes{3});
        nodes.put(one, Bytes{1, 2}, Bytes{4});
    });
    EXPECT_EQ(load(std::nullopt, {}), Bytes{1});
    EXPECT_EQ(load(std::nullopt, {1, 2}), Bytes{2});
    EXPECT_EQ(load(one, {}), Bytes{3});
    EXPECT_EQ(load(one, {1, 2}), Bytes{4});
    EXPECT_EQ(load(one, {1}), std::nullopt);
    EXPECT_EQ(load(Hash256{{2}}, {}), std::nullopt);
    write([&](NodeWriter& nodes) { nodes.remove(std::nullopt, Bytes{1, 2}); });
    EXPECT_EQ(load(std::nullopt, {1, 2}), std::nullopt);
    EXPECT_EQ(load(one, {1, 2}), Bytes{4});
}

TEST_F(NodeStoreTest, removes_one_tree_whole_and_no_other) {
    Hash256 tree;
    tree.bytes.fill(0xff);
    Hash256 before = tree;
    before[31] = 0xfe;
    write([&](NodeWriter& nodes) {
        for (const Hash256& id : {before, tree}) {
            nodes.put(id, Bytes{}, Bytes{1});
            nodes.put(id, Bytes(64, 15), Bytes{2});
        }
    });
    write([&](NodeWriter& nodes) {
        nodes.remove_tree(tree);
        nodes.put(tree, Bytes{3}, Bytes{3});  // built anew in the same flush
    });
    EXPECT_EQ(load(tree, {}), std::nullopt);
    EXPECT_EQ(load(tree, Bytes(64, 15)), std::nullopt);
    EXPECT_EQ(load(tree, {3}), Bytes{3});
    EXPECT_EQ(load(before, {}), Bytes{1});
    EXPECT_EQ(load(before, Bytes(64, 15)), Bytes{2});
}

}  // namespace
}  // namespace mega::storage
