#include "ethereum/chain.hpp"

#include "ethereum/block_transition.hpp"
#include "ethereum/data/dao_accounts.hpp"
#include "ethereum/difficulty.hpp"
#include "ethereum/header_rules.hpp"
#include "execution/genesis.hpp"
#include "trie/ordered_root.hpp"

#include <gtest/gtest.h>

namespace mega::ethereum {
namespace {

using Code = BlockFaultCode;

const crypto::SecretKey key{{0x45, 0xa9, 0x15, 0xe4, 0xd0, 0x60, 0x14, 0x9e, 0xb4, 0x36, 0x59,
                             0x60, 0xe6, 0xa7, 0xa4, 0x5f, 0x33, 0x43, 0x93, 0x09, 0x30, 0x61,
                             0x11, 0x6b, 0x19, 0x7e, 0x32, 0x40, 0x06, 0x5f, 0xf2, 0xd8}};
constexpr Address miner{{0xaa}};

/// A block with the state after it, so that children can be made of it.
struct Made {
    Block block;
    state::StateDiff state;  // from nothing
    [[nodiscard]] Hash256 hash() const { return hash_of(block.header); }
};

Hash256 ommers_hash_of(const std::vector<BlockHeader>& ommers) {
    rlp::Writer out;
    const size_t list = out.begin_list();
    for (const BlockHeader& ommer : ommers) {
        out.write_raw(encode(ommer));
    }
    out.end_list(list);
    return crypto::keccak256(out.view());
}

/// Makes right blocks, and a chain to import them, or what a test makes of them, into.
class ChainTest : public testing::Test {
  protected:
    void begin(const char* network, uint64_t difficulty = 1'000'000) {
        config_ = config_of_network(network).value();
        fork_ = fork_at(config_, 0, 0, config_.terminal_total_difficulty.has_value());
        execution::GenesisSpec spec;
        spec.alloc[crypto::address_of(key).value()].balance = u256{1} << 80;
        spec.alloc[dao_accounts[5]].balance = 12'345;
        spec.difficulty = fork_ >= Fork::paris ? 0 : difficulty;
        const auto genesis = execution::make_genesis(fork_, spec);
        genesis_ = {{genesis.header, {}, {}, {}}, genesis.diff};
        chain_ = *Chain::start(config_, genesis.diff, genesis.header);
    }

    [[nodiscard]] Made make_child(
        const Made& parent,
        uint64_t elapsed = 12,
        std::vector<BlockHeader> ommers = {},
        std::vector<Bytes> envelopes = {}
    ) {
        Made made{{parent.block.header, std::move(envelopes), std::move(ommers), {}}, {}};
        BlockHeader& header = made.block.header;
        fill(header, parent, elapsed);
        header.ommers_hash = ommers_hash_of(made.block.ommers);
        header.transactions_root = trie::ordered_root(made.block.transactions);
        if (fork_ >= Fork::shanghai) {
            made.block.withdrawals.emplace();
        }
        execute(made, parent);
        return made;
    }

    Result<ImportedBlock, BlockFault> import(const Made& made) { return import(made.block); }
    Result<ImportedBlock, BlockFault> import(const Block& block) {
        return chain_->import(vm_, encode(block));
    }
    /// Why the block is refused; nothing when it is not. A refused block leaves the head.
    std::optional<Code> fault(const Block& block) {
        const Hash256 head = chain_->head_hash();
        const auto imported = import(block);
        if (imported) {
            return std::nullopt;
        }
        EXPECT_EQ(chain_->head_hash(), head);
        return imported.error().code;
    }

    [[nodiscard]] Bytes transfer(uint64_t nonce, std::optional<uint64_t> chain_id = 1) const {
        Transaction tx;
        tx.chain_id = chain_id;
        tx.nonce = nonce;
        tx.gas_limit = 21'000;
        tx.max_fee_per_gas = tx.max_priority_fee_per_gas = 2'000'000'000;
        tx.to = Address{{0x77}};
        tx.value = 5;
        sign_transaction(tx, key);
        return encode(tx);
    }

    evm::Vm vm_;
    ChainConfig config_;
    Fork fork_ = Fork::frontier;
    Made genesis_;
    std::unique_ptr<Chain> chain_;

