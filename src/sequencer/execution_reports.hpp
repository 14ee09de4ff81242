#pragma once

// What the execution of the last blocks was like, the open one included: how much ran at once, what
// had to be repeated and why. Written by whoever drives the chain, read from any thread. Bounded:
// kept_blocks blocks with max_listed_aborts aborts each.

#include "parallel/report.hpp"

#include <deque>
#include <mutex>

namespace mega::sequencer {

struct BlockExecution {
    uint64_t block_number = 0;
    size_t refused = 0;  // could not be part of the block; among report.transactions
    size_t parallel_batches = 0;
    size_t sequential_batches = 0;
    /// Of all batches together. Aborts name transactions by their index in the block; those of
    /// transactions that were refused in the end are counted and not listed.
    parallel::Report report;
};

/// Since the chain began in this process; for metrics.
struct ExecutionTotals {
    uint64_t executions = 0;
    uint64_t re_executions = 0;
    uint64_t parallel_batches = 0;
    uint64_t sequential_batches = 0;
    uint64_t cpu_ns = 0;  // of all threads that executed
};

class ExecutionReports {
  public:
    static constexpr size_t kept_blocks = 256;
    static constexpr size_t max_listed_aborts = 256;  // of a block

    /// A block opens: reports of this number and later ones are forgotten.
    void begin(uint64_t block_number);
    void add_sequential(size_t transactions, size_t refused, uint64_t wall_ns);
    /// `index_in_block` has one for each transaction of the batch; nothing for the refused.
    void add(
        const parallel::Report& batch, std::span<const std::optional<uint32_t>> index_in_block
    );

    [[nodiscard]] std::optional<BlockExecution> of(uint64_t block_number) const;
    [[nodiscard]] ExecutionTotals totals() const;

  private:
    mutable std::mutex mutex_;
    // Guarded by mutex_.
    std::deque<BlockExecution> blocks_;  // ascending; the last one is open
    ExecutionTotals totals_;
};

}  // namespace mega::sequencer
