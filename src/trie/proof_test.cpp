#include "trie/proof.hpp"

#include "crypto/keccak.hpp"
#include "trie/tree_test_support.hpp"

#include <gtest/gtest.h>

namespace mega::trie {

namespace {

using namespace test;

struct Sample {
    Hash256 root;
    Hash256 key;
    std::vector<Bytes> nodes;
    std::optional<Bytes> value;
};

/// Proofs of present and absent keys in a small trie with extensions, branches and embedded nodes.
std::vector<Sample> samples() {
    Random random(11);
    const auto pool = key_pool(random, 30);
    const Hash256 address = random_hash(random);
    AccountUpdate update{address, random_account(random), false, {}};
    for (size_t i = 0; i < pool.size(); i += 2) {
        update.slots.push_back({pool[i], u256{1 + below(random, 100)}});
    }
    const MapStore nothing;
    StateTree tree(nothing, empty_trie_root);
    EXPECT_TRUE(tree.apply(std::span(&update, 1)));
    const auto proof = tree.prove(address, pool);
    EXPECT_TRUE(proof);
    std::vector<Sample> result;
    for (const auto& slot : proof->slots) {
        std::optional<Bytes> value;
        if (!slot.value.is_zero()) {
            rlp::Writer writer;
            writer.write(slot.value);
            value = writer.take();
        }
        result.push_back({proof->leaf.storage_root, slot.hashed_slot, slot.proof, value});
    }
    return result;
}

Bytes list_of(std::initializer_list<Bytes> items) {
    rlp::Writer writer;
    const size_t list = writer.begin_list();
    for (const Bytes& item : items) {
        writer.write(BytesView{item});
    }
    writer.end_list(list);
    return writer.take();
}

ProofError error_of(const Bytes& root_node, BytesView key) {
    const auto result =
        verify_proof(crypto::keccak256(root_node), key, std::vector<Bytes>{root_node});
    EXPECT_FALSE(result);
    return result.error();
}

}  // namespace

TEST(proof, shows_presence_and_absence) {
    size_t present = 0;
    size_t absent = 0;
    for (const Sample& sample : samples()) {
        const auto result = verify_proof(sample.root, sample.key, sample.nodes);
        ASSERT_TRUE(result) << to_string(result.error());
        EXPECT_EQ(*result, sample.value);
        ++(sample.value ? present : absent);
    }
    EXPECT_GT(present, 5u);
    EXPECT_GT(absent, 5u);
}

TEST(proof, with_any_byte_changed_shows_nothing_else) {
    for (Sample& sample : samples()) {
        for (Bytes& node : sample.nodes) {
            for (uint8_t& byte : node) {
                for (const unsigned flip : {0x01u, 0x80u, 0xffu}) {
                    byte = static_cast<uint8_t>(byte ^ flip);
                    EXPECT_FALSE(verify_proof(sample.root, sample.key, sample.nodes));
                    byte = static_cast<uint8_t>(byte ^ flip);
                }
            }
        }
    }
}

TEST(proof, of_another_key_does_not_show_this_ones_value) {
    const auto all = samples();
    for (const Sample& sample : all) {
        for (const Sample& other : all) {
            const auto result = verify_proof(sample.root, other.key, sample.nodes);
            if (result) {
                EXPECT_EQ(*result, other.value);
            }
        }
    }
}

TEST(proof, refuses_missing_surplus_and_reordered_nodes) {
    for (const Sample& sample : samples()) {
        auto nodes = sample.nodes;
        nodes.push_back(nodes.back());
        EXPECT_EQ(verify_proof(sample.root, sample.key, nodes).error(), ProofError::surplus_nodes);
        nodes.pop_back();
        nodes.pop_back();
        EXPECT_EQ(verify_proof(sample.root, sample.key, nodes).error(), ProofError::incomplete);
        nodes = sample.nodes;
        ASSERT_GT(nodes.size(), 1u);
        std::swap(nodes[0], nodes[1]);
        EXPECT_EQ(verify_proof(sample.root, sample.key, nodes).error(), ProofError::wrong_hash);
        nodes = sample.nodes;
        nodes[0].push_back(0);
        EXPECT_EQ(verify_proof(sample.root, sample.key, nodes).error(), ProofError::wrong_hash);
    }
}

TEST(proof, of_the_empty_trie_has_no_nodes) {
    const auto result = verify_proof(empty_trie_root, Hash256{}, {});
    ASSERT_TRUE(result);
    EXPECT_EQ(*result, std::nullopt);
    const std::vector<Bytes> surplus{{0x80}};
    EXPECT_EQ(verify_proof(empty_trie_root, Hash256{}, surplus).error(), ProofError::surplus_nodes);
    EXPECT_EQ(verify_proof(Hash256{}, Hash256{}, {}).error(), ProofError::incomplete);
}

TEST(proof, refuses_malformed_nodes_even_with_the_right_hash) {
    const Bytes key{0x12};
    EXPECT_EQ(error_of({}, key), ProofError::bad_node);
    EXPECT_EQ(error_of({0x81, 0x80}, key), ProofError::bad_node);
    EXPECT_EQ(error_of(list_of({}), key), ProofError::bad_node);
    EXPECT_EQ(error_of(list_of({{0x20, 0x12}, {}}), key), ProofError::bad_node);   // empty value
    EXPECT_EQ(error_of(list_of({{}, {1}}), key), ProofError::bad_node);            // no path prefix
    EXPECT_EQ(error_of(list_of({{0x40, 0x12}, {1}}), key), ProofError::bad_node);  // unknown flag
    EXPECT_EQ(
        error_of(list_of({{0x21, 0x12}, {1}}), key), ProofError::bad_node
    );  // padding not zero
    EXPECT_EQ(
        error_of(list_of({{0x00}, Bytes(32, 1)}), key), ProofError::bad_node
    );  // empty extension
    EXPECT_EQ(error_of(list_of({{0x11}, Bytes(31, 1)}), key), ProofError::bad_node);  // short hash
    EXPECT_EQ(
        error_of(list_of({{0x20, 0x12}, {1}, {2}}), key), ProofError::bad_node
    );  // three items
    Bytes trailing = list_of({{0x20, 0x12}, {1}});
    trailing.push_back(0);
    EXPECT_EQ(error_of(trailing, key), ProofError::bad_node);
    rlp::Writer lone;
    const size_t list = lone.begin_list();
    for (int i = 0; i < 16; ++i) {
        lone.write(i == 3 ? BytesView{Hash256{}} : BytesView{});
    }
    lone.write(BytesView{});
    lone.end_list(list);
    EXPECT_EQ(error_of(lone.take(), key), ProofError::bad_node);  // a branch with one child
}

TEST(proof, finds_a_value_in_a_branch_where_the_key_ends) {
    const Bytes leaf = list_of({{0x20}, {9}});
    rlp::Writer writer;
    const size_t list = writer.begin_list();
    for (int i = 0; i < 16; ++i) {
        if (i == 1) {
            writer.write_raw(leaf);
        } else {
            writer.write(BytesView{});
        }
    }
    writer.write(BytesView{Bytes{5}});
    writer.end_list(list);
    const std::vector<Bytes> nodes{writer.take()};
    const Hash256 root = crypto::keccak256(nodes[0]);
    EXPECT_EQ(*verify_proof(root, {}, nodes), Bytes{5});
    EXPECT_EQ(*verify_proof(root, Bytes{0x21}, nodes), std::nullopt);
    EXPECT_EQ(*verify_proof(root, Bytes{0x11}, nodes), std::nullopt);
}

}  // namespace mega::trie
