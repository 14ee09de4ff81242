#include "crypto/digest.hpp"

#include <bit>

namespace mega::crypto {
namespace {

// RFC 7693 section 2.6.
constexpr std::array<uint64_t, 8> initial_vector{
    0x6a09e667f3bcc908,
    0xbb67ae8584caa73b,
    0x3c6ef372fe94f82b,
    0xa54ff53a5f1d36f1,
    0x510e527fade682d1,
    0x9b05688c2b3e6c1f,
    0x1f83d9abfb41bd6b,
    0x5be0cd19137e2179,
};

// RFC 7693 section 2.7; round i uses row i mod 10.
constexpr std::array<std::array<uint8_t, 16>, 10> schedule{{
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
    {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
    {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
    {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
    {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
}};

using Work = std::array<uint64_t, 16>;

/// G of RFC 7693 section 3.1 on four words of the work vector.
template <size_t a, size_t b, size_t c, size_t d>
void mix(Work& v, uint64_t x, uint64_t y) {
    v[a] = v[a] + v[b] + x;
    v[d] = std::rotr(v[d] ^ v[a], 32);
    v[c] = v[c] + v[d];
    v[b] = std::rotr(v[b] ^ v[c], 24);
    v[a] = v[a] + v[b] + y;
    v[d] = std::rotr(v[d] ^ v[a], 16);
    v[c] = v[c] + v[d];
    v[b] = std::rotr(v[b] ^ v[c], 63);
}

void run_round(Work& v, std::span<const uint64_t, 16> m, const std::array<uint8_t, 16>& order) {
    mix<0, 4, 8, 12>(v, m[order[0]], m[order[1]]);
    mix<1, 5, 9, 13>(v, m[order[2]], m[order[3]]);
    mix<2, 6, 10, 14>(v, m[order[4]], m[order[5]]);
    mix<3, 7, 11, 15>(v, m[order[6]], m[order[7]]);
    mix<0, 5, 10, 15>(v, m[order[8]], m[order[9]]);
    mix<1, 6, 11, 12>(v, m[order[10]], m[order[11]]);
    mix<2, 7, 8, 13>(v, m[order[12]], m[order[13]]);
    mix<3, 4, 9, 14>(v, m[order[14]], m[order[15]]);
}

}  // namespace

void blake2b_compress(
    uint32_t rounds,
    std::span<uint64_t, 8> state,
    std::span<const uint64_t, 16> block,
    std::span<const uint64_t, 2> counter,
    bool is_final
) {
    Work v;
    std::copy(state.begin(), state.end(), v.begin());
    std::copy(initial_vector.begin(), initial_vector.end(), v.begin() + 8);
    v[12] ^= counter[0];
    v[13] ^= counter[1];
    if (is_final) {
        v[14] = ~v[14];
    }
    size_t row = 0;
    for (uint32_t i = 0; i < rounds; ++i) {
        run_round(v, block, schedule[row]);
        row = row == schedule.size() - 1 ? 0 : row + 1;
    }
    for (size_t i = 0; i < state.size(); ++i) {
        state[i] ^= v[i] ^ v[i + 8];
    }
}

}  // namespace mega::crypto
