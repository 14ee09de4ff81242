#include "crypto/digest.hpp"

#include <bit>
#include <utility>

// RIPEMD-160 as in Dobbertin, Bosselaers, Preneel: "RIPEMD-160: A Strengthened Version of RIPEMD"
// (1996), appendix A. Two lines of 5 x 16 steps run side by side over the same block and are added
// up crosswise.

namespace mega::crypto {
namespace {

constexpr size_t block_size_bytes = 64;
using State = std::array<uint32_t, 5>;
using Block = std::array<uint32_t, 16>;

struct Line {
    std::array<uint32_t, 5> constants;
    std::array<uint8_t, 80> words;   // which word of the block step j reads
    std::array<uint8_t, 80> shifts;  // how far step j rotates
};

constexpr Line left{
    .constants = {0x00000000, 0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xa953fd4e},
    .words = {0, 1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15,  //
              7, 4,  13, 1,  10, 6,  15, 3,  12, 0, 9,  5,  2,  14, 11, 8,   //
              3, 10, 14, 4,  9,  15, 8,  1,  2,  7, 0,  6,  13, 11, 5,  12,  //
              1, 9,  11, 10, 0,  8,  12, 4,  13, 3, 7,  15, 14, 5,  6,  2,   //
              4, 0,  5,  9,  7,  12, 2,  10, 14, 1, 3,  8,  11, 6,  15, 13},
    .shifts = {11, 14, 15, 12, 5,  8,  7,  9,  11, 13, 14, 15, 6,  7,  9,  8,   //
               7,  6,  8,  13, 11, 9,  7,  15, 7,  12, 15, 9,  11, 7,  13, 12,  //
               11, 13, 6,  7,  14, 9,  13, 15, 14, 8,  13, 6,  5,  12, 7,  5,   //
               11, 12, 14, 15, 14, 15, 9,  8,  9,  14, 5,  6,  8,  6,  5,  12,  //
               9,  15, 5,  11, 6,  8,  13, 12, 5,  12, 13, 14, 11, 8,  5,  6},
};

constexpr Line right{
    .constants = {0x50a28be6, 0x5c4dd124, 0x6d703ef3, 0x7a6d76e9, 0x00000000},
    .words = {5,  14, 7,  0, 9, 2,  11, 4,  13, 6,  15, 8,  1,  10, 3,  12,  //
              6,  11, 3,  7, 0, 13, 5,  10, 14, 15, 8,  12, 4,  9,  1,  2,   //
              15, 5,  1,  3, 7, 14, 6,  9,  11, 8,  12, 2,  10, 0,  4,  13,  //
              8,  6,  4,  1, 3, 11, 15, 0,  5,  12, 2,  13, 9,  7,  10, 14,  //
              12, 15, 10, 4, 1, 5,  8,  7,  6,  2,  13, 14, 0,  3,  9,  11},
    .shifts = {8,  9,  9,  11, 13, 15, 15, 5,  7,  7,  8,  11, 14, 14, 12, 6,   //
               9,  13, 15, 7,  12, 8,  9,  11, 7,  7,  12, 7,  6,  15, 13, 11,  //
               9,  7,  15, 11, 8,  6,  6,  14, 12, 13, 5,  14, 13, 13, 7,  5,   //
               15, 5,  8,  11, 14, 14, 6,  14, 6,  9,  12, 9,  12, 5,  15, 8,   //
               8,  5,  12, 9,  12, 5,  14, 6,  8,  13, 6,  5,  15, 13, 11, 11},
};

template <size_t function>
constexpr uint32_t mix(uint32_t x, uint32_t y, uint32_t z) {
    if constexpr (function == 0) {
        return x ^ y ^ z;
    } else if constexpr (function == 1) {
        return ((y ^ z) & x) ^ z;
    } else if constexpr (function == 2) {
        return (x | ~y) ^ z;
    } else if constexpr (function == 3) {
        return ((x ^ y) & z) ^ y;
    } else {
        return x ^ (y | ~z);
    }
}

template <size_t function, uint32_t constant, uint8_t shift>
[[gnu::always_inline]] inline void run_step(State& state, uint32_t word) {
    auto& [a, b, c, d, e] = state;
    const uint32_t next = std::rotl(a + mix<function>(b, c, d) + word + constant, shift) + e;
    a = e;
    e = d;
    d = std::rotl(c, 10);
    c = b;
    b = next;
}

/// All steps, written out so that the moves between words of the state vanish, and both lines step
/// by step, so that each fills the other's waits. The right line uses the functions of the left one
/// in reverse order.
template <size_t... steps>
[[gnu::always_inline]] inline void
run_lines(State& l, State& r, const Block& block, std::index_sequence<steps...>) {
    ((run_step<steps / 16, left.constants[steps / 16], left.shifts[steps]>(
          l, block[left.words[steps]]
      ),
      run_step<4 - steps / 16, right.constants[steps / 16], right.shifts[steps]>(
          r, block[right.words[steps]]
      )),
     ...);
}

void absorb_block(State& state, const uint8_t* bytes) {
    Block block;
    std::memcpy(block.data(), bytes, block_size_bytes);
    State l = state;
    State r = state;
    run_lines(l, r, block, std::make_index_sequence<80>());
    state = {
        state[1] + l[2] + r[3],
        state[2] + l[3] + r[4],
        state[3] + l[4] + r[0],
        state[4] + l[0] + r[1],
        state[0] + l[1] + r[2],
    };
}

}  // namespace

FixedBytes<20> ripemd160(BytesView data) {
    State state{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    const uint64_t size_bits = static_cast<uint64_t>(data.size()) * 8;
    while (data.size() >= block_size_bytes) {
        absorb_block(state, data.data());
        data = data.subspan(block_size_bytes);
    }

    // The rest, 0x80, zeros, and the length in bits, little endian, in the last 8 bytes of one
    // block or two.
    std::array<uint8_t, 2 * block_size_bytes> last{};
    std::copy(data.begin(), data.end(), last.begin());
    last[data.size()] = 0x80;
    const size_t last_size = data.size() + 9 <= block_size_bytes ? block_size_bytes : last.size();
    std::memcpy(last.data() + last_size - 8, &size_bits, sizeof(size_bits));
    for (size_t at = 0; at < last_size; at += block_size_bytes) {
        absorb_block(state, last.data() + at);
    }

    FixedBytes<20> hash;
    std::memcpy(hash.data(), state.data(), hash.size());
    return hash;
}

}  // namespace mega::crypto
