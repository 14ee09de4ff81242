#pragma once

// Quantiles of samples, and medians of runs.

#include <cstdint>
#include <vector>

namespace mega::bench {

struct Quantiles {
    double p50 = 0;
    double p99 = 0;
    double p999 = 0;
    double max = 0;
};

/// Nearest rank: the smallest sample that at least that share of the samples does not exceed. Zeros
/// without samples.
[[nodiscard]] Quantiles quantiles_of(std::vector<uint64_t> samples);

/// The middle value (the lower one of two); 0 without values.
[[nodiscard]] double median(std::vector<double> values);

}  // namespace mega::bench
