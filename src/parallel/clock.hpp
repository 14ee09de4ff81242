#pragma once

// Time and waiting, for what this library reports and how its workers rest. No result depends on
// them.

#include <cstdint>
#include <ctime>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace mega::parallel {

[[nodiscard]] inline uint64_t clock_ns(clockid_t clock) {
    timespec time{};
    clock_gettime(clock, &time);
    return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}
[[nodiscard]] inline uint64_t now_ns() { return clock_ns(CLOCK_MONOTONIC); }
/// CPU time of this thread.
[[nodiscard]] inline uint64_t thread_cpu_ns() { return clock_ns(CLOCK_THREAD_CPUTIME_ID); }

/// One turn of a waiting loop.
inline void relax() {
#if defined(__x86_64__)
    _mm_pause();
#endif
}

}  // namespace mega::parallel
