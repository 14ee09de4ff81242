#pragma once

// A chain of Ethereum blocks in memory: a tree of blocks that grows by import(), with the rules of
// every fork. What the official blockchain tests run against.
//
//   1. decode, find the parent, name the fork    4. execute on the parent's state
//   2. header beside the parent's                5. compare gas, receipts, requests, state root
//   3. body: roots, ommers, signatures           6. keep the block, choose the head
//
// The head is the block of the highest total difficulty, the first seen of equals, until the merge;
// from then on the last one imported. A refused block changes nothing. Seals of proof of work are
// not checked. One thread.

#include "ethereum/block_transition.hpp"
#include "ethereum/chain_state.hpp"

#include <memory>
#include <unordered_map>

namespace mega::ethereum {

/// Everything stays in memory, so there is an end.
inline constexpr size_t max_chain_blocks = 100'000;

struct ImportedBlock {
    Hash256 hash;
    bool is_head = false;
    std::vector<Receipt> receipts;  // empty when the block was known
};

class Chain {
  public:
    /// Starts from a genesis whose header states the root of `state`, a change from nothing.
    [[nodiscard]] static Result<std::unique_ptr<Chain>, BlockFault> start(
        ChainConfig config, state::StateDiff state, const BlockHeader& genesis
    );

    /// `rlp`: rlp([header, transactions, ommers, withdrawals?]).
    /// Transactions go through `executor` if there is one.
    [[nodiscard]] Result<ImportedBlock, BlockFault> import(
        evm::Vm& vm, BytesView rlp, const TransactionsExecutor& executor = {}
    );

    [[nodiscard]] const BlockHeader& head() const { return head_->header; }
    [[nodiscard]] const Hash256& head_hash() const { return head_->hash; }
    /// The state after the head; valid until the next import.
    [[nodiscard]] const state::StateView& head_state();

  private:
    explicit Chain(ChainConfig config) : config_(std::move(config)) {}

    struct Candidate;
    [[nodiscard]] const ChainBlock* find(const Hash256& hash) const;
    [[nodiscard]] bool is_merged_after(const ChainBlock& parent) const;
    [[nodiscard]] Result<void, BlockFault> check(Candidate& candidate) const;
    [[nodiscard]] Result<execution::BlockResult, BlockFault> execute(
        evm::Vm& vm, const Candidate& candidate, const TransactionsExecutor& executor
    );
    [[nodiscard]] const ChainBlock& keep(Candidate candidate, state::StateDiff diff);
    void choose_head(const ChainBlock& block);

    ChainConfig config_;
    std::unordered_map<Hash256, std::unique_ptr<ChainBlock>> blocks_;
    ChainState state_;
    const ChainBlock* head_ = nullptr;  // never null once started
};

}  // namespace mega::ethereum
