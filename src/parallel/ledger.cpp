#include "parallel/ledger.hpp"

namespace mega::parallel {

using execution::TxError;
using execution::TxErrorCode;

Ledger::Ledger(const Batch& batch, const OnCommit& on_commit)
    : batch_(&batch), on_commit_(&on_commit), blobs_(batch.blobs_before) {
    result_.gas_used = batch.gas_used_before;
    result_.results.reserve(batch.transactions.size());
    result_.receipts.reserve(batch.transactions.size());
    result_.indices.reserve(batch.transactions.size());
}

std::optional<TxError> Ledger::find_blob_fault(const Transaction& tx) const {
    if (tx.type == TxType::blob &&
        blobs_ + tx.blob_versioned_hashes.size() > batch_->env.max_blobs) {
        return TxError{TxErrorCode::too_many_blobs, "block holds too many blobs"};
    }
    return std::nullopt;
}

std::optional<TxError> Ledger::find_gas_fault(const Transaction& tx) const {
    if (tx.gas_limit > gas_left()) {
        return TxError{TxErrorCode::gas_limit_reached, "gas limit reached"};
    }
    return std::nullopt;
}

void Ledger::accept(size_t index, execution::TxResult&& result, Receipt&& receipt) {
    blobs_ += batch_->transactions[index].tx.blob_versioned_hashes.size();
    result_.gas_used += result.gas_used;
    receipt.cumulative_gas_used = result_.gas_used;
    if (!receipt.logs.empty()) {
        merge(result_.logs_bloom, receipt.bloom);
    }
    result_.indices.push_back(index);
    const auto& stored = result_.results.emplace_back(std::move(result));
    auto& stored_receipt = result_.receipts.emplace_back(std::move(receipt));
    if (*on_commit_) {
        (*on_commit_)(index, stored, stored_receipt);
    }
}

void Ledger::refuse(size_t index, TxError error) {
    result_.refusals.push_back({index, std::move(error)});
    is_stopped_ = batch_->policy == RefusalPolicy::stop;
}

}  // namespace mega::parallel
