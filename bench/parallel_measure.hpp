#pragma once

// One workload, executed one after the other and by the parallel executor, in turns; both must
// leave the same behind.

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
    double seconds = 0;  // of the fastest run: what else the machine does only adds
    double cpu_seconds = 0;
    size_t executions = 0;  // of the last run
    size_t aborts = 0;
    double speedup = 1;  // over sequential, fastest against fastest
};

struct WorkloadTimings {
    std::string name;
    Nature nature = Nature::mixed;
    size_t transactions = 0;
    uint64_t gas = 0;
    std::vector<Timing> timings;  // sequential first, then as asked for, then apart
};

struct MeasureOptions {
    std::vector<uint32_t> threads;
    uint32_t runs = 5;
    Stages stages;
    /// Keeps what earlier runs taught about contracts; otherwise each run meets them first.
    bool learns = false;
};

/// The error names the first thing in which parallel differs.
[[nodiscard]] Result<WorkloadTimings> measure(
    const Workload& workload, const MeasureOptions& options
);

}  // namespace mega::bench
