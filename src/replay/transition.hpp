#pragma once

// Executes a replayed block. How its transactions are executed is an argument, so that another way
// than one after the other can be measured and checked by the same blocks.

#include "ethereum/block_transition.hpp"
#include "replay/replay_block.hpp"

#include <functional>

namespace mega::replay {

using ethereum::ExecutedTransactions;
using Executor = ethereum::TransactionsExecutor;

/// One after the other: the reference.
[[nodiscard]] Result<ExecutedTransactions, execution::BlockError> execute_sequentially(
    evm::Vm& vm,
    const state::StateView& view,
    const execution::BlockEnv& env,
    std::span<const SignedTransaction> transactions
);

/// Far above what any chain runs: more would keep a replay busy for hours on a hostile block's
/// account.
inline constexpr uint64_t max_gas_limit = uint64_t{1} << 40;

/// Ethereum's blocks go through ethereum::execute_block. Without an executor that is the reference
/// for all of a block and not only for its transactions.
[[nodiscard]] Result<execution::BlockResult, execution::BlockError> execute_block(
    evm::Vm& vm, const ChainRules& rules, const ReplayBlock& block, const Executor& executor = {}
);

/// Called before and after each transaction.
struct Watcher {
    std::function<
        void(size_t index, const state::StateView& before, const execution::BlockEnv& env)>
        before;
    std::function<void(size_t index, const execution::TxResult& result)> after;
};
/// The transactions once more, one after the other and watched. Stops at the first that cannot be
/// part of the block.
[[nodiscard]] Result<void, execution::BlockError> watch_block(
    evm::Vm& vm, const ChainRules& rules, const ReplayBlock& block, const Watcher& watcher
);

}  // namespace mega::replay
