#include "sequencer/test_chain.hpp"
#include "sequencer/test_model.hpp"
#include "trie/proof.hpp"

namespace mega::sequencer::test {
namespace {

struct CommitmentTest : ::testing::Test {
    storage::TestDirectory directory{storage::TestDirectory::in_memory};
    TestOptions options;
    std::unique_ptr<TestChain> parts;
    std::vector<SealedPtr> sealed;

    void start() {
        parts = must_open(directory.path(), options);
        sealed = {parts->chain->head()};
    }
    /// A block that sets slot 1 of the store to its number, and slot 2 in even blocks alone.
    void add_block() {
        parts->chain->open_block(parts->next_inputs());
        const uint64_t nonce = parts->chain->state().account(sender(0))->nonce;
        const std::vector<mempool::TxPtr> txs{
            store(0, nonce, 1, sealed.size()), store(0, nonce + 1, 2, sealed.size() % 2)
        };
        for (const auto& outcome : parts->chain->execute(txs)) {
            ASSERT_TRUE(outcome.executed);
        }
        sealed.push_back(parts->seal());
    }
    [[nodiscard]] std::vector<SealedPtr> newest(size_t count) const {
        return {sealed.end() - static_cast<std::ptrdiff_t>(count), sealed.end()};
    }

    /// Proofs of the store's slots after block `number` lead to its header's root.
    void expect_proven(uint64_t number) {
        const std::vector<u256> slots{1, 2, 5, 99};
        const auto proof = parts->commitment->prove(store_address(), slots, number);
        ASSERT_TRUE(proof.has_value()) << proof.error().message;
        const Hash256 root = sealed.at(number)->header.state_root;
        EXPECT_EQ(proof->state_root, root);
        const Hash256 key = crypto::keccak256(store_address().view());
        const auto leaf = trie::verify_proof(root, key, proof->proof.account_proof);
        ASSERT_TRUE(leaf.has_value()) << to_string(leaf.error());
        ASSERT_TRUE(leaf->has_value());
        const auto account = decode_account_leaf(**leaf);
        ASSERT_TRUE(account.has_value());
        const std::vector<u256> expected{number, number % 2, 6, 0};
        for (size_t i = 0; i < slots.size(); ++i) {
            const auto& slot = proof->proof.slots.at(i);
            EXPECT_EQ(slot.value, expected[i]);
            const Hash256 slot_key = crypto::keccak256(slots[i].to_hash().view());
            const auto value = trie::verify_proof(account->storage_root, slot_key, slot.proof);
            ASSERT_TRUE(value.has_value()) << to_string(value.error());
            rlp::Writer encoded;
            encoded.write(expected[i]);
            EXPECT_EQ(*value, expected[i].is_zero() ? std::nullopt : std::optional{encoded.take()});
        }
    }
};

}  // namespace

TEST_F(CommitmentTest, proofs_of_kept_blocks_lead_to_their_roots) {
    start();
    for (int i = 0; i < 8; ++i) {
        add_block();
    }
    parts->chain->open_block(parts->next_inputs());
    (void)parts->chain->execute(std::vector{store(0, 16, 1, 1234)});
    (void)parts->chain->close_mini_block(1);  // absorbed, but not part of any of them
    for (uint64_t number = 0; number <= 8; ++number) {
        SCOPED_TRACE(number);
        expect_proven(number);
    }
}

TEST_F(CommitmentTest, an_absent_account_is_proven_absent) {
    start();
    add_block();
    const auto proof = parts->commitment->prove(address(0xdead), {}, 0);
    ASSERT_TRUE(proof.has_value());
    EXPECT_FALSE(proof->proof.exists);
    const Hash256 key = crypto::keccak256(address(0xdead).view());
    const auto value =
        trie::verify_proof(sealed[0]->header.state_root, key, proof->proof.account_proof);
    ASSERT_TRUE(value.has_value());
    EXPECT_FALSE(value->has_value());
}

TEST_F(CommitmentTest, a_tree_larger_than_its_memory_proves_all_the_same) {
    options.tree_memory_bytes = 0;
    start();
    for (int i = 0; i < 12; ++i) {
        add_block();
        if (i % 3 == 2) {
            parts->save(newest(3), 0);
        }
    }
    for (const uint64_t number : {12U, 11U, 5U, 0U}) {
        SCOPED_TRACE(number);
        expect_proven(number);
    }
}

TEST_F(CommitmentTest, nodes_stay_until_they_are_written) {
    options.tree_memory_bytes = 0;
    start();
    add_block();
    // What a slow disk looks like: flushed, but nothing of it can be read back yet.
    storage::WriteBatch unwritten;
    storage::NodeWriter nodes(unwritten);
    parts->commitment->flush(nodes);
    add_block();
    expect_proven(2);
    EXPECT_TRUE(parts->commitment->root().has_value());
}

TEST_F(CommitmentTest, blocks_beyond_the_window_are_refused_with_the_first_one_that_is_kept) {
    start();
    while (sealed.size() <= Commitment::proof_window + 3) {
        add_block();
    }
    expect_proven(3);
    const auto proof = parts->commitment->prove(store_address(), {}, 2);
    ASSERT_FALSE(proof.has_value());
    EXPECT_EQ(proof.error().message, "proofs are available from block 3 on, not for block 2");
}

TEST_F(CommitmentTest, proofs_after_going_back) {
    start();
    for (int i = 0; i < 6; ++i) {
        add_block();
    }
    parts->save(newest(6), 0);
    ASSERT_TRUE(parts->checkpointer->revert(*parts->chain, 3, 0).has_value());
    sealed.resize(4);
    expect_proven(3);
    expect_proven(1);
    add_block();
    add_block();
    for (uint64_t number = 0; number <= 5; ++number) {
        expect_proven(number);
    }
}

TEST_F(CommitmentTest, going_back_behind_a_restart) {
    start();
    for (int i = 0; i < 4; ++i) {
        add_block();
    }
    parts->save(newest(4), 0);
    const auto before = sealed;
    parts.reset();
    parts = must_open(directory.path(), options);
    EXPECT_FALSE(parts->commitment->prove(store_address(), {}, 3).has_value());
    ASSERT_TRUE(parts->checkpointer->revert(*parts->chain, 2, 0).has_value());
    expect_proven(2);
    EXPECT_FALSE(parts->commitment->prove(store_address(), {}, 1).has_value());
}

}  // namespace mega::sequencer::test
