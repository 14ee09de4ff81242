#pragma once

#include "bench/parallel_workloads.hpp"

namespace mega::bench {

/// Everybody deploys an ERC-20.
[[nodiscard]] Workload deploys(const Contracts& contracts, size_t count);

}  // namespace mega::bench
