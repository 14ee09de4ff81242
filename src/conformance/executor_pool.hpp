#pragma once

// Parallel execution for whoever runs many blocks at a time: an executor each, made when all others
// are at work and kept. Any thread.

#include "ethereum/block_transition.hpp"
#include "parallel/executor.hpp"

#include <mutex>

namespace mega::conformance {

class ExecutorPool {
  public:
    explicit ExecutorPool(const parallel::ExecutorOptions& options) : options_(options) {}

    /// What it gives refers to the pool.
    [[nodiscard]] ethereum::TransactionsExecutor executor();

    /// What was done so far.
    struct Tally {
        size_t blocks = 0;
        size_t transactions = 0;
        size_t sequential_transactions = 0;
        size_t aborts = 0;
    };
    [[nodiscard]] Tally tally() const;

  private:
    using Executor = std::unique_ptr<parallel::ParallelExecutor>;

    [[nodiscard]] Executor take();
    void give_back(Executor executor);

    const parallel::ExecutorOptions options_;
    mutable std::mutex mutex_;
    std::vector<Executor> idle_;  // guarded by mutex_
    Tally tally_;                 // guarded by mutex_
};

}  // namespace mega::conformance
