#include "conformance/executor_pool.hpp"

#include "parallel/block.hpp"

namespace mega::conformance {

ethereum::TransactionsExecutor ExecutorPool::executor() {
    return [this](
               evm::Vm& /*vm: each worker has its own*/,
               const state::StateView& view,
               const execution::BlockEnv& env,
               std::span<const SignedTransaction> transactions
           ) -> Result<ethereum::ExecutedTransactions, execution::BlockError> {
        Executor executor = take();
        auto batch = parallel::execute_transactions(*executor, view, env, transactions);
        give_back(std::move(executor));
        if (!batch) {
            return Err{batch.error()};
        }
        return ethereum::ExecutedTransactions{
            std::move(batch->results), std::move(batch->receipts)
        };
    };
}

ExecutorPool::Executor ExecutorPool::take() {
    {
        const std::lock_guard lock{mutex_};
        if (!idle_.empty()) {
            Executor executor = std::move(idle_.back());
            idle_.pop_back();
            return executor;
        }
    }
    return std::make_unique<parallel::ParallelExecutor>(options_);
}

void ExecutorPool::give_back(Executor executor) {
    const parallel::Report& report = executor->report();
    const std::lock_guard lock{mutex_};
    ++tally_.blocks;
    tally_.transactions += report.transactions;
    tally_.sequential_transactions += report.sequential_transactions;
    tally_.aborts += report.aborts;
    idle_.push_back(std::move(executor));
}

ExecutorPool::Tally ExecutorPool::tally() const {
    const std::lock_guard lock{mutex_};
    return tally_;
}

}  // namespace mega::conformance
