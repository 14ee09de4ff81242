#include "bench/bench.hpp"

namespace mega::bench {

int run_bench_node(const NodeBenchOptions&) { return 1; }

}  // namespace mega::bench
