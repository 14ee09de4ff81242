#pragma once

// PUSH, DUP, SWAP, POP and the jumps.

#include "evm/frame.hpp"
#include "evm/instructions/words.hpp"

namespace mega::evm::instructions {

[[gnu::always_inline]] inline bool push(Machine& m, const u256& value) {
    m.top += 1;
    *m.top = value;
    return true;
}

/// The operand is the `n` bytes behind the opcode; code is padded so that it may be read in whole
/// words.
template <unsigned n>
[[gnu::always_inline]] inline bool push_operand(Machine& m) {
    if constexpr (n == 0) {
        return push(m, u256{});
    } else if constexpr (n <= 8) {
        uint64_t word = 0;
        std::memcpy(&word, m.pc + 1, 8);
        push(m, u256{__builtin_bswap64(word) >> (64 - 8 * n)});
    } else {
        u256 word = u256::load_be(m.pc + 1 + n - 32);
        constexpr unsigned full_limbs = n / 8;
        for (unsigned i = full_limbs; i < 4; ++i) {
            const uint64_t mask = i == full_limbs ? (uint64_t{1} << (8 * (n % 8))) - 1 : 0;
            word.limbs[i] &= mask;
        }
        push(m, word);
    }
    m.pc += n;
    return true;
}

template <unsigned n>
[[gnu::always_inline]] inline bool duplicate(Machine& m) {
    copy_word(m.top[1], m.top[1 - static_cast<int>(n)]);
    m.top += 1;
    return true;
}
template <unsigned n>
[[gnu::always_inline]] inline bool swap(Machine& m) {
    swap_words(m.top[0], m.top[-static_cast<int>(n)]);
    return true;
}

/// Moves to the JUMPDEST at `target` and, unless it must be seen as a step of its own, runs it,
/// too. The dispatcher advances by one behind every instruction, hence the place one before.
template <class M>
[[gnu::always_inline]] inline bool jump_to(Machine& m, const u256& target) {
    const Code& code = m.frame.code;
    if (!target.fits_u64() || !code.is_jump_destination(target.low64())) [[unlikely]] {
        return fail(m, Status::bad_jump_destination);
    }
    m.pc = code.data() + target.low64();
    if constexpr (M::is_traced) {
        m.pc -= 1;
        return true;
    }
    return charge(m, 1) || out_of_gas(m);
}
template <class M>
[[gnu::always_inline]] inline bool jump(Machine& m) {
    m.top -= 1;
    return jump_to<M>(m, m.top[1]);
}
template <class M>
[[gnu::always_inline]] inline bool jump_if(Machine& m) {
    m.top -= 2;
    return m.top[1].is_zero() || jump_to<M>(m, m.top[2]);
}

}  // namespace mega::evm::instructions
