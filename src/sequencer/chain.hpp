#pragma once

// The chain as a deterministic machine: a function of the inputs that the write-ahead log holds
// (log_record.hpp). It reads no clock and decides nothing; the Sequencer feeds it live, recovery
// feeds it the log, and both arrive at the same blocks.
//
// One thread drives it. State goes to the StateStore as each transaction executes, to the
// Commitment mini-block by mini-block, and to whoever holds the SealedBlock at the end. Large
// batches are executed on several threads; how many changes nothing but the time it takes and the
// execution reports.

#include "evm/vm.hpp"
#include "execution/l2_parameters.hpp"
#include "parallel/executor.hpp"
#include "sequencer/commitment.hpp"
#include "sequencer/diff_accumulator.hpp"
#include "sequencer/execution_reports.hpp"
#include "sequencer/log_record.hpp"
#include "sequencer/open_block.hpp"
#include "sequencer/seal_fault.hpp"
#include "storage/state_store.hpp"

namespace mega::sequencer {

struct ChainConfig {
    uint64_t chain_id = 0;
    Fork fork = current_fork;
    execution::FeeMarket fee_market;
    crypto::SecretKey signing_key;
    /// Development chains: EIP-3607 is off, so that contracts can be impersonated.
    bool allow_contract_senders = false;
    /// Where block 0 stands in L1; absent on a chain without L1.
    std::optional<rollup::L1Position> l1_genesis;
    /// 1: everything is executed by the thread that drives the chain.
    uint32_t execution_threads = 1;
    /// Notes what blocks ask of the state, for their witnesses.
    bool notes_accesses = true;
    /// None but in the test program; must outlive the chain.
    SealFault* seal_fault = nullptr;
};

struct ExecutionOutcome {
    ExecutedPtr executed;                       // null when refused
    std::optional<execution::TxError> refusal;  // why it could not be part of the block
};

/// Could not be part of the block.
struct RefusedTransaction {
    size_t index = 0;  // in what was to be executed
    execution::TxError error;
};

/// Called in order of the batch as soon as a transaction's outcome is final and its state is in the
/// store: one call at a time, by any of the threads that execute, while later transactions still
/// run. May close a mini-block, nothing else of the chain's.
using OnExecuted = std::function<void(const ExecutedPtr&)>;

class Chain {
  public:
    /// Stands at the end of `head`; the store and the commitment hold its state. The references
    /// must outlive the chain.
    Chain(
        const ChainConfig& config,
        storage::StateStore& store,
        Commitment& commitment,
        SealedPtr head,
        uint64_t next_mini_block_number
    );

    /// Begins the block after the head. Replaces an open block in which nothing was executed.
    OpenBlockPtr open_block(const OpenBlockRecord& inputs);
    /// Executes in order on top of the open block. Those refused leave no trace and are returned.
    [[nodiscard]] std::vector<RefusedTransaction> execute(
        std::span<const mempool::TxPtr> transactions, const OnExecuted& on_executed
    );
    /// The same, with an outcome for each.
    [[nodiscard]] std::vector<ExecutionOutcome> execute(std::span<const mempool::TxPtr> transactions
    );
    /// What was executed since the last one becomes a signed mini-block, empty if nothing was.
    MiniBlockPtr close_mini_block(uint64_t timestamp_us);
    /// What was executed since the last one is this mini-block, which another sequencer signed.
    /// Fails with words when it is not; then the open block must be given up (revert_to).
    [[nodiscard]] Result<MiniBlockPtr> take_mini_block(const MiniBlockHeader& header);
    /// Ends the open block. Every executed transaction must be in a mini-block. Fails when the
    /// database has lost tree nodes.
    [[nodiscard]] Result<SealedPtr> seal_block();
    /// Development chains: sets an account by hand inside the open block.
    void override_state(const OverrideRecord& change);
    /// Takes back the open block, then `newer` (the blocks after `target`, newest first); `target`
    /// becomes the head.
    void revert_to(SealedPtr target, std::span<const DiffPtr> newer);

