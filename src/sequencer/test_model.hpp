#pragma once

// For tests: the chain done again by the book. A plain map of accounts, blocks executed by
// execution::execute_block, roots built from nothing.

#include "execution/block.hpp"
#include "execution/genesis.hpp"
#include "execution/l2_parameters.hpp"
#include "sequencer/chain_types.hpp"
#include "state/overlay.hpp"
#include "trie/ordered_root.hpp"

#include <gtest/gtest.h>

#include <map>

namespace mega::sequencer::test {

class Model {
  public:
    explicit Model(const execution::Genesis& genesis) {
        apply(genesis.diff);
        overlay_.set_block_hash(genesis.header.number, hash_of(genesis.header));
    }

    void apply(const state::StateDiff& diff) {
        overlay_.apply(diff);
        for (const auto& change : diff.accounts) {
            if (change.storage_cleared || !change.after) {
                slots_.erase(change.address);
            }
            if (change.after) {
                accounts_[change.address] = *change.after;
            } else {
                accounts_.erase(change.address);
            }
        }
        for (const auto& change : diff.slots) {
            if (change.after.is_zero()) {
                slots_[change.address].erase(change.slot);
            } else {
                slots_[change.address][change.slot] = change.after;
            }
        }
    }

    [[nodiscard]] Hash256 state_root() const {
        std::vector<std::pair<Bytes, Bytes>> leaves;
        for (const auto& [address, account] : accounts_) {
            leaves.emplace_back(
                to_bytes(crypto::keccak256(address.view()).view()),
                encode_account_leaf(account, storage_root(address))
            );
        }
        return leaves.empty() ? empty_trie_root : trie::root_of(std::move(leaves));
    }

    /// Executes the block again and expects everything in its header to follow from that.
    void expect_follows(uint64_t id, const SealedBlock& block) {
        evm::Vm vm;
        std::vector<SignedTransaction> transactions;
        std::vector<Bytes> raw;
        for (const ExecutedPtr& executed : block.transactions) {
            transactions.push_back(*executed->tx);
            raw.push_back(executed->tx->raw);
        }
        const auto env = execution::l2_block_env(current_fork, id, block.header, overlay_);
        auto result = execution::execute_block(vm, overlay_, env, block.header, transactions, {});
        ASSERT_TRUE(result.has_value()) << result.error().message;
        apply(result->diff);
        EXPECT_EQ(result->diff, *block.diff);
        EXPECT_EQ(state_root(), block.header.state_root);
        EXPECT_EQ(trie::ordered_root(raw), block.header.transactions_root);
        EXPECT_EQ(execution::receipts_root(result->receipts), block.header.receipts_root);
        EXPECT_EQ(result->logs_bloom, block.header.logs_bloom);
        EXPECT_EQ(result->gas_used, block.header.gas_used);
        EXPECT_EQ(hash_of(block.header), block.hash);
        overlay_.set_block_hash(block.header.number, block.hash);
    }

    [[nodiscard]] const std::map<Address, Account>& accounts() const { return accounts_; }
    [[nodiscard]] const std::map<Address, std::map<u256, u256>>& slots() const { return slots_; }

    /// Everything that the model knows is there in `view`, too.
    void expect_shown_by(const state::StateView& view) const {
        for (const auto& [address, account] : accounts_) {
            EXPECT_EQ(view.account(address), std::optional{account}) << to_hex(address);
        }
        for (const auto& [address, slots] : slots_) {
            for (const auto& [slot, value] : slots) {
                EXPECT_EQ(view.storage(address, slot), value) << to_hex(address);
            }
        }
    }

  private:
    [[nodiscard]] Hash256 storage_root(const Address& address) const {
        const auto slots = slots_.find(address);
        if (slots == slots_.end() || slots->second.empty()) {
            return empty_trie_root;
        }
        std::vector<std::pair<Bytes, Bytes>> leaves;
        for (const auto& [slot, value] : slots->second) {
            rlp::Writer out;
            out.write(value);
            leaves.emplace_back(
                to_bytes(crypto::keccak256(slot.to_hash().view()).view()), out.take()
            );
        }
        return trie::root_of(std::move(leaves));
    }

    state::EmptyState nothing_;
    state::Overlay overlay_{nothing_};
    std::map<Address, Account> accounts_;
    std::map<Address, std::map<u256, u256>> slots_;
};

}  // namespace mega::sequencer::test
