#pragma once

// What parallel execution of the blocks was like: tables beside the replay's own.

#include "replay/report.hpp"

namespace mega::replay {

/// How many times as fast; 0 when there is no time to divide by.
[[nodiscard]] double ratio_of(double sequential_milliseconds, double milliseconds);

/// A line a compared block: times of both ways, ratio; then the totals.
[[nodiscard]] std::string comparison_table_of(const std::vector<BlockReport>& reports);

/// A line a block: executions, aborts, lanes, stages, parallelism, CPU time; then the totals, and
/// for each block what its aborts were about, at most `most_aborts` of them.
[[nodiscard]] std::string execution_table_of(
    const std::vector<BlockReport>& reports, size_t most_aborts = 3
);

}  // namespace mega::replay
