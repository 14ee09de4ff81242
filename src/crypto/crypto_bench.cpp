#include "base/hex.hpp"
#include "crypto/bls12_381.hpp"
#include "crypto/digest.hpp"
#include "crypto/keccak.hpp"
#include "crypto/keccak_lanes.hpp"
#include "crypto/kzg.hpp"
#include "crypto/modexp.hpp"
#include "crypto/p256.hpp"
#include "crypto/secp256k1.hpp"

#include <benchmark/benchmark.h>

namespace mega::crypto {
namespace {

Bytes pattern(size_t size) {
    Bytes bytes(size);
    for (size_t i = 0; i < size; ++i) {
        bytes[i] = static_cast<uint8_t>(i * 131 + 7);
    }
    return bytes;
}

void keccak_one(benchmark::State& state) {
    const Bytes data = pattern(static_cast<size_t>(state.range(0)));
    for (auto _ : state) {
        benchmark::DoNotOptimize(keccak256(data));
    }
    state.SetItemsProcessed(state.iterations());
    state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(keccak_one)->Arg(32)->Arg(135)->Arg(532)->Arg(24576);

/// Items are messages. Sizes: 32 (trie keys), 110 (leaves), 532 (full branch nodes).
void keccak_many(benchmark::State& state, detail::HashMany hash_many, bool is_supported) {
    if (!is_supported) {
        state.SkipWithError("this CPU lacks the instructions");
        return;
    }
    constexpr size_t count = 256;
    const auto size = static_cast<size_t>(state.range(0));
    const Bytes data = pattern(size * count);
    std::vector<BytesView> in;
    in.reserve(count);
    for (size_t i = 0; i < count; ++i) {
        in.push_back(BytesView(data).subspan(i * size, size));
    }
    std::vector<Hash256> out(count);
    for (auto _ : state) {
        hash_many(in, out);
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(count));
}
void sizes(benchmark::internal::Benchmark* bench) { bench->Arg(32)->Arg(110)->Arg(532); }
BENCHMARK_CAPTURE(keccak_many, dispatched, keccak256_many, true)->Apply(sizes);
BENCHMARK_CAPTURE(keccak_many, portable, detail::hash_many_portable, true)->Apply(sizes);
#if defined(__x86_64__)
BENCHMARK_CAPTURE(keccak_many, avx2, detail::hash_many_avx2, detail::cpu_has_avx2())->Apply(sizes);
BENCHMARK_CAPTURE(keccak_many, avx512, detail::hash_many_avx512, detail::cpu_has_avx512())
    ->Apply(sizes);
#endif

const SecretKey key = keccak256(as_bytes("key"));
const Hash256 digest = keccak256(as_bytes("digest"));

void secp256k1_recover(benchmark::State& state) {
    const Signature signature = *sign(digest, key);
    for (auto _ : state) {
        benchmark::DoNotOptimize(recover_address(digest, signature));
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(secp256k1_recover);

void secp256k1_sign(benchmark::State& state) {
    for (auto _ : state) {
        benchmark::DoNotOptimize(sign(digest, key));
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(secp256k1_sign);

void sha256_of(benchmark::State& state) {
    const Bytes data = pattern(static_cast<size_t>(state.range(0)));
    for (auto _ : state) {
        benchmark::DoNotOptimize(sha256(data));
    }
    state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(sha256_of)->Arg(32)->Arg(24576);

void ripemd160_of(benchmark::State& state) {
    const Bytes data = pattern(static_cast<size_t>(state.range(0)));
    for (auto _ : state) {
        benchmark::DoNotOptimize(ripemd160(data));
    }
    state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(ripemd160_of)->Arg(32)->Arg(24576);

/// Items are rounds: one gas each.
void blake2b_rounds(benchmark::State& state) {
    constexpr uint32_t rounds = 1200;
    std::array<uint64_t, 8> words{1, 2, 3, 4, 5, 6, 7, 8};
    const std::array<uint64_t, 16> block{9};
    const std::array<uint64_t, 2> counter{128, 0};
    for (auto _ : state) {
        blake2b_compress(rounds, words, block, counter, false);
        benchmark::DoNotOptimize(words);
    }
    state.SetItemsProcessed(state.iterations() * rounds);
}
BENCHMARK(blake2b_rounds);

/// Full-size base, exponent and modulus of that many bytes.
void modexp_of(benchmark::State& state) {
    Bytes number = pattern(static_cast<size_t>(state.range(0)));
    number.back() |= 1;
    const Bytes base(number.rbegin(), number.rend());
    for (auto _ : state) {
        benchmark::DoNotOptimize(modexp(base, base, number));
    }
}
BENCHMARK(modexp_of)->Arg(32)->Arg(256)->Arg(1024);

/// A signature that is well-formed and wrong costs the same work as a right one.
void p256_verify(benchmark::State& state) {
    const Hash256 x =
        *fixed_from_hex<32>("0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296");
    const Hash256 y =
        *fixed_from_hex<32>("0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5");
    for (auto _ : state) {
        benchmark::DoNotOptimize(p256::verify(digest, key, digest, x, y));
    }
}
BENCHMARK(p256_verify);

/// f(tau) = tau opened at z: commitment tau G1 (from the ceremony), proof G1, y = z.
void kzg_verify(benchmark::State& state) {
    const auto commitment = *fixed_from_hex<48>(
        "0xad3eb50121139aa34db1d545093ac9374ab7bca2c0f3bf28e27c8dcd8fc7cb42d25926fc0c97b336e9f0fb35"
        "e5a0"
        "4c81"
    );
    const auto proof = *fixed_from_hex<48>(
        "0x97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00a"
        "db22"
        "c6bb"
    );
    Hash256 z = digest;
    z[0] = 0;
    for (auto _ : state) {
        if (!kzg::verify_proof(commitment, z, z, proof)) {
            state.SkipWithError("the proof must hold");
        }
    }
}
BENCHMARK(kzg_verify);

template <size_t N>
FixedBytes<N> map_or_die(std::optional<FixedBytes<N>> point) {
    MEGA_ASSERT(point);
    return *point;
}

Bytes padded_field(size_t i, size_t coordinates) {
    Bytes bytes(64 * coordinates);
    bytes[63] = static_cast<uint8_t>(i);
    bytes[62] = static_cast<uint8_t>(i >> 8);
    return bytes;
}

Bytes g1_terms(size_t count) {
    Bytes terms;
    for (size_t i = 0; i < count; ++i) {
        append(terms, map_or_die(bls12_381::map_fp_to_g1(padded_field(i, 1))));
        append(terms, keccak256(terms));
    }
    return terms;
}

Bytes g2_terms(size_t count) {
    Bytes terms;
    for (size_t i = 0; i < count; ++i) {
        append(terms, map_or_die(bls12_381::map_fp2_to_g2(padded_field(i, 2))));
        append(terms, keccak256(terms));
    }
    return terms;
}

void bls_g1_msm(benchmark::State& state) {
    const Bytes terms = g1_terms(static_cast<size_t>(state.range(0)));
    for (auto _ : state) {
        benchmark::DoNotOptimize(bls12_381::g1_msm(terms));
    }
}
BENCHMARK(bls_g1_msm)->DenseRange(1, 8)->Arg(16)->Arg(64)->Arg(128);

void bls_g2_msm(benchmark::State& state) {
    const Bytes terms = g2_terms(static_cast<size_t>(state.range(0)));
    for (auto _ : state) {
        benchmark::DoNotOptimize(bls12_381::g2_msm(terms));
    }
}
BENCHMARK(bls_g2_msm)->DenseRange(1, 8)->Arg(16)->Arg(64)->Arg(128);

void bls_pairing(benchmark::State& state) {
    Bytes pairs;
    for (size_t i = 0; i < static_cast<size_t>(state.range(0)); ++i) {
        append(pairs, map_or_die(bls12_381::map_fp_to_g1(padded_field(i, 1))));
        append(pairs, map_or_die(bls12_381::map_fp2_to_g2(padded_field(i, 2))));
    }
    for (auto _ : state) {
        benchmark::DoNotOptimize(bls12_381::pairing_is_one(pairs));
    }
}
BENCHMARK(bls_pairing)->Arg(1)->Arg(2)->Arg(8);

}  // namespace
}  // namespace mega::crypto
