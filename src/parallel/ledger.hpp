#pragma once

// What is common to all transactions of a batch and grows in their order: gas, blobs, results,
// receipts, bloom. Fed by one thread at a time, whether transactions ran in parallel or not.

#include "execution/block.hpp"
#include "parallel/transaction_span.hpp"
#include "state/access_log.hpp"

#include <functional>

namespace mega::parallel {

/// What happens when a transaction cannot be part of the block.
enum class RefusalPolicy : uint8_t {
    stop,  // nothing after it counts: a block that holds it is invalid
    skip,  // it has no effect and the next one goes on: a sequencer's choice
};

struct Refusal {
    size_t index = 0;
    execution::TxError error;
};

/// Called in order of the batch, as soon as a transaction's result is final, by whichever thread
/// found it so, one at a time. Must not call back into the executor. May take the receipt, which
/// the batch's result then lacks.
using OnCommit =
    std::function<void(size_t index, const execution::TxResult& result, Receipt& receipt)>;

struct Batch {
    const execution::BlockEnv& env;
    TransactionSpan transactions;
    /// As for execute_transaction, but for block_gas_left, which is computed.
    execution::ExecutionOptions options{};
    RefusalPolicy policy = RefusalPolicy::stop;
    /// Of the block's transactions before this batch.
    uint64_t gas_used_before = 0;
    uint64_t blobs_before = 0;
    /// Where what was asked of the state is noted, of each transaction that counts, before its
    /// commit is announced; who listens absorbs its diff. Null: nowhere.
    state::AccessLog* accesses = nullptr;
};

struct BatchResult {
    /// One for each transaction that counts, in order; a refused one has none. With
    /// RefusalPolicy::stop these are the transactions before the refused one.
    std::vector<execution::TxResult> results;
    std::vector<Receipt> receipts;
    std::vector<size_t> indices;    // in the batch, of each result
    std::vector<Refusal> refusals;  // at most one with RefusalPolicy::stop
    uint64_t gas_used = 0;          // gas_used_before included
    Bloom logs_bloom;
};

class Ledger {
  public:
    Ledger(const Batch& batch, const OnCommit& on_commit);

    [[nodiscard]] uint64_t gas_left() const {
        return batch_->env.context.gas_limit -
               std::min(result_.gas_used, batch_->env.context.gas_limit);
    }
    /// Why there is no room for one more transaction's blobs. Asked before anything else.
    [[nodiscard]] std::optional<execution::TxError> find_blob_fault(const Transaction& tx) const;
    /// Why there is no room for its gas: asked after all else.
    [[nodiscard]] std::optional<execution::TxError> find_gas_fault(const Transaction& tx) const;

    /// `receipt` has its gas added up here.
    void accept(size_t index, execution::TxResult&& result, Receipt&& receipt);
    void refuse(size_t index, execution::TxError error);
    /// True after a refusal that ends the batch.
    [[nodiscard]] bool is_stopped() const { return is_stopped_; }

    [[nodiscard]] const BatchResult& result() const { return result_; }
    [[nodiscard]] BatchResult take() { return std::move(result_); }

  private:
    const Batch* batch_;
    const OnCommit* on_commit_;
    BatchResult result_;
    uint64_t blobs_ = 0;
    bool is_stopped_ = false;
};

}  // namespace mega::parallel
