#include "replay/transition.hpp"

#include "state/overlay.hpp"

namespace mega::replay {
namespace {

using execution::BlockError;
using execution::BlockResult;
using execution::TxResult;

/// What happens around each transaction.
struct Steps {
    std::function<void(size_t index, const state::StateView& before)> start;
    std::function<void(size_t index, const TxResult& result)> watch;
    std::function<void(TxResult result)> take;  // when it has gone into the state
};

std::optional<BlockError> execute_each(
    evm::Vm& vm,
    state::Overlay& overlay,
    const execution::BlockEnv& env,
    std::span<const SignedTransaction> transactions,
    const Steps& steps
) {
    state::Journal journal;
    uint64_t gas_used = 0;
    uint64_t blobs = 0;
    for (size_t i = 0; i < transactions.size(); ++i) {
        const auto fail = [i](const std::string& why) {
            return BlockError{"transaction " + std::to_string(i) + ": " + why};
        };
        blobs += transactions[i].tx.blob_versioned_hashes.size();
        if (transactions[i].tx.type == TxType::blob && blobs > env.max_blobs) {
            return fail("block holds too many blobs");
        }
        steps.start(i, overlay);
        const execution::ExecutionOptions options{
            .block_gas_left = env.context.gas_limit - gas_used
        };
        auto result =
            execution::execute_transaction(vm, journal, overlay, env, transactions[i], options);
        if (!result) {
            return fail(result.error().message);
        }
        gas_used += result->gas_used;
        steps.watch(i, *result);
        overlay.apply(result->diff);
        steps.take(*std::move(result));
    }
    return std::nullopt;
}

std::optional<BlockError> gas_limit_fault(const BlockHeader& header) {
    if (header.gas_limit <= max_gas_limit) {
        return std::nullopt;
    }
    return BlockError{
        "gas limit " + std::to_string(header.gas_limit) + " is above " +
        std::to_string(max_gas_limit) + ", the most that is replayed"
    };
}

/// A block of mega's own chain: it ends with its last transaction.
Result<BlockResult, BlockError> execute_own(
    evm::Vm& vm, const ChainRules& rules, const ReplayBlock& block, const Executor& executor
) {
    const auto env = ethereum::block_env(rules.config, fork_of(rules, block.header), block.header);
    std::vector<state::StateDiff> diffs;
    diffs.push_back(execution::begin_block(vm, *block.state, env, block.header));
    state::Overlay overlay{*block.state};
    overlay.apply(diffs.front());
    auto executed = executor(vm, overlay, env, block.transactions);
    if (!executed) {
        return Err{executed.error()};
    }
    BlockResult result;
    for (size_t i = 0; i < executed->results.size(); ++i) {
        result.gas_used += executed->results[i].gas_used;
        merge(result.logs_bloom, executed->receipts[i].bloom);
        diffs.push_back(std::exchange(executed->results[i].diff, {}));
    }
    result.receipts = std::move(executed->receipts);
    result.results = std::move(executed->results);
    result.diff = state::merge_all(std::move(diffs));
    return result;
}

}  // namespace

Result<ExecutedTransactions, BlockError> execute_sequentially(
    evm::Vm& vm,
    const state::StateView& view,
    const execution::BlockEnv& env,
    std::span<const SignedTransaction> transactions
) {
    state::Overlay overlay{view};
    ExecutedTransactions executed;
    uint64_t gas_used = 0;
    const Steps steps{
        .start = [](size_t, const state::StateView&) {},
        .watch = [](size_t, const TxResult&) {},
        .take =
            [&](TxResult result) {
                gas_used += result.gas_used;
                const Transaction& tx = transactions[executed.results.size()].tx;
                executed.receipts.push_back(execution::take_receipt(tx, result, gas_used));
                executed.results.push_back(std::move(result));
            },
    };
    if (const auto error = execute_each(vm, overlay, env, transactions, steps)) {
        return Err{*error};
    }
    return executed;
}

Result<BlockResult, BlockError> execute_block(
    evm::Vm& vm, const ChainRules& rules, const ReplayBlock& block, const Executor& executor
) {
    if (const auto fault = gas_limit_fault(block.header)) {
        return Err{*fault};
    }
    if (!rules.has_block_end) {
        return execute_own(vm, rules, block, executor ? executor : execute_sequentially);
    }
    const ethereum::BlockInput input{
        .config = rules.config,
        .fork = fork_of(rules, block.header),
        .header = block.header,
        .transactions = block.transactions,
        .ommers = block.ommers,
        .withdrawals = block.withdrawals,
        .root_after = {},
        .executor = executor,
    };
    return ethereum::execute_block(vm, *block.state, input);
}

Result<void, BlockError> watch_block(
    evm::Vm& vm, const ChainRules& rules, const ReplayBlock& block, const Watcher& watcher
) {
    const auto env = ethereum::block_env(rules.config, fork_of(rules, block.header), block.header);
    if (const auto fault = gas_limit_fault(block.header)) {
        return Err{*fault};
    }
    state::Overlay overlay{*block.state};
    if (rules.has_block_end && rules.config.dao_block == block.header.number) {
        overlay.apply(ethereum::drain_dao(overlay));
    }
    overlay.apply(execution::begin_block(vm, overlay, env, block.header));
    const Steps steps{
        .start = [&](size_t index,
                     const state::StateView& before) { watcher.before(index, before, env); },
        .watch = watcher.after,
        .take = [](const TxResult&) {},
    };
    if (const auto error = execute_each(vm, overlay, env, block.transactions, steps)) {
        return Err{*error};
    }
    return {};
}

}  // namespace mega::replay
