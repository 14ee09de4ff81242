// Group commit: how long a record waits until it is durable, and how many a second get through, at
// several numbers of records under way at a time.

#include "storage/write_ahead_log.hpp"

#include "storage/test_directory.hpp"

#include <benchmark/benchmark.h>
#include <atomic>
#include <chrono>
#include <semaphore>

namespace mega::storage {
namespace {

using Clock = std::chrono::steady_clock;

double percentile_us(std::vector<double>& sorted, double fraction) {
    return sorted.empty()
               ? 0
               : sorted[static_cast<size_t>(fraction * static_cast<double>(sorted.size() - 1))];
}

void append_until_durable(benchmark::State& state, Durability durability) {
    const TestDirectory directory;
    auto log = WriteAheadLog::open(
        {.directory = directory.path(), .chain_id_hash = {}, .durability = durability},
        [](uint64_t, BytesView) { return true; }
    );
    if (!log) {
        state.SkipWithError(log.error().message.c_str());
        return;
    }
    const auto under_way = static_cast<std::ptrdiff_t>(state.range(0));
    std::counting_semaphore<> room{under_way};
    const Bytes payload(200, 0x5a);
    std::vector<double> waits_us;  // written by the log's thread alone until all are back
    for (auto _ : state) {
        room.acquire();
        const auto start = Clock::now();
        (*log)->when_durable((*log)->append(payload), [&, start](const Result<void>&) {
            waits_us.push_back(
                std::chrono::duration<double, std::micro>(Clock::now() - start).count()
            );
            room.release();
        });
    }
    for (std::ptrdiff_t i = 0; i < under_way; ++i) {
        room.acquire();
    }
    std::ranges::sort(waits_us);
    state.counters["p50_us"] = percentile_us(waits_us, 0.5);
    state.counters["p99_us"] = percentile_us(waits_us, 0.99);
    state.SetItemsProcessed(state.iterations());
}

BENCHMARK_CAPTURE(append_until_durable, sync, Durability::sync)
    ->RangeMultiplier(10)
    ->Range(1, 10000)
    ->UseRealTime();
BENCHMARK_CAPTURE(append_until_durable, relaxed, Durability::relaxed)
    ->RangeMultiplier(100)
    ->Range(1, 10000)
    ->UseRealTime();

}  // namespace
}  // namespace mega::storage
