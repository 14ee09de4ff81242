#pragma once

// One workload, executed one after the other and by the parallel executor, in turns; all must leave
// the same behind.

#include "bench/parallel_workloads.hpp"

namespace mega::bench {

/// What belongs to a measured run beside execution.
struct Stages {
    bool recovers =
        false;             // decode the envelope and recover the sender; on all threads in parallel
    bool commits = false;  // merge the diffs, bring the state tree up to date, compute its root
};

struct Timing {
    uint32_t threads = 0;  // 0: one after the other, without the executor
    /// The threads execute a part each, one after the other and without knowing of each other: what
    /// the machine can give. Of independent transactions alone.
    bool is_apart = false;
    std::vector<double> seconds;  // of each turn
    std::vector<double> cpu_seconds;
    size_t executions = 0;  // of the last turn
    size_t aborts = 0;
};

struct WorkloadTimings {
    std::string name;
    Nature nature = Nature::mixed;
    size_t transactions = 0;
    uint64_t gas = 0;
    std::vector<Timing> timings;  // sequential first, then as asked for, then apart
};

/// Of a way's times over another's, turn by turn: how often it is faster. Both had the same machine
/// in a turn, whatever that does from minute to minute.
struct Speedup {
    double median = 1;
    double lower_quartile = 1;
    double upper_quartile = 1;
};
[[nodiscard]] Speedup speedup_of(const Timing& timing, const Timing& baseline);

struct MeasureOptions {
    std::vector<uint32_t> threads;
    // Turns of all ways: at least so many, and as many as begin within this time.
    uint32_t turns = 9;
    double seconds = 3;
    Stages stages;
    /// Keeps what earlier runs taught about contracts; otherwise each run meets them first.
    bool learns = false;
};

/// The error names the first thing in which parallel differs.
[[nodiscard]] Result<WorkloadTimings> measure(
    const Workload& workload, const MeasureOptions& options
);

}  // namespace mega::bench
