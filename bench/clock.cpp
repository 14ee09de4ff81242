#include "bench/clock.hpp"

#include <sys/prctl.h>
#include <ctime>

namespace mega::bench {
namespace {

constexpr uint64_t ns_per_s = 1'000'000'000;

uint64_t read(clockid_t clock) {
    timespec time{};
    ::clock_gettime(clock, &time);
    return static_cast<uint64_t>(time.tv_sec) * ns_per_s + static_cast<uint64_t>(time.tv_nsec);
}

}  // namespace

uint64_t now_ns() { return read(CLOCK_MONOTONIC); }
uint64_t process_cpu_ns() { return read(CLOCK_PROCESS_CPUTIME_ID); }
uint64_t thread_cpu_ns() { return read(CLOCK_THREAD_CPUTIME_ID); }

void sleep_until_ns(uint64_t deadline_ns) {
    thread_local const int slack = ::prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    (void)slack;
    const timespec deadline{
        .tv_sec = static_cast<time_t>(deadline_ns / ns_per_s),
        .tv_nsec = static_cast<long>(deadline_ns % ns_per_s)
    };
    while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &deadline, nullptr) != 0) {
    }
}

}  // namespace mega::bench
