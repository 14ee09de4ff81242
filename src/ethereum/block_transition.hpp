#pragma once

// The transition of an Ethereum block of any fork: execution's, with what only Ethereum's history
// needs around it: the DAO's accounts drained (EIP-779), rewards of miners and ommers (Yellow Paper
// section 11.3), receipts that hold the state root after their transaction (before Byzantium).

#include "ethereum/chain_config.hpp"
#include "state/overlay.hpp"

#include <functional>

namespace mega::ethereum {

/// The environment that `header` gives to its transactions, with the blob price of the schedule.
[[nodiscard]] execution::BlockEnv block_env(
    const ChainConfig& config, Fork fork, const BlockHeader& header
);

/// What miners got before the merge, ommers' included.
[[nodiscard]] state::StateDiff reward_miners(
    const state::StateView& view,
    const execution::BlockEnv& env,
    std::span<const BlockHeader> ommers
);

/// The ether of the DAO's accounts moved to the refund contract (EIP-779).
[[nodiscard]] state::StateDiff drain_dao(const state::StateView& view);

/// The root of the block's parent state with `diff` on top.
using RootAfter = std::function<Hash256(const state::StateDiff&)>;

/// All transactions of a block.
struct ExecutedTransactions {
    std::vector<execution::TxResult> results;  // each with its diff
    std::vector<Receipt> receipts;             // cumulative gas from the block's start
};

/// Another way to execute `transactions` than one after the other, with the outcome of it. `view`
/// is the state before the first of them. The error is that of execution::execute_block.
using TransactionsExecutor = std::function<Result<ExecutedTransactions, execution::BlockError>(
    evm::Vm& vm,
    const state::StateView& view,
    const execution::BlockEnv& env,
    std::span<const SignedTransaction> transactions
)>;

struct BlockInput {
    const ChainConfig& config;
    Fork fork;
    const BlockHeader& header;
    std::span<const SignedTransaction> transactions;
    std::span<const BlockHeader> ommers;
    std::span<const Withdrawal> withdrawals;
    /// Wanted before Byzantium alone, for the receipts; without it they hold no root and their own
    /// root means nothing.
    RootAfter root_after;
    /// One after the other when empty.
    TransactionsExecutor executor{};
};

/// Executes sequentially unless the input says otherwise. The error names the transaction that
/// cannot be part of the block; a `fault` of the result makes the block invalid as well.
[[nodiscard]] Result<execution::BlockResult, execution::BlockError> execute_block(
    evm::Vm& vm, const state::StateView& view, const BlockInput& input
);

}  // namespace mega::ethereum
