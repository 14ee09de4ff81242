#include "sequencer/test_chain.hpp"
#include "sequencer/test_model.hpp"

#include <random>

namespace mega::sequencer::test {
namespace {

struct ChainTest : ::testing::Test {
    storage::TestDirectory directory{storage::TestDirectory::in_memory};
    std::unique_ptr<TestChain> parts = must_open(directory.path());
    Chain& chain = *parts->chain;
    Model model{parts->options.genesis};

    void open() { chain.open_block(parts->next_inputs()); }
    std::vector<ExecutionOutcome> execute(std::vector<mempool::TxPtr> transactions) {
        return chain.execute(transactions);
    }
    ExecutedPtr execute_one(mempool::TxPtr tx) {
        auto outcomes = execute({std::move(tx)});
        EXPECT_TRUE(outcomes[0].executed) << outcomes[0].refusal->message;
        return outcomes[0].executed;
    }
};

std::vector<ExecutedPtr> concatenated(const SealedBlock& block) {
    std::vector<ExecutedPtr> all;
    for (const MiniBlockPtr& mini_block : block.mini_blocks) {
        all.insert(all.end(), mini_block->transactions.begin(), mini_block->transactions.end());
    }
    return all;
}

void expect_good_mini_blocks(const SealedBlock& block) {
    EXPECT_EQ(concatenated(block), block.transactions);
    state::StateDiff sum;
    for (size_t i = 0; i < block.mini_blocks.size(); ++i) {
        const MiniBlock& mini_block = *block.mini_blocks[i];
        EXPECT_EQ(mini_block.header.index, i);
        EXPECT_EQ(mini_block.header.block_number, block.header.number);
        EXPECT_EQ(mini_block.header.block_timestamp, block.header.timestamp);
        EXPECT_EQ(recover_signer(mini_block.header), crypto::address_of(signing_key()));
        std::vector<Bytes> raw;
        std::vector<Receipt> receipts;
        uint64_t gas = 0;
        for (const ExecutedPtr& tx : mini_block.transactions) {
            raw.push_back(tx->tx->raw);
            receipts.push_back(tx->receipt);
            gas += tx->gas_used;
        }
        EXPECT_EQ(mini_block.header.gas_used, gas);
        EXPECT_EQ(mini_block.header.transaction_root, trie::ordered_root(raw));
        EXPECT_EQ(mini_block.header.receipt_root, execution::receipts_root(receipts));
        sum = state::merge(sum, *mini_block.diff);
    }
    EXPECT_EQ(sum, *block.diff);
}

}  // namespace

TEST_F(ChainTest, executed_transactions_have_receipts) {
    open();
    const auto sent = execute_one(transfer(0, 0));
    const auto stored = execute_one(store(1, 0, 7, 8));
    const auto deployed = execute_one(deploy(0, 1));
    EXPECT_TRUE(sent->receipt.status);
    EXPECT_EQ(sent->gas_used, 21'000u);
    EXPECT_EQ(sent->receipt.cumulative_gas_used, 21'000u);
    EXPECT_EQ(sent->effective_gas_price, chain.open()->env().context.base_fee_per_gas + u256{1});
    ASSERT_EQ(stored->receipt.logs.size(), 1u);
    EXPECT_EQ(stored->receipt.logs[0].topics[0], u256{7}.to_hash());
    EXPECT_EQ(stored->index, 1u);
    EXPECT_EQ(stored->receipt.cumulative_gas_used, 21'000 + stored->gas_used);
    ASSERT_TRUE(deployed->created);
    EXPECT_EQ(deployed->first_log_index, 1u);
    EXPECT_EQ(chain.state().storage(store_address(), 7), u256{8});
    EXPECT_EQ(chain.state().storage(*deployed->created, 0), u256{1});
    EXPECT_EQ(chain.gas_left(), gas_limit - deployed->receipt.cumulative_gas_used);
}

TEST_F(ChainTest, refused_transactions_leave_no_trace) {
    open();
    const auto before = *chain.state().account(sender(0));
    const auto outcomes = execute({transfer(0, 1), transfer(0, 0), transfer(0, 0)});
    EXPECT_EQ(outcomes[0].refusal->code, execution::TxErrorCode::nonce_too_high);
    EXPECT_TRUE(outcomes[1].executed);
    EXPECT_EQ(outcomes[2].refusal->code, execution::TxErrorCode::nonce_too_low);
    EXPECT_EQ(chain.executed_count(), 1u);
    EXPECT_EQ(chain.state().account(sender(0))->nonce, before.nonce + 1);
    const auto sealed = parts->seal();
    EXPECT_EQ(sealed->transactions.size(), 1u);
    model.expect_follows(chain_id, *sealed);
}

TEST_F(ChainTest, block_is_full_when_its_gas_is) {
    auto inputs = parts->next_inputs();
    inputs.gas_limit = 42'000;
    chain.open_block(inputs);
    const auto outcomes = execute({transfer(0, 0), transfer(0, 1), transfer(0, 2)});
    EXPECT_TRUE(outcomes[0].executed && outcomes[1].executed);
    EXPECT_EQ(outcomes[2].refusal->code, execution::TxErrorCode::gas_limit_reached);
    EXPECT_EQ(chain.gas_left(), 0u);
}

TEST_F(ChainTest, sealed_blocks_follow_from_their_transactions) {
    uint64_t nonce = 0;
    for (int block = 0; block < 4; ++block) {
        open();
        execute({transfer(0, nonce), store(1, nonce, 1, nonce + 1), deploy(2, nonce)});
        (void)chain.close_mini_block(100);
        execute({store(1, nonce + 1, 1, 0), store(0, nonce + 1, 2, 3)});
        if (block % 2 == 0) {
            (void)chain.close_mini_block(200);
        }
        (void)chain.close_mini_block(300);  // may be empty
        nonce += 2;
        execute({transfer(2, nonce - 1)});
        const auto sealed = parts->seal();
        model.expect_follows(chain_id, *sealed);
        expect_good_mini_blocks(*sealed);
        EXPECT_EQ(chain.head(), sealed);
        EXPECT_EQ(chain.open(), nullptr);
    }
    model.expect_shown_by(chain.state());
    EXPECT_EQ(chain.next_mini_block_number(), 4u * 3 + 2);
}

TEST_F(ChainTest, opening_an_untouched_block_again_leaves_the_state_as_it_was) {
    const auto root = *parts->commitment->root();
    auto inputs = parts->next_inputs();
    for (uint64_t i = 0; i < 3; ++i) {
        inputs.timestamp += i;
        inputs.base_fee_per_gas += i;
        const auto open_block = chain.open_block(inputs);
        EXPECT_EQ(open_block->opening_header().timestamp, inputs.timestamp);
    }
    EXPECT_EQ(*parts->commitment->root(), root);
    const auto sealed = parts->seal();
    model.expect_follows(chain_id, *sealed);
    EXPECT_EQ(sealed->header.timestamp, inputs.timestamp);
}

TEST_F(ChainTest, a_signed_mini_block_touches_the_block) {
    open();
    EXPECT_TRUE(chain.is_untouched());
    (void)chain.close_mini_block(1);
    EXPECT_FALSE(chain.is_untouched());
}

TEST_F(ChainTest, state_can_be_set_by_hand) {
    open();
    OverrideRecord change;
    change.address = address(0xabc);
    change.account = {3, 1000, crypto::keccak256(store_code())};
    change.code = store_code();
    change.slots = {{9, 9}, {1, 2}, {4, 0}};
    chain.override_state(change);
    EXPECT_FALSE(chain.is_untouched());
    EXPECT_EQ(chain.state().account(change.address), std::optional{change.account});
    EXPECT_EQ(chain.state().storage(change.address, 1), u256{2});
    const auto called = execute_one(store(0, 0, 9, 0, change.address));
    EXPECT_EQ(called->receipt.logs.size(), 1u);
    EXPECT_EQ(chain.state().storage(change.address, 9), u256{});
    const auto sealed = parts->seal();
    model.apply(*sealed->diff);
    EXPECT_EQ(model.state_root(), sealed->header.state_root);
}

TEST_F(ChainTest, override_that_changes_nothing_changes_no_root) {
    open();
    execute_one(transfer(0, 0));
    OverrideRecord change;
    change.address = sender(1);
    change.account = *chain.state().account(sender(1));
    chain.override_state(change);
    model.expect_follows(chain_id, *parts->seal());
}

TEST_F(ChainTest, going_back_restores_roots_exactly) {
    const uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    std::vector<SealedPtr> sealed{chain.head()};
    std::vector<SealedPtr> unsaved;
    int reverts = 0;
    for (int step = 0; step < 150 || reverts == 0; ++step) {
        if (!chain.open()) {
            open();
        }
        const size_t from = random() % sender_count;
        const uint64_t nonce = chain.state().account(sender(from))->nonce;
        const uint64_t dice = random() % 16;
        if (dice < 3) {
            execute_one(deploy(from, nonce));
        } else if (dice < 7) {
            execute_one(store(from, nonce, random() % 5, random() % 3));
        } else if (dice < 10) {
            const Address to = address(0x1000 + random() % 6);
            execute_one(transfer(from, nonce, [&](Transaction& tx) { tx.to = to; }));
        } else if (dice < 12) {
            (void)chain.close_mini_block(static_cast<uint64_t>(step));
        } else if (dice < 15) {
            sealed.push_back(parts->seal());
            unsaved.push_back(sealed.back());
        } else {
            parts->save(std::exchange(unsaved, {}), 0);
            sealed.resize(1 + random() % sealed.size());
            const BlockHeader target = sealed.back()->header;
            const auto reverted = parts->checkpointer->revert(chain, target.number, 0);
            ASSERT_TRUE(reverted.has_value()) << reverted.error().message;
            ++reverts;
            EXPECT_EQ(chain.head()->hash, sealed.back()->hash);
            EXPECT_EQ(*parts->commitment->root(), target.state_root);
            Model then(parts->options.genesis);
            for (size_t i = 1; i < sealed.size(); ++i) {
                then.apply(*sealed[i]->diff);
            }
            EXPECT_EQ(then.state_root(), target.state_root);
            then.expect_shown_by(chain.state());
            EXPECT_EQ(parts->blocks->checkpoint()->value().block_number, target.number);
            EXPECT_FALSE(parts->blocks->header(target.number + 1)->has_value());
        }
    }
    ASSERT_TRUE(parts->states->health().has_value());
}

TEST_F(ChainTest, blocks_whose_diffs_are_not_kept_cannot_be_taken_back) {
    EXPECT_FALSE(parts->checkpointer->revert(chain, 5, 0).has_value());
}

}  // namespace mega::sequencer::test
