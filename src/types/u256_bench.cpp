#include "types/u256.hpp"

#include <benchmark/benchmark.h>

#include <random>

namespace mega {
namespace {

constexpr size_t operand_count = 1024;

/// Operands of the given number of significant limbs.
std::vector<u256> operands(size_t limbs, uint64_t seed) {
    std::mt19937_64 random(seed);
    std::vector<u256> values(operand_count);
    for (u256& value : values) {
        for (size_t i = 0; i < limbs; ++i) {
            value.limbs[i] = random() | 1;
        }
    }
    return values;
}

template <class F>
void run(benchmark::State& state, F operation) {
    const auto left = operands(4, 1);
    const auto right = operands(static_cast<size_t>(state.range(0)), 2);
    size_t i = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(operation(left[i], right[i], left[(i + 1) % operand_count]));
        i = (i + 1) % operand_count;
    }
}

void add(benchmark::State& state) {
    run(state, [](auto& a, auto& b, auto&) { return a + b; });
}
void multiply(benchmark::State& state) {
    run(state, [](auto& a, auto& b, auto&) { return a * b; });
}
void divide_by(benchmark::State& state) {
    run(state, [](auto& a, auto& b, auto&) { return a / b; });
}
void add_modulo(benchmark::State& state) {
    run(state, [](auto& a, auto& b, auto& c) { return add_mod(a, c, b); });
}
void multiply_modulo(benchmark::State& state) {
    run(state, [](auto& a, auto& b, auto& c) { return multiply_mod(a, c, b); });
}
void raise_to_power(benchmark::State& state) {
    run(state, [](auto& a, auto& b, auto&) { return power(a, b); });
}
void shift_left(benchmark::State& state) {
    run(state, [](auto& a, auto& b, auto&) { return a << static_cast<unsigned>(b.low64() & 255); });
}
void shift_right(benchmark::State& state) {
    run(state, [](auto& a, auto& b, auto&) { return a >> static_cast<unsigned>(b.low64() & 255); });
}

BENCHMARK(add)->Arg(4);
BENCHMARK(multiply)->Arg(4);
BENCHMARK(divide_by)->DenseRange(1, 4);
BENCHMARK(add_modulo)->DenseRange(1, 4);
BENCHMARK(multiply_modulo)->DenseRange(1, 4);
BENCHMARK(raise_to_power)->Arg(1)->Arg(4);
BENCHMARK(shift_left)->Arg(1);
BENCHMARK(shift_right)->Arg(1);

}  // namespace
}  // namespace mega