  private:
    void fill(BlockHeader& header, const Made& parent, uint64_t elapsed) const {
        header.parent_hash = parent.hash();
        header.beneficiary = miner;
        header.number += 1;
        header.timestamp += elapsed;
        header.gas_used = 0;
        if (fork_ < Fork::paris) {
            const BlockHeader& before = parent.block.header;
            header.difficulty = difficulty_of(
                {fork_,
                 0,
                 header.number,
                 header.timestamp,
                 before.difficulty,
                 before.timestamp,
                 before.ommers_hash != empty_ommers_hash}
            );
        }
        if (fork_ >= Fork::london) {
            header.base_fee_per_gas = execution::next_base_fee(parent.block.header);
        }
    }

    /// Fills in what execution gives.
    void execute(Made& made, const Made& parent) {
        const state::EmptyState nothing;
        state::Overlay view{nothing};
        view.apply(parent.state);
        ChainState roots;
        std::vector<SignedTransaction> transactions;
        for (const Bytes& envelope : made.block.transactions) {
            if (auto tx = decode_signed_transaction(envelope)) {
                transactions.push_back(*std::move(tx));
            }
        }
        const auto root_after = [&](const state::StateDiff& diff) {
            return roots.root_after(state::merge(parent.state, diff));
        };
        BlockHeader& header = made.block.header;
        const BlockInput input{
            config_, fork_, header, transactions, made.block.ommers, {}, root_after
        };
        const auto result = execute_block(vm_, view, input);
        if (!result) {
            return;  // the test is about to have it refused
        }
        made.state = state::merge(parent.state, result->diff);
        header.state_root = roots.root_after(made.state);
        header.gas_used = result->gas_used;
        header.receipts_root = execution::receipts_root(result->receipts);
        header.logs_bloom = result->logs_bloom;
    }
};

TEST_F(ChainTest, GrowsByBlocksOfEveryFork) {
    for (const char* network :
         {"Frontier",
          "Homestead",
          "EIP150",
          "EIP158",
          "Byzantium",
          "Constantinople",
          "Istanbul",
          "Berlin",
          "London",
          "Paris",
          "Shanghai"}) {
        begin(network);
        const bool has_chain_ids = fork_ >= Fork::spurious_dragon;
        const auto id = has_chain_ids ? std::optional<uint64_t>{1} : std::nullopt;
        const Made first = make_child(genesis_, 12, {}, {transfer(0, id), transfer(1, id)});
        const auto imported = import(first);
        ASSERT_TRUE(imported) << network << ": " << imported.error().message();
        EXPECT_TRUE(imported->is_head);
        ASSERT_EQ(imported->receipts.size(), 2U);
        EXPECT_EQ(imported->receipts[0].post_state.has_value(), fork_ < Fork::byzantium);
        const Made second = make_child(first);
        ASSERT_TRUE(import(second)) << network;
        EXPECT_EQ(chain_->head_hash(), second.hash());
        EXPECT_EQ(chain_->head_state().account(Address{{0x77}})->balance, u256{10});
        EXPECT_EQ(chain_->head_state().block_hash(1), first.hash());
    }
}

TEST_F(ChainTest, RewardsShrankWithTheForks) {
    const std::pair<const char*, uint64_t> rewards[] = {
        {"Frontier", 5}, {"EIP158", 5}, {"Byzantium", 3}, {"Constantinople", 2}, {"London", 2}
    };
    for (const auto& [network, ether] : rewards) {
        begin(network);
        ASSERT_TRUE(import(make_child(genesis_)));
        const u256 expected = u256{ether} * u256{1'000'000'000'000'000'000};
        EXPECT_EQ(chain_->head_state().account(miner)->balance, expected) << network;
    }
    begin("Paris");
    ASSERT_TRUE(import(make_child(genesis_)));
    EXPECT_FALSE(chain_->head_state().account(miner));
}

TEST_F(ChainTest, RefusesWhatExecutionDoesNotGive) {
    begin("London");
    const Made right = make_child(genesis_, 12, {}, {transfer(0)});
    const auto spoilt = [&](auto spoil) {
        Block block = right.block;
        spoil(block);
        return fault(block);
    };
    EXPECT_EQ(spoilt([](Block& b) { b.header.gas_used += 1; }), Code::wrong_gas_used);
    EXPECT_EQ(spoilt([](Block& b) { b.header.receipts_root[0] ^= 1; }), Code::wrong_receipts_root);
    EXPECT_EQ(spoilt([](Block& b) { b.header.logs_bloom[9] ^= 1; }), Code::wrong_logs_bloom);
    EXPECT_EQ(spoilt([](Block& b) { b.header.state_root[0] ^= 1; }), Code::wrong_state_root);
    // The state is that of the parent again, however the last one went wrong.
    EXPECT_EQ(spoilt([](Block&) {}), std::nullopt);
}

TEST_F(ChainTest, RefusesABodyThatIsNotTheHeaders) {
    begin("Shanghai");
    const Made right = make_child(genesis_, 12, {}, {transfer(0)});
    const auto spoilt = [&](auto spoil) {
        Block block = right.block;
        spoil(block);
        return fault(block);
    };
    EXPECT_EQ(spoilt([](Block& b) { b.transactions.clear(); }), Code::wrong_transactions_root);
    EXPECT_EQ(spoilt([](Block& b) { b.ommers.emplace_back(); }), Code::wrong_ommers_hash);
    EXPECT_EQ(spoilt([](Block& b) { b.withdrawals.reset(); }), Code::missing_withdrawals);
    EXPECT_EQ(
        spoilt([](Block& b) { b.withdrawals->emplace_back(); }), Code::wrong_withdrawals_root
    );
    EXPECT_EQ(
        spoilt([](Block& b) {
            b.ommers.emplace_back();
            b.header.ommers_hash = ommers_hash_of(b.ommers);
        }),
        Code::too_many_ommers
    );
    begin("Paris");
    Block early = make_child(genesis_).block;
    early.withdrawals.emplace();
    EXPECT_EQ(fault(early), Code::unexpected_withdrawals);
}

TEST_F(ChainTest, RefusesTransactionsThatItsForkDoesNotKnow) {
    begin("Homestead");
    EXPECT_EQ(fault(make_child(genesis_, 12, {}, {transfer(0)}).block), Code::invalid_transaction);
    begin("London");
    EXPECT_EQ(
        fault(make_child(genesis_, 12, {}, {transfer(0, 2)}).block), Code::invalid_transaction
    );
    EXPECT_EQ(fault(make_child(genesis_, 12, {}, {transfer(1)}).block), Code::invalid_transaction);
    Transaction deposit;
    deposit.type = TxType::deposit;
    deposit.from = miner;
    deposit.mint = 1;
    deposit.gas_limit = 21'000;
    EXPECT_EQ(
        fault(make_child(genesis_, 12, {}, {encode(deposit)}).block), Code::invalid_transaction
    );
    EXPECT_EQ(fault(make_child(genesis_, 12, {}, {Bytes{0x01}}).block), Code::invalid_transaction);
}

/// The other signature of the same transaction: s and the parity flipped.
TEST_F(ChainTest, HighSIsAllowedInFrontierAlone) {
    Transaction tx = *decode_transaction(transfer(0, std::nullopt));
    const u256 order{0xbfd25e8cd0364141, 0xbaaedce6af48a03b, 0xfffffffffffffffe, ~0ULL};
    tx.signature.s = (order - to_u256(tx.signature.s)).to_hash();
    tx.signature.y_parity ^= 1;
    begin("Homestead");
    EXPECT_EQ(fault(make_child(genesis_, 12, {}, {encode(tx)}).block), Code::invalid_transaction);
    // In Frontier the signature passes, so that execution has the word: this header is wrong.
    begin("Frontier");
    EXPECT_EQ(fault(make_child(genesis_, 12, {}, {encode(tx)}).block), Code::wrong_gas_used);
}

TEST_F(ChainTest, TheHeadHasTheHighestTotalDifficulty) {
    begin("Homestead");
    const Made slow = make_child(genesis_, 50);
    const Made slow_child = make_child(slow, 50);
    const Made fast = make_child(genesis_, 5);
    const Made fast_child = make_child(fast, 5);
    ASSERT_TRUE(import(slow));
    ASSERT_TRUE(import(slow_child));
    ASSERT_TRUE(import(fast));
    EXPECT_EQ(chain_->head_hash(), slow_child.hash()) << "one block weighs less than two";
    ASSERT_TRUE(import(fast_child));
    EXPECT_EQ(chain_->head_hash(), fast_child.hash());
    EXPECT_EQ(chain_->head_state().block_hash(1), fast.hash());
    // Known already: nothing changes.
    ASSERT_TRUE(import(slow));
    EXPECT_EQ(chain_->head_hash(), fast_child.hash());
}

TEST_F(ChainTest, TheFirstOfEqualsStaysTheHead) {
    begin("Homestead");
    const Made first = make_child(genesis_, 15);
    Made second = make_child(genesis_, 16);
    ASSERT_EQ(first.block.header.difficulty, second.block.header.difficulty);
    ASSERT_TRUE(import(first));
    ASSERT_TRUE(import(second));
    EXPECT_EQ(chain_->head_hash(), first.hash());
}

TEST_F(ChainTest, AfterTheMergeTheLastImportedIsTheHead) {
    begin("Paris");
    const Made one = make_child(genesis_, 5);
    const Made other = make_child(genesis_, 6);
    ASSERT_TRUE(import(one));
    ASSERT_TRUE(import(make_child(one)));
    ASSERT_TRUE(import(other));
    EXPECT_EQ(chain_->head_hash(), other.hash());
}

TEST_F(ChainTest, WithoutAMergeAGenesisOfNoDifficultyIsOutgrown) {
    begin("London", 0);
    const Made child = make_child(genesis_);
    const Made late = make_child(genesis_, 1000);
    ASSERT_TRUE(import(child));
    EXPECT_EQ(chain_->head_hash(), child.hash());
    ASSERT_TRUE(import(late));
    EXPECT_EQ(chain_->head_hash(), child.hash()) << "the first of equals";
}

TEST_F(ChainTest, RefusesWhatHasNoParentOrNoForm) {
    begin("London");
    const Made first = make_child(genesis_);
    EXPECT_EQ(fault(make_child(first).block), Code::unknown_parent);
    const Bytes encoded = encode(first.block);
    for (const size_t size : {size_t{0}, size_t{1}, encoded.size() - 1}) {
        const auto imported = chain_->import(vm_, BytesView{encoded}.first(size));
        ASSERT_FALSE(imported);
        EXPECT_EQ(imported.error().code, Code::undecodable);
    }
}

// --- ommers: a chain of `depth` blocks, and siblings of its members ---

class Ommers : public ChainTest {
  protected:
    void grow(size_t depth) {
        begin("Byzantium");
        trunk_ = {genesis_};
        for (size_t i = 0; i < depth; ++i) {
            siblings_.push_back(make_child(trunk_.back(), 20).block.header);
            trunk_.push_back(make_child(trunk_.back()));
            ASSERT_TRUE(import(trunk_.back()));
        }
    }
    std::optional<Code> fault_with(std::vector<BlockHeader> ommers) {
        return fault(make_child(trunk_.back(), 12, std::move(ommers)).block);
    }

