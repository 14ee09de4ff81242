#pragma once

// Repeats something short until its processor time is known.

#include "bench/clock.hpp"
#include "bench/evm_figures.hpp"

#include <algorithm>

namespace mega::bench {

/// What one program or precompile took.
struct EvmRun {
    int64_t gas = 0;
    EvmFigures figures;
};

/// Calls `once` in samples of a length that the clock measures well, for about `seconds`
/// altogether.
template <class Once>
[[nodiscard]] Figure measure_repeatedly(double seconds, const Once& once) {
    constexpr size_t most_samples = 15;
    constexpr double least_sample_ns = 2e6;
    const double budget_ns = seconds * 1e9;
    const uint64_t first_start = thread_cpu_ns();
    once();
    const double first_ns = std::max(1.0, static_cast<double>(thread_cpu_ns() - first_start));
    const double sample_ns = std::max(least_sample_ns, budget_ns / most_samples);
    const auto repeats = static_cast<size_t>(std::max(1.0, sample_ns / first_ns));
    std::vector<double> samples;
    double spent_ns = 0;
    // The first figure may be of cold caches; the number of repeats follows what is seen later.
    for (size_t count = repeats;
         samples.size() < most_samples && (samples.size() < 3 || spent_ns < budget_ns);) {
        const uint64_t start = thread_cpu_ns();
        for (size_t i = 0; i < count; ++i) {
            once();
        }
        const auto elapsed = static_cast<double>(thread_cpu_ns() - start);
        spent_ns += elapsed;
        samples.push_back(elapsed / static_cast<double>(count));
        count = static_cast<size_t>(std::max(1.0, sample_ns / samples.back()));
    }
    return figure_of(std::move(samples));
}

}  // namespace mega::bench
