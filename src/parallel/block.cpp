#include "parallel/block.hpp"

namespace mega::parallel {

Result<BatchResult, execution::BlockError> execute_transactions(
    ParallelExecutor& executor,
    const state::StateView& view,
    const execution::BlockEnv& env,
    std::span<const SignedTransaction> transactions,
    const OnCommit& on_commit
) {
    BatchResult batch =
        executor.execute(view, {.env = env, .transactions = transactions}, on_commit);
    if (!batch.refusals.empty()) {
        const Refusal& refusal = batch.refusals.front();
        return Err{execution::BlockError{
            "transaction " + std::to_string(refusal.index) + ": " + refusal.error.message
        }};
    }
    return batch;
}

Result<execution::BlockResult, execution::BlockError> execute_block(
    ParallelExecutor& executor,
    const state::StateView& view,
    const execution::BlockEnv& env,
    const BlockHeader& header,
    std::span<const SignedTransaction> transactions,
    std::span<const Withdrawal> withdrawals,
    const execution::ReceiptObserver& observe
) {
    execution::BlockResult block;
    std::vector<state::StateDiff> diffs;
    state::Overlay overlay{view};
    const auto add = [&](state::StateDiff diff) {
        if (!diff.is_empty()) {
            overlay.apply(diff);
            diffs.push_back(std::move(diff));
        }
    };
    add(execution::begin_block(executor.vm(), overlay, env, header));
    auto batch = execute_transactions(executor, overlay, env, transactions);
    if (!batch) {
        return Err{batch.error()};
    }
    for (size_t i = 0; i < batch->results.size(); ++i) {
        if (observe) {
            observe(batch->receipts[i], batch->results[i].diff);
        }
        add(std::exchange(batch->results[i].diff, {}));
    }
    execution::EndOfBlock end =
        execution::end_block(executor.vm(), overlay, env, withdrawals, batch->receipts);
    add(std::move(end.diff));
    block.receipts = std::move(batch->receipts);
    block.results = std::move(batch->results);
    block.gas_used = batch->gas_used;
    block.logs_bloom = batch->logs_bloom;
    block.requests = std::move(end.requests);
    block.fault = std::move(end.fault);
    block.diff = state::merge_all(std::move(diffs));
    return block;
}

}  // namespace mega::parallel
