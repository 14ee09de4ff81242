#include "ethereum/block_transition.hpp"

#include "ethereum/data/dao_accounts.hpp"
#include "state/journal.hpp"

namespace mega::ethereum {

namespace {

constexpr uint64_t wei_per_ether = 1'000'000'000'000'000'000;

uint64_t reward_in_ether(Fork fork) {
    if (fork >= Fork::constantinople) {
        return 2;  // EIP-1234
    }
    return fork >= Fork::byzantium ? 3 : 5;  // EIP-649
}

/// Fills in receipts' roots, which are of everything since the parent: the DAO's drain, too.
class PostStates {
  public:
    PostStates(const RootAfter& root_after, state::StateDiff before)
        : root_after_(root_after), so_far_(std::move(before)) {}

    void operator()(Receipt& receipt, const state::StateDiff& diff) {
        so_far_ = state::merge(so_far_, diff);
        receipt.post_state = root_after_(so_far_);
    }

  private:
    const RootAfter& root_after_;
    state::StateDiff so_far_;
};

/// execution::execute_block with the input's executor instead of its own loop.
Result<execution::BlockResult, execution::BlockError> execute_with(
    evm::Vm& vm,
    const state::StateView& view,
    const execution::BlockEnv& env,
    const BlockInput& input,
    const execution::ReceiptObserver& observe
) {
    state::StateDiff begun = execution::begin_block(vm, view, env, input.header);
    state::Overlay overlay{view};
    overlay.apply(begun);
    auto executed = input.executor(vm, overlay, env, input.transactions);
    if (!executed) {
        return Err{executed.error()};
    }
    MEGA_ASSERT(executed->results.size() == input.transactions.size());
    MEGA_ASSERT(executed->receipts.size() == input.transactions.size());
    execution::BlockResult block;
    std::vector<state::StateDiff> diffs;
    for (size_t i = 0; i < executed->results.size(); ++i) {
        execution::TxResult& result = executed->results[i];
        if (observe) {
            observe(executed->receipts[i], result.diff);
        }
        merge(block.logs_bloom, executed->receipts[i].bloom);
        block.gas_used += result.gas_used;
        diffs.push_back(std::exchange(result.diff, {}));
    }
    state::StateDiff changed = state::merge_all(std::move(diffs));
    overlay.apply(changed);
    auto end = execution::end_block(vm, overlay, env, input.withdrawals, executed->receipts);
    block.receipts = std::move(executed->receipts);
    block.results = std::move(executed->results);
    block.requests = std::move(end.requests);
    block.fault = std::move(end.fault);
    block.diff = state::merge_all({std::move(begun), std::move(changed), std::move(end.diff)});
    return block;
}

}  // namespace

execution::BlockEnv block_env(const ChainConfig& config, Fork fork, const BlockHeader& header) {
    execution::BlockEnv env = execution::block_env(fork, config.chain_id, header);
    if (fork >= Fork::cancun) {
        const execution::BlobSchedule blobs = blobs_at(config, header.timestamp);
        env.max_blobs = blobs.max;
        env.context.blob_base_fee = execution::blob_base_fee(
            header.excess_blob_gas.value_or(0), blobs.base_fee_update_fraction
        );
    }
    return env;
}

state::StateDiff reward_miners(
    const state::StateView& view,
    const execution::BlockEnv& env,
    std::span<const BlockHeader> ommers
) {
    if (env.fork >= Fork::paris) {
        return {};
    }
    const u256 reward = u256{reward_in_ether(env.fork)} * u256{wei_per_ether};
    state::Journal journal;
    journal.begin(view);
    for (const BlockHeader& ommer : ommers) {
        const uint64_t age = env.context.number - ommer.number;
        if (age <= 8) {
            journal.add_balance(ommer.beneficiary, reward * u256{8 - age} / u256{8});
        }
        journal.add_balance(env.context.beneficiary, reward / u256{32});
    }
    journal.add_balance(env.context.beneficiary, reward);
    return journal.finish(env.fork >= Fork::spurious_dragon);
}

state::StateDiff drain_dao(const state::StateView& view) {
    state::Journal journal;
    journal.begin(view);
    for (const Address& address : dao_accounts) {
        // Accounts that do not exist on a test's chain must not come to exist by this.
        const u256 balance = journal.balance(address);
        if (!balance.is_zero()) {
            journal.add_balance(dao_refund_contract, balance);
            journal.subtract_balance(address, balance);
        }
    }
    return journal.finish(false);
}

Result<execution::BlockResult, execution::BlockError> execute_block(
    evm::Vm& vm, const state::StateView& view, const BlockInput& input
) {
    const execution::BlockEnv env = block_env(input.config, input.fork, input.header);
    state::Overlay overlay{view};
    state::StateDiff drained;
    if (input.config.dao_block == input.header.number) {
        drained = drain_dao(view);
        overlay.apply(drained);
    }
    execution::ReceiptObserver observe;
    if (input.fork < Fork::byzantium && input.root_after) {
        observe = PostStates{input.root_after, drained};
    }
    auto result =
        input.executor
            ? execute_with(vm, overlay, env, input, observe)
            : execution::execute_block(
                  vm, overlay, env, input.header, input.transactions, input.withdrawals, observe
              );
    if (!result) {
        return result;
    }
    overlay.apply(result->diff);
    // Before the merge there are no withdrawals and no requests that the rewards could come after.
    result->diff = state::merge_all(
        {std::move(drained), std::move(result->diff), reward_miners(overlay, env, input.ommers)}
    );
    return result;
}

}  // namespace mega::ethereum