    [[nodiscard]] const ChainConfig& config() const { return config_; }
    [[nodiscard]] Commitment& commitment() { return *commitment_; }
    [[nodiscard]] const SealedPtr& head() const { return head_; }
    /// Null between seal_block and open_block.
    [[nodiscard]] const OpenBlockPtr& open() const { return open_; }
    [[nodiscard]] const ExecutionReports& execution_reports() const { return reports_; }
    [[nodiscard]] const state::StateView& state() const { return store_->writer_view(); }
    [[nodiscard]] uint64_t gas_left() const;
    [[nodiscard]] size_t executed_count() const { return executed_.size(); }
    [[nodiscard]] bool has_unclosed_transactions() const {
        return mini_block_start_ < executed_.size();
    }
    /// Nothing was executed, overridden or signed since the block opened.
    [[nodiscard]] bool is_untouched() const {
        return executed_.empty() && mini_blocks_.empty() && !overridden_;
    }
    /// Above every number that was signed here or taken from others, whatever became of their
    /// blocks: nothing is ever signed twice under one number.
    [[nodiscard]] uint64_t next_mini_block_number() const { return next_mini_block_number_; }
    /// Version of the store at the end of the head.
    [[nodiscard]] storage::StateVersion head_version() const { return head_version_; }
    /// What governance has set for the block after the head.
    [[nodiscard]] const execution::L2Parameters& next_parameters() const { return parameters_; }
    /// The base fee of the block after the head.
    [[nodiscard]] u256 next_base_fee() const {
        return execution::next_base_fee(head_->header, parameters_.fee_market);
    }

  private:
    [[nodiscard]] std::vector<RefusedTransaction> execute_sequentially(
        std::span<const mempool::TxPtr> transactions, const OnExecuted& on_executed
    );
    [[nodiscard]] std::vector<RefusedTransaction> execute_in_parallel(
        std::span<const mempool::TxPtr> transactions, const OnExecuted& on_executed
    );
    void apply(const state::StateDiff& diff);
    /// The open block's, unless its state came about in another way than by execution.
    [[nodiscard]] std::shared_ptr<const state::AccessLog> take_accesses();
    /// Moves what the open mini-block changed to the commitment and to the block's sum.
    DiffPtr absorb_pending();
    /// Of what was executed since the last mini-block; its header has its place and its roots.
    [[nodiscard]] std::shared_ptr<MiniBlock> gather_mini_block() const;
    MiniBlockPtr add_mini_block(std::shared_ptr<MiniBlock> mini_block);
    [[nodiscard]] ExecutedPtr record(
        const mempool::TxPtr& tx, const execution::TxResult& result, Receipt receipt
    );
    void take_back_open_block();
    void forget_open_block();
    /// The store's newest state is the head's.
    void read_parameters();

    ChainConfig config_;
    storage::StateStore* store_;
    Commitment* commitment_;
    evm::Vm vm_;
    state::Journal journal_;
    std::unique_ptr<parallel::ParallelExecutor> executor_;  // null with one thread
    ExecutionReports reports_;

    SealedPtr head_;
    execution::L2Parameters parameters_;  // of the block after the head
    OpenBlockPtr open_;
    std::vector<ExecutedPtr> executed_;      // of the open block
    std::vector<MiniBlockPtr> mini_blocks_;  // of the open block
    size_t mini_block_start_ = 0;            // first of executed_ that is in no mini-block
    uint64_t gas_used_ = 0;
    uint64_t log_count_ = 0;
    bool overridden_ = false;
    storage::StateVersion state_version_ = 0;  // after the last applied diff
    storage::StateVersion head_version_ = 0;
    uint64_t next_mini_block_number_ = 0;
    DiffAccumulator pending_;    // since the last mini-block
    DiffAccumulator block_;      // up to the last mini-block
    state::AccessLog accesses_;  // of the open block
};

}  // namespace mega::sequencer
