#include "crypto/sha256_blocks.hpp"

#if defined(__x86_64__)

#include <immintrin.h>

namespace mega::crypto::detail {
namespace {

#define MEGA_SHA_NI __attribute__((target("sha,sse4.1,ssse3")))

// The SHA instructions keep the eight words as two registers, named from the highest element down:
// ABEF and CDGH.
struct Registers {
    __m128i abef;
    __m128i cdgh;
};

MEGA_SHA_NI void load(const Sha256State& state, Registers& out) {
    const auto* from = reinterpret_cast<const __m128i*>(state.data());
    const __m128i badc = _mm_shuffle_epi32(_mm_loadu_si128(from), 0xb1);
    const __m128i hgfe = _mm_shuffle_epi32(_mm_loadu_si128(from + 1), 0x1b);
    out.abef = _mm_alignr_epi8(badc, hgfe, 8);
    out.cdgh = _mm_blend_epi16(hgfe, badc, 0xf0);
}

MEGA_SHA_NI void store(const Registers& registers, Sha256State& state) {
    const __m128i feba = _mm_shuffle_epi32(registers.abef, 0x1b);
    const __m128i dchg = _mm_shuffle_epi32(registers.cdgh, 0xb1);
    auto* to = reinterpret_cast<__m128i*>(state.data());
    _mm_storeu_si128(to, _mm_blend_epi16(feba, dchg, 0xf0));
    _mm_storeu_si128(to + 1, _mm_alignr_epi8(dchg, feba, 8));
}

/// Four rounds with the schedule words `message`.
MEGA_SHA_NI void four_rounds(
    Registers& registers, const __m128i& message, const uint32_t* constants
) {
    __m128i sum =
        _mm_add_epi32(message, _mm_load_si128(reinterpret_cast<const __m128i*>(constants)));
    registers.cdgh = _mm_sha256rnds2_epu32(registers.cdgh, registers.abef, sum);
    sum = _mm_shuffle_epi32(sum, 0x0e);
    registers.abef = _mm_sha256rnds2_epu32(registers.abef, registers.cdgh, sum);
}

/// The next four schedule words, from the sixteen before them, oldest in w[0]; they take the
/// oldest's place.
MEGA_SHA_NI void next_words(__m128i (&w)[4]) {
    const __m128i seven_back = _mm_alignr_epi8(w[3], w[2], 4);
    const __m128i partial = _mm_add_epi32(_mm_sha256msg1_epu32(w[0], w[1]), seven_back);
    const __m128i made = _mm_sha256msg2_epu32(partial, w[3]);
    w[0] = w[1];
    w[1] = w[2];
    w[2] = w[3];
    w[3] = made;
}

MEGA_SHA_NI void absorb_block(Registers& registers, const uint8_t* block) {
    const __m128i byte_swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    const Registers before = registers;
    __m128i w[4];
    for (size_t i = 0; i < 4; ++i) {
        const auto* from = reinterpret_cast<const __m128i*>(block + 16 * i);
        w[i] = _mm_shuffle_epi8(_mm_loadu_si128(from), byte_swap);
        four_rounds(registers, w[i], sha256_constants.data() + 4 * i);
    }
#pragma GCC unroll 12
    for (size_t i = 4; i < 16; ++i) {
        next_words(w);
        four_rounds(registers, w[3], sha256_constants.data() + 4 * i);
    }
    registers.abef = _mm_add_epi32(registers.abef, before.abef);
    registers.cdgh = _mm_add_epi32(registers.cdgh, before.cdgh);
}

}  // namespace

MEGA_SHA_NI void sha256_blocks_sha_ni(Sha256State& state, BytesView blocks) {
    Registers registers;
    load(state, registers);
    for (size_t at = 0; at < blocks.size(); at += 64) {
        absorb_block(registers, blocks.data() + at);
    }
    store(registers, state);
}

#undef MEGA_SHA_NI

}  // namespace mega::crypto::detail

#endif
