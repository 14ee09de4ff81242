#pragma once

// The Keccak-f[1600] permutation and the sponge of keccak256, written once for any number of lanes.
//
// A Word is uint64_t (one message at a time) or a vector of uint64_t (one message per element). The
// templates are always inlined into functions that carry the CPU features they need, so that the
// same lines become scalar, AVX2 and AVX-512 code. Internal to this library: the entry points below
// exist so that tests reach every path.
//
// The state is 25 words, word x + 5y in lane order of FIPS 202 section 3.1.2. A block is 136 bytes,
// 17 words.

#include "base/bytes.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace mega::crypto::detail {

/// out[i] = keccak256(in[i]); in.size() == out.size().
using HashMany = void (*)(std::span<const BytesView> in, std::span<Hash256> out);

void hash_many_portable(std::span<const BytesView> in, std::span<Hash256> out);
#if defined(__x86_64__)
/// Only for CPUs with AVX2.
void hash_many_avx2(std::span<const BytesView> in, std::span<Hash256> out);
/// Only for CPUs with AVX-512 F and VL.
void hash_many_avx512(std::span<const BytesView> in, std::span<Hash256> out);
#endif

[[nodiscard]] bool cpu_has_avx2();
[[nodiscard]] bool cpu_has_avx512();

inline constexpr size_t block_size_bytes = 136;
inline constexpr size_t block_words = block_size_bytes / 8;
inline constexpr size_t state_words = 25;

// iota constants, FIPS 202 section 3.2.5.
inline constexpr std::array<uint64_t, 24> round_constants{
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
    0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
    0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
    0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
    0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
};

// rho offsets, FIPS 202 table 2, by x + 5y.
inline constexpr std::array<unsigned, state_words> rotations{
    0,  1,  62, 28, 27,  //
    36, 44, 6,  55, 20,  //
    3,  10, 43, 25, 39,  //
    41, 45, 15, 21, 8,   //
    18, 2,  61, 56, 14,
};

template <unsigned by, class Word>
[[gnu::always_inline]] inline void rotate_left(Word& word) {
    if constexpr (by != 0) {
        word = (word << by) | (word >> (64 - by));
    }
}

/// theta's last step, rho and pi for one word: what lands in column x of row y comes from column x
/// + 3y of row x.
template <size_t x, size_t y, class Word>
[[gnu::always_inline]] inline void gather(
    const Word (&in)[state_words], const Word (&column)[5], Word& word
) {
    constexpr size_t from_x = (x + 3 * y) % 5;
    constexpr size_t from = from_x + 5 * x;
    word = in[from] ^ column[from_x];
    rotate_left<rotations[from]>(word);
}

/// One row of the next state: gather, then chi.
template <size_t y, class Word>
[[gnu::always_inline]] inline void make_row(
    const Word (&in)[state_words], const Word (&column)[5], Word (&out)[state_words]
) {
    Word b0, b1, b2, b3, b4;
    gather<0, y>(in, column, b0);
    gather<1, y>(in, column, b1);
    gather<2, y>(in, column, b2);
    gather<3, y>(in, column, b3);
    gather<4, y>(in, column, b4);
    out[5 * y + 0] = b0 ^ (~b1 & b2);
    out[5 * y + 1] = b1 ^ (~b2 & b3);
    out[5 * y + 2] = b2 ^ (~b3 & b4);
    out[5 * y + 3] = b3 ^ (~b4 & b0);
    out[5 * y + 4] = b4 ^ (~b0 & b1);
}

template <size_t x, class Word>
[[gnu::always_inline]] inline void mix_column(const Word (&parity)[5], Word (&column)[5]) {
    Word right = parity[(x + 1) % 5];
    rotate_left<1>(right);
    column[x] = parity[(x + 4) % 5] ^ right;
}

template <class Word>
[[gnu::always_inline]] inline void round(
    const Word (&in)[state_words], Word (&out)[state_words], uint64_t constant
) {
    const Word parity[5] = {
        in[0] ^ in[5] ^ in[10] ^ in[15] ^ in[20],
        in[1] ^ in[6] ^ in[11] ^ in[16] ^ in[21],
        in[2] ^ in[7] ^ in[12] ^ in[17] ^ in[22],
        in[3] ^ in[8] ^ in[13] ^ in[18] ^ in[23],
        in[4] ^ in[9] ^ in[14] ^ in[19] ^ in[24],
    };
    Word column[5];
    mix_column<0>(parity, column);
    mix_column<1>(parity, column);
    mix_column<2>(parity, column);
    mix_column<3>(parity, column);
    mix_column<4>(parity, column);
    make_row<0>(in, column, out);
    make_row<1>(in, column, out);
    make_row<2>(in, column, out);
    make_row<3>(in, column, out);
    make_row<4>(in, column, out);
    out[0] = out[0] ^ constant;
}

template <class Word>
[[gnu::always_inline]] inline void permute(Word (&state)[state_words]) {
    // Locals, so that the words may live in registers.
    Word even[state_words];
    Word odd[state_words];
    std::copy_n(state, state_words, even);
    for (size_t i = 0; i < round_constants.size(); i += 2) {
        round(even, odd, round_constants[i]);
        round(odd, even, round_constants[i + 1]);
    }
    std::copy_n(even, state_words, state);
}

/// One step of a transposition: swaps the off-diagonal squares of `step` x `step` elements between
/// two rows.
template <size_t step, class Word, size_t... j>
[[gnu::always_inline]] inline void exchange(Word& upper, Word& lower, std::index_sequence<j...>) {
    constexpr size_t n = sizeof...(j);
    const Word old_upper = upper;
    upper = __builtin_shufflevector(old_upper, lower, ((j & step) == 0 ? j : j + n - step)...);
    lower = __builtin_shufflevector(old_upper, lower, ((j & step) == 0 ? j + step : j + n)...);
}

