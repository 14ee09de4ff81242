#pragma once

// Parallel execution as a replay uses it: an Executor for the seam of transition.hpp, and the
// report of what it last did. Outlives the executors it gives; one block at a time.

#include "parallel/executor.hpp"
#include "replay/transition.hpp"

namespace mega::replay {

class ParallelRunner {
  public:
    explicit ParallelRunner(const parallel::ExecutorOptions& options) : executor_(options) {}

    [[nodiscard]] Executor executor();
    /// Of the block last executed.
    [[nodiscard]] const parallel::Report& report() const { return executor_.report(); }
    [[nodiscard]] uint32_t threads() const { return executor_.threads(); }
    /// Drops what earlier blocks taught about contracts, so that a block that is executed again and
    /// again to be timed is always met for the first time.
    void forget() { executor_.forget(); }

  private:
    parallel::ParallelExecutor executor_;
};

}  // namespace mega::replay
