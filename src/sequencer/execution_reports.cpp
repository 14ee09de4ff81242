#include "sequencer/execution_reports.hpp"

#include <algorithm>

namespace mega::sequencer {
namespace {

/// Adds figures up. What was foreseen has no sum: the most is kept.
void add_figures(parallel::Report& sum, const parallel::Report& batch) {
    sum.transactions += batch.transactions;
    sum.executions += batch.executions;
    sum.aborts += batch.aborts;
    sum.native_transfers += batch.native_transfers;
    sum.tracked_executions += batch.tracked_executions;
    sum.sequential_transactions += batch.sequential_transactions;
    sum.rounds += batch.rounds;
    sum.lessons += batch.lessons;
    sum.threads = std::max(sum.threads, batch.threads);
    sum.foreseen_parallelism = std::max(sum.foreseen_parallelism, batch.foreseen_parallelism);
    sum.wall_ns += batch.wall_ns;
    sum.cpu_ns += batch.cpu_ns;
    sum.analysis_ns += batch.analysis_ns;
    sum.transfers_ns += batch.transfers_ns;
    sum.rounds_ns += batch.rounds_ns;
    sum.sequential_ns += batch.sequential_ns;
    sum.parallelism =
        sum.wall_ns == 0 ? 0 : static_cast<double>(sum.cpu_ns) / static_cast<double>(sum.wall_ns);
}

/// The abort as the block sees it; nothing when the transaction is not in the block.
std::optional<parallel::Abort> in_block(
    const parallel::Abort& abort, std::span<const std::optional<uint32_t>> index_in_block
) {
    if (!index_in_block[abort.tx]) {
        return std::nullopt;
    }
    parallel::Abort named = abort;
    named.tx = *index_in_block[abort.tx];
    named.writer.reset();
    if (abort.writer && index_in_block[*abort.writer]) {
        named.writer = *index_in_block[*abort.writer];
    }
    return named;
}

}  // namespace

void ExecutionReports::begin(uint64_t block_number) {
    const std::lock_guard lock(mutex_);
    while (!blocks_.empty() && blocks_.back().block_number >= block_number) {
        blocks_.pop_back();
    }
    if (blocks_.size() == kept_blocks) {
        blocks_.pop_front();
    }
    blocks_.emplace_back().block_number = block_number;
}

void ExecutionReports::add_sequential(size_t transactions, size_t refused, uint64_t wall_ns) {
    parallel::Report batch;
    batch.transactions = transactions;
    batch.executions = transactions;
    batch.sequential_transactions = transactions;
    batch.threads = 1;
    batch.foreseen_parallelism = 1;
    batch.wall_ns = wall_ns;
    batch.cpu_ns = wall_ns;  // nothing else was done meanwhile, and asking the system takes time
    batch.sequential_ns = wall_ns;
    const std::lock_guard lock(mutex_);
    BlockExecution& block = blocks_.back();
    add_figures(block.report, batch);
    block.refused += refused;
    ++block.sequential_batches;
    ++totals_.sequential_batches;
    totals_.executions += transactions;
    totals_.cpu_ns += wall_ns;
}

void ExecutionReports::add(
    const parallel::Report& batch, std::span<const std::optional<uint32_t>> index_in_block
) {
    MEGA_ASSERT(batch.transactions == index_in_block.size());
    const std::lock_guard lock(mutex_);
    BlockExecution& block = blocks_.back();
    add_figures(block.report, batch);
    auto& listed = block.report.first_aborts;
    for (const parallel::Abort& abort : batch.first_aborts) {
        if (listed.size() == max_listed_aborts) {
            break;
        }
        if (const auto named = in_block(abort, index_in_block)) {
            listed.push_back(*named);
        }
    }
    block.refused +=
        static_cast<size_t>(std::ranges::count(index_in_block, std::optional<uint32_t>{}));
    const bool is_parallel = batch.rounds != 0;
    block.parallel_batches += is_parallel ? 1 : 0;
    block.sequential_batches += is_parallel ? 0 : 1;
    totals_.parallel_batches += is_parallel ? 1 : 0;
    totals_.sequential_batches += is_parallel ? 0 : 1;
    totals_.executions += batch.executions;
    totals_.re_executions += batch.aborts;
    totals_.cpu_ns += batch.cpu_ns;
}

std::optional<BlockExecution> ExecutionReports::of(uint64_t block_number) const {
    const std::lock_guard lock(mutex_);
    const auto at = std::ranges::find(blocks_, block_number, &BlockExecution::block_number);
    return at == blocks_.end() ? std::nullopt : std::optional{*at};
}

ExecutionTotals ExecutionReports::totals() const {
    const std::lock_guard lock(mutex_);
    return totals_;
}

}  // namespace mega::sequencer