template <size_t step, class Word, size_t n>
[[gnu::always_inline]] inline void exchange_all(Word (&rows)[n]) {
    for (size_t i = 0; i < n; ++i) {
        if ((i & step) == 0) {
            exchange<step>(rows[i], rows[i + step], std::make_index_sequence<n>{});
        }
    }
}

/// Element j of row i becomes element i of row j.
template <class Word, size_t n>
[[gnu::always_inline]] inline void transpose(Word (&rows)[n]) {
    static_assert(n == 4 || n == 8);
    exchange_all<1>(rows);
    exchange_all<2>(rows);
    if constexpr (n == 8) {
        exchange_all<4>(rows);
    }
}

/// The sponge for as many messages side by side as a Word has elements. A lane that finishes its
/// message takes the next one, so messages of any lengths keep the lanes busy.
template <class Word>
class Lanes {
  public:
    [[gnu::always_inline]] static inline void hash_many(
        std::span<const BytesView> in, std::span<Hash256> out
    ) {
        Lanes lanes(in, out);
        Word state[state_words] = {};
        lanes.start_all();
        while (lanes.busy_ != 0) {
            lanes.pick_blocks();
            lanes.absorb(state);
            permute(state);
            lanes.harvest(state);
        }
    }

  private:
    static constexpr size_t count = sizeof(Word) / sizeof(uint64_t);
    static constexpr uint64_t all_ones = ~uint64_t{0};

    struct Message {
        BytesView rest;
        size_t index = 0;
        bool is_active = false;
        bool is_padded = false;  // the last block is in the sponge
    };

    [[gnu::always_inline]] inline Lanes(std::span<const BytesView> in, std::span<Hash256> out)
        : in_(in), out_(out) {}

    [[gnu::always_inline]] inline void start_all() {
        for (size_t lane = 0; lane < count; ++lane) {
            blocks_[lane] = last_blocks_[lane];  // an idle lane permutes whatever lies there
            start_next(lane);
        }
    }

    [[gnu::always_inline]] inline void start_next(size_t lane) {
        Message& message = messages_[lane];
        message.is_active = next_ < in_.size();
        if (message.is_active) {
            message = {.rest = in_[next_], .index = next_, .is_active = true, .is_padded = false};
            keep_[lane] = 0;
            ++next_;
            ++busy_;
        }
    }

    [[gnu::always_inline]] inline void pick_blocks() {
        for (size_t lane = 0; lane < count; ++lane) {
            Message& message = messages_[lane];
            if (!message.is_active) {
                continue;
            }
            if (message.rest.size() >= block_size_bytes) {
                blocks_[lane] = message.rest.data();
                message.rest = message.rest.subspan(block_size_bytes);
            } else {
                blocks_[lane] = pad(message.rest, last_blocks_[lane]);
                message.is_padded = true;
            }
        }
    }

    [[gnu::always_inline]] static inline const uint8_t* pad(
        BytesView rest, uint8_t (&block)[block_size_bytes]
    ) {
        std::memset(block, 0, block_size_bytes);
        if (!rest.empty()) {
            std::memcpy(block, rest.data(), rest.size());
        }
        block[rest.size()] = 0x01;
        block[block_size_bytes - 1] |= 0x80;
        return block;
    }

    /// Clears the lanes that begin a message and adds every lane's block.
    [[gnu::always_inline]] inline void absorb(Word (&state)[state_words]) {
        Word keep;
        std::memcpy(&keep, keep_, sizeof(keep));
        for (size_t i = 0; i < state_words; ++i) {
            state[i] &= keep;
        }
        std::fill_n(keep_, count, all_ones);
        for (size_t first = 0; first + count <= block_words; first += count) {
            Word rows[count];
            for (size_t lane = 0; lane < count; ++lane) {
                std::memcpy(&rows[lane], blocks_[lane] + 8 * first, sizeof(Word));
            }
            transpose(rows);
            for (size_t i = 0; i < count; ++i) {
                state[first + i] ^= rows[i];
            }
        }
        uint64_t last[count];
        for (size_t lane = 0; lane < count; ++lane) {
            last[lane] = load_le64(blocks_[lane] + 8 * (block_words - 1));
        }
        Word last_word;
        std::memcpy(&last_word, last, sizeof(last_word));
        state[block_words - 1] ^= last_word;
    }

    /// Takes the finished hashes out and gives their lanes the next messages.
    [[gnu::always_inline]] inline void harvest(const Word (&state)[state_words]) {
        uint64_t words[4][count];
        std::memcpy(words, state, sizeof(words));
        for (size_t lane = 0; lane < count; ++lane) {
            const Message& message = messages_[lane];
            if (!message.is_active || !message.is_padded) {
                continue;
            }
            const uint64_t hash[4] = {
                words[0][lane], words[1][lane], words[2][lane], words[3][lane]
            };
            std::memcpy(out_[message.index].data(), hash, sizeof(hash));
            --busy_;
            start_next(lane);
        }
    }

    std::span<const BytesView> in_;
    std::span<Hash256> out_;
    size_t next_ = 0;
    size_t busy_ = 0;
    Message messages_[count];
    const uint8_t* blocks_[count];
    alignas(64) uint64_t keep_[count] = {};  // all ones where the lane goes on with its message
    alignas(64) uint8_t last_blocks_[count][block_size_bytes] = {};
};

static_assert(block_words % 4 == 1 && block_words % 8 == 1, "absorb adds the last word by itself");

}  // namespace mega::crypto::detail
