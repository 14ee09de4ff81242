#include "bench/statistics.hpp"

#include <algorithm>
#include <cmath>

namespace mega::bench {
namespace {

double at_rank(const std::vector<uint64_t>& sorted, double share) {
    const auto rank = static_cast<size_t>(std::ceil(share * static_cast<double>(sorted.size())));
    return static_cast<double>(sorted[std::clamp<size_t>(rank, 1, sorted.size()) - 1]);
}

}  // namespace

Quantiles quantiles_of(std::vector<uint64_t> samples) {
    if (samples.empty()) {
        return {};
    }
    std::ranges::sort(samples);
    return {
        .p50 = at_rank(samples, 0.5),
        .p99 = at_rank(samples, 0.99),
        .p999 = at_rank(samples, 0.999),
        .max = static_cast<double>(samples.back())
    };
}

double median(std::vector<double> values) {
    if (values.empty()) {
        return 0;
    }
    std::ranges::sort(values);
    return values[(values.size() - 1) / 2];
}

}  // namespace mega::bench
