#include "crypto/keccak.hpp"

#include "base/assert.hpp"
#include "crypto/keccak_lanes.hpp"

#include <bit>

namespace mega::crypto {

static_assert(std::endian::native == std::endian::little, "the sponge loads words as they lie");

namespace detail {

bool cpu_has_avx2() {
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx2") != 0;
#else
    return false;
#endif
}

bool cpu_has_avx512() {
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512vl") != 0;
#else
    return false;
#endif
}

void hash_many_portable(std::span<const BytesView> in, std::span<Hash256> out) {
    for (size_t i = 0; i < in.size(); ++i) {
        out[i] = keccak256(in[i]);
    }
}

namespace {

HashMany choose_hash_many() {
#if defined(__x86_64__)
    if (cpu_has_avx512()) {
        return hash_many_avx512;
    }
    if (cpu_has_avx2()) {
        return hash_many_avx2;
    }
#endif
    return hash_many_portable;
}

void absorb(uint64_t (&state)[state_words], const uint8_t* block) {
    for (size_t i = 0; i < block_words; ++i) {
        state[i] ^= load_le64(block + 8 * i);
    }
    permute(state);
}

}  // namespace
}  // namespace detail

Hash256 keccak256(BytesView data) {
    using namespace detail;
    uint64_t state[state_words] = {};
    while (data.size() >= block_size_bytes) {
        absorb(state, data.data());
        data = data.subspan(block_size_bytes);
    }
    uint8_t last[block_size_bytes] = {};
    if (!data.empty()) {
        std::memcpy(last, data.data(), data.size());
    }
    last[data.size()] = 0x01;
    last[block_size_bytes - 1] |= 0x80;
    absorb(state, last);

    Hash256 hash;
    std::memcpy(hash.data(), state, hash.size());
    return hash;
}

void keccak256_many(std::span<const BytesView> in, std::span<Hash256> out) {
    MEGA_ASSERT(in.size() == out.size());
    static const detail::HashMany hash_many = detail::choose_hash_many();
    if (in.size() < 2) {
        detail::hash_many_portable(in, out);
        return;
    }
    hash_many(in, out);
}

}  // namespace mega::crypto
