#include "replay/transition.hpp"

#include "ethereum/block_transition.hpp"
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

/// The parts of a block one after the other, each on what the parts before it left.
class Parts {
  public:
    explicit Parts(const state::StateView& view) : overlay_(view) {}
    void add(state::StateDiff diff) {
        overlay_.apply(diff);
        diffs_.push_back(std::move(diff));
    }
    [[nodiscard]] state::Overlay& view() { return overlay_; }
    [[nodiscard]] state::StateDiff take() { return state::merge_all(std::move(diffs_)); }

  private:
    state::Overlay overlay_;
    std::vector<state::StateDiff> diffs_;
};

void add_receipts(const ReplayBlock& block, BlockResult& result) {
    for (size_t i = 0; i < result.results.size(); ++i) {
        result.gas_used += result.results[i].gas_used;
        result.receipts.push_back(
            execution::make_receipt(block.transactions[i].tx, result.results[i], result.gas_used)
        );
        merge(result.logs_bloom, result.receipts.back().bloom);
    }
}

Result<BlockResult, BlockError> execute_parts(
    evm::Vm& vm, const ChainRules& rules, const ReplayBlock& block, const Executor& executor
) {
    const auto env = ethereum::block_env(rules.config, fork_of(rules, block.header), block.header);
    Parts parts{*block.state};
    BlockResult result;
    parts.add(execution::begin_block(vm, parts.view(), env, block.header));
    auto executed = executor(vm, parts.view(), env, block.transactions);
    if (!executed) {
        return Err{executed.error()};
    }
    if (executed->results.size() != block.transactions.size()) {
        return Err{BlockError{"the executor did not give a result for every transaction"}};
    }
    result.results = std::move(executed->results);
    parts.add(std::move(executed->diff));
    add_receipts(block, result);
    if (rules.has_block_end) {
        parts.add(ethereum::reward_miners(parts.view(), env, block.ommers));
        auto end = execution::end_block(vm, parts.view(), env, block.withdrawals, result.receipts);
        parts.add(std::move(end.diff));
        result.requests = std::move(end.requests);
        result.fault = std::move(end.fault);
    }
    result.diff = parts.take();
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
    std::vector<state::StateDiff> diffs;
    const Steps steps{
        .start = [](size_t, const state::StateView&) {},
        .watch = [](size_t, const TxResult&) {},
        .take =
            [&](TxResult result) {
                diffs.push_back(std::exchange(result.diff, {}));
                executed.results.push_back(std::move(result));
            },
    };
    if (const auto error = execute_each(vm, overlay, env, transactions, steps)) {
        return Err{*error};
    }
    executed.diff = state::merge_all(std::move(diffs));
    return executed;
}

Result<BlockResult, BlockError> execute_block(
    evm::Vm& vm, const ChainRules& rules, const ReplayBlock& block, const Executor& executor
) {
    const bool is_dao_block = rules.config.dao_block == block.header.number;
    if (executor && !is_dao_block) {
        return execute_parts(vm, rules, block, executor);
    }
    if (!rules.has_block_end) {
        return execute_parts(vm, rules, block, execute_sequentially);
    }
    const ethereum::BlockInput input{
        .config = rules.config,
        .fork = fork_of(rules, block.header),
        .header = block.header,
        .transactions = block.transactions,
        .ommers = block.ommers,
        .withdrawals = block.withdrawals,
        .root_after = {},
    };
    return ethereum::execute_block(vm, *block.state, input);
}

Result<void, BlockError> watch_block(
    evm::Vm& vm, const ChainRules& rules, const ReplayBlock& block, const Watcher& watcher
) {
    const auto env = ethereum::block_env(rules.config, fork_of(rules, block.header), block.header);
    state::Overlay overlay{*block.state};
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
