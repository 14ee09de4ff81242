#include "crypto/digest.hpp"
#include "crypto/sha256_blocks.hpp"

#include <bit>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace mega::crypto {
namespace detail {
namespace {

constexpr size_t block_size_bytes = 64;

uint32_t load_be32(const uint8_t* from) {
    uint32_t word = 0;
    std::memcpy(&word, from, sizeof(word));
    return __builtin_bswap32(word);
}

void expand_schedule(const uint8_t* block, std::array<uint32_t, 64>& schedule) {
    for (size_t i = 0; i < 16; ++i) {
        schedule[i] = load_be32(block + 4 * i);
    }
    for (size_t i = 16; i < 64; ++i) {
        const uint32_t a = schedule[i - 15];
        const uint32_t b = schedule[i - 2];
        const uint32_t sigma0 = std::rotr(a, 7) ^ std::rotr(a, 18) ^ (a >> 3);
        const uint32_t sigma1 = std::rotr(b, 17) ^ std::rotr(b, 19) ^ (b >> 10);
        schedule[i] = schedule[i - 16] + sigma0 + schedule[i - 7] + sigma1;
    }
}

void absorb_block(Sha256State& state, const uint8_t* block) {
    std::array<uint32_t, 64> schedule;
    expand_schedule(block, schedule);
    auto [a, b, c, d, e, f, g, h] = state;
    for (size_t i = 0; i < 64; ++i) {
        const uint32_t sum1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
        const uint32_t choice = (e & f) ^ (~e & g);
        const uint32_t added = h + sum1 + choice + sha256_constants[i] + schedule[i];
        const uint32_t sum0 = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
        const uint32_t majority = (a & b) ^ (a & c) ^ (b & c);
        h = g;
        g = f;
        f = e;
        e = d + added;
        d = c;
        c = b;
        b = a;
        a = added + sum0 + majority;
    }
    const Sha256State after{a, b, c, d, e, f, g, h};
    for (size_t i = 0; i < state.size(); ++i) {
        state[i] += after[i];
    }
}

Sha256Blocks choose_blocks() {
#if defined(__x86_64__)
    if (cpu_has_sha_ni()) {
        return sha256_blocks_sha_ni;
    }
#endif
    return sha256_blocks_portable;
}

}  // namespace

bool cpu_has_sha_ni() {
#if defined(__x86_64__)
    // Neither compiler's __builtin_cpu_supports knows the SHA extensions.
    unsigned a = 0, b = 0, c = 0, d = 0;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & bit_SHA) != 0 &&
           __builtin_cpu_supports("sse4.1") != 0;
#else
    return false;
#endif
}

void sha256_blocks_portable(Sha256State& state, BytesView blocks) {
    for (size_t at = 0; at < blocks.size(); at += block_size_bytes) {
        absorb_block(state, blocks.data() + at);
    }
}

Hash256 sha256_with(Sha256Blocks absorb, BytesView data) {
    // FIPS 180-4 section 5.3.3.
    Sha256State state{
        0x6a09e667,
        0xbb67ae85,
        0x3c6ef372,
        0xa54ff53a,
        0x510e527f,
        0x9b05688c,
        0x1f83d9ab,
        0x5be0cd19
    };
    const size_t whole = data.size() / block_size_bytes * block_size_bytes;
    absorb(state, data.first(whole));

    // The rest, 0x80, zeros, and the length in bits in the last 8 bytes of one block or two.
    std::array<uint8_t, 2 * block_size_bytes> last{};
    const BytesView rest = data.subspan(whole);
    std::copy(rest.begin(), rest.end(), last.begin());
    last[rest.size()] = 0x80;
    const size_t last_size = rest.size() + 9 <= block_size_bytes ? block_size_bytes : last.size();
    const uint64_t size_bits = __builtin_bswap64(static_cast<uint64_t>(data.size()) * 8);
    std::memcpy(last.data() + last_size - 8, &size_bits, sizeof(size_bits));
    absorb(state, BytesView(last).first(last_size));

    Hash256 hash;
    for (size_t i = 0; i < state.size(); ++i) {
        const uint32_t word = __builtin_bswap32(state[i]);
        std::memcpy(hash.data() + 4 * i, &word, sizeof(word));
    }
    return hash;
}

}  // namespace detail

Hash256 sha256(BytesView data) {
    static const detail::Sha256Blocks absorb = detail::choose_blocks();
    return detail::sha256_with(absorb, data);
}

}  // namespace mega::crypto
