#pragma once

// A whole block through a ParallelExecutor: the outcome of execution::execute_block.

#include "parallel/executor.hpp"

namespace mega::parallel {

/// The transactions alone, as a block's: what stands between begin_block and the rewards. The error
/// is that of execution::execute_block.
[[nodiscard]] Result<BatchResult, execution::BlockError> execute_transactions(
    ParallelExecutor& executor,
    const state::StateView& view,
    const execution::BlockEnv& env,
    std::span<const SignedTransaction> transactions,
    const OnCommit& on_commit = {}
);

/// Beyond what is said there, `view` must allow reads from many threads at once. `observe` is
/// called in order, when all transactions are done.
[[nodiscard]] Result<execution::BlockResult, execution::BlockError> execute_block(
    ParallelExecutor& executor,
    const state::StateView& view,
    const execution::BlockEnv& env,
    const BlockHeader& header,
    std::span<const SignedTransaction> transactions,
    std::span<const Withdrawal> withdrawals,
    const execution::ReceiptObserver& observe = {}
);

}  // namespace mega::parallel
