#include "crypto/bn254.hpp"

#include "crypto/bn254/pairing.hpp"
#include "crypto/bn254/test_support.hpp"

#include <benchmark/benchmark.h>

namespace mega::crypto::bn254 {

namespace {

Limbs4 random_scalar() {
    Random random;
    return {random.word(), random.word(), random.word(), random.word()};
}

const Limbs4 scalar = random_scalar();
const G1Affine p = multiply(g1_generator, scalar);
const G2Affine q = multiply_slowly(g2_generator, scalar);

void bm_field_multiply(benchmark::State& state) {
    std::array<Fp, 4> x{p.x, p.y, q.x.c0, q.x.c1};
    for (auto _ : state) {
        for (Fp& value : x) {
            value = value * p.y;
        }
        benchmark::DoNotOptimize(x);
    }
    state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * x.size()));
}
BENCHMARK(bm_field_multiply);

void bm_field_inverse(benchmark::State& state) {
    Fp x = p.x;
    for (auto _ : state) {
        x = inverse(x) + p.y;
        benchmark::DoNotOptimize(x);
    }
}
BENCHMARK(bm_field_inverse);

void bm_add(benchmark::State& state) {
    const G1Bytes a = to_bytes(p);
    const G1Bytes b = to_bytes(g1_generator);
    for (auto _ : state) {
        benchmark::DoNotOptimize(add(a, b));
    }
}
BENCHMARK(bm_add);

void bm_multiply(benchmark::State& state) {
    const G1Bytes point = to_bytes(p);
    const Bytes bytes = plain_bytes(scalar);
    for (auto _ : state) {
        benchmark::DoNotOptimize(multiply(point, bytes));
    }
}
BENCHMARK(bm_multiply);

void bm_pairing(benchmark::State& state) {
    Bytes pairs;
    for (int64_t i = 0; i < state.range(0); ++i) {
        append(pairs, to_bytes(p));
        append(pairs, to_bytes(q));
    }
    for (auto _ : state) {
        benchmark::DoNotOptimize(pairing_is_one(pairs));
    }
}
BENCHMARK(bm_pairing)->Arg(1)->Arg(2)->Arg(4)->Arg(8)->Unit(benchmark::kMicrosecond);

void bm_square_fp12(benchmark::State& state) {
    Fp12 f = *miller_loop(std::array{PointPair{p, q}});
    for (auto _ : state) {
        f = square(f);
        benchmark::DoNotOptimize(f);
    }
}
BENCHMARK(bm_square_fp12);

void bm_multiply_fp12(benchmark::State& state) {
    Fp12 f = *miller_loop(std::array{PointPair{p, q}});
    for (auto _ : state) {
        f = f * f;
        benchmark::DoNotOptimize(f);
    }
}
BENCHMARK(bm_multiply_fp12);

void bm_square_cyclotomic(benchmark::State& state) {
    Fp12 f = final_exponentiation(*miller_loop(std::array{PointPair{p, q}}));
    for (auto _ : state) {
        f = square_cyclotomic(f);
        benchmark::DoNotOptimize(f);
    }
}
BENCHMARK(bm_square_cyclotomic);

void bm_final_exponentiation(benchmark::State& state) {
    const Fp12 f = *miller_loop(std::array{PointPair{p, q}});
    for (auto _ : state) {
        benchmark::DoNotOptimize(final_exponentiation(f));
    }
}
BENCHMARK(bm_final_exponentiation)->Unit(benchmark::kMicrosecond);

void bm_subgroup_check(benchmark::State& state) {
    for (auto _ : state) {
        benchmark::DoNotOptimize(is_in_g2(q));
    }
}
BENCHMARK(bm_subgroup_check)->Unit(benchmark::kMicrosecond);

}  // namespace

}  // namespace mega::crypto::bn254
