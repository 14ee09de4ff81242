#include "replay/parallel_runner.hpp"

#include "parallel/block.hpp"

namespace mega::replay {

Executor ParallelRunner::executor() {
    return [this](
               evm::Vm& /*vm: each worker has its own*/,
               const state::StateView& view,
               const execution::BlockEnv& env,
               std::span<const SignedTransaction> transactions
           ) -> Result<ExecutedTransactions, execution::BlockError> {
        auto batch = parallel::execute_transactions(executor_, view, env, transactions);
        if (!batch) {
            return Err{batch.error()};
        }
        return ExecutedTransactions{std::move(batch->results), std::move(batch->receipts)};
    };
}

}  // namespace mega::replay
