#include "bench/bench.hpp"

namespace mega::bench {

int run_bench_engine(const EngineBenchOptions&) { return 1; }

}  // namespace mega::bench
