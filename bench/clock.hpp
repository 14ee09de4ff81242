#pragma once

// Time as benchmarks need it: wall time, and processor time of the process or of one thread.

#include <cstdint>

namespace mega::bench {

/// Steady clock.
[[nodiscard]] uint64_t now_ns();
/// Processor time of all threads of this process, of the calling thread alone.
[[nodiscard]] uint64_t process_cpu_ns();
[[nodiscard]] uint64_t thread_cpu_ns();
/// Sleeps until the steady clock shows `deadline_ns`. For the calling thread the kernel's timer
/// slack is taken away first: its 50 microseconds would count as latency.
void sleep_until_ns(uint64_t deadline_ns);

}  // namespace mega::bench