    std::vector<Made> trunk_;
    std::vector<BlockHeader> siblings_;  // [i] beside trunk_[i + 1]
};

TEST_F(Ommers, OfUpToSixGenerationsAreTaken) {
    grow(8);                                              // the next block has number 9
    EXPECT_EQ(fault_with({siblings_[2]}), std::nullopt);  // number 3
    EXPECT_EQ(fault_with({siblings_[7], siblings_[6]}), std::nullopt);     // numbers 8 and 7
    EXPECT_EQ(fault_with({siblings_[1]}), Code::ommer_not_of_this_chain);  // number 2
}

TEST_F(Ommers, EarnTheirMinersASharesOfTheReward) {
    grow(2);
    siblings_[1].beneficiary = Address{{0xbb}};
    ASSERT_EQ(fault_with({siblings_[1]}), std::nullopt);
    const u256 reward = u256{3} * u256{1'000'000'000'000'000'000};
    const auto& state = chain_->head_state();
    EXPECT_EQ(state.account(Address{{0xbb}})->balance, reward * u256{7} / u256{8});
    EXPECT_EQ(state.account(miner)->balance, reward * u256{3} + reward / u256{32});
}

TEST_F(Ommers, AreAtMostTwoAndDifferent) {
    grow(4);
    EXPECT_EQ(fault_with({siblings_[1], siblings_[2], siblings_[3]}), Code::too_many_ommers);
    EXPECT_EQ(fault_with({siblings_[1], siblings_[1]}), Code::repeated_ommer);
}

TEST_F(Ommers, AreNotTakenTwiceOnOneChain) {
    grow(3);
    const Made with = make_child(trunk_.back(), 12, {siblings_[1]});
    ASSERT_TRUE(import(with));
    EXPECT_EQ(fault(make_child(with, 12, {siblings_[1]}).block), Code::repeated_ommer);
    EXPECT_EQ(fault(make_child(with, 12, {siblings_[2]}).block), std::nullopt);
}

TEST_F(Ommers, AreNeitherAncestorsNorBrothers) {
    grow(3);
    EXPECT_EQ(fault_with({trunk_[2].block.header}), Code::ommer_is_ancestor);
    const Made brother = make_child(trunk_.back(), 20);
    EXPECT_EQ(fault_with({brother.block.header}), Code::ommer_not_of_this_chain);
}

TEST_F(Ommers, HaveAHeaderThatFollowsItsParents) {
    grow(3);
    BlockHeader wrong = siblings_[1];
    wrong.difficulty += u256{1};
    EXPECT_EQ(fault_with({wrong}), Code::invalid_ommer);
    wrong = siblings_[1];
    wrong.timestamp = trunk_[1].block.header.timestamp;
    EXPECT_EQ(fault_with({wrong}), Code::invalid_ommer);
}

// --- the DAO fork ---

TEST_F(ChainTest, TheDaoForkMovesTheEtherOnce) {
    begin("HomesteadToDaoAt5");
    Made at = genesis_;
    for (uint64_t number = 1; number <= 6; ++number) {
        Made next = make_child(at);
        if (number >= 5) {
            next.block.header.extra_data = to_bytes(as_bytes("dao-hard-fork"));
        }
        const auto imported = import(next);
        ASSERT_TRUE(imported) << number << ": " << imported.error().message();
        const auto& state = chain_->head_state();
        EXPECT_EQ(state.account(dao_accounts[5])->balance, u256{number < 5 ? 12'345U : 0U});
        EXPECT_EQ(state.account(dao_refund_contract).has_value(), number >= 5);
        at = next;
    }
}

// --- EIP-7934 ---

/// A block of `size_bytes` that is right up to its one transaction, which is no transaction.
Block block_of_size(Block block, size_t size_bytes) {
    block.transactions = {Bytes{0x02}};
    const size_t empty_size = encode(block).size();
    // The longer strings' and lists' headers take some bytes of their own.
    block.transactions[0].resize(size_bytes - empty_size);
    while (encode(block).size() > size_bytes) {
        block.transactions[0].pop_back();
    }
    block.header.transactions_root = trie::ordered_root(block.transactions);
    return block;
}

TEST_F(ChainTest, OsakaLimitsTheSizeOfABlock) {
    begin("Osaka");
    const Made right = make_child(genesis_);
    const Block fits = block_of_size(right.block, max_block_size_bytes);
    ASSERT_EQ(encode(fits).size(), max_block_size_bytes);
    EXPECT_EQ(fault(fits), Code::invalid_transaction) << "the size is no fault";
    EXPECT_EQ(fault(block_of_size(right.block, max_block_size_bytes + 1)), Code::block_too_large);
    begin("Prague");
    const Made earlier = make_child(genesis_);
    EXPECT_EQ(
        fault(block_of_size(earlier.block, max_block_size_bytes + 1)), Code::invalid_transaction
    );
}

TEST_F(ChainTest, PragueNeedsItsRequestContracts) {
    begin("Prague");
    EXPECT_EQ(fault(make_child(genesis_).block), Code::execution_failed);
    begin("Cancun");
    EXPECT_EQ(fault(make_child(genesis_).block), std::nullopt);
}

}  // namespace
}  // namespace mega::ethereum
