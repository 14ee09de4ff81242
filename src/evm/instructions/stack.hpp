#pragma once

// PUSH, DUP, SWAP, POP and the jumps.

#include "evm/frame.hpp"
#include "evm/instructions/words.hpp"
#include "evm/opcodes.hpp"

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
[[gnu::always_inline]] inline bool jump_to(Machine& m, uint64_t target) {
    const Frame& frame = m.frame;
    if (target >= frame.code_size ||
        ((frame.jump_destinations[target / 64] >> (target % 64)) & 1) == 0) [[unlikely]] {
        return fail(m, Status::bad_jump_destination);
    }
    m.pc = frame.code_begin + target;
    if constexpr (M::is_traced) {
        m.pc -= 1;
        return true;
    }
    return charge(m, 1) || out_of_gas(m);
}
template <class M>
[[gnu::always_inline]] inline bool jump_to(Machine& m, const u256& target) {
    // No code is as long as a target of more than 64 bits would need.
    return jump_to<M>(m, target.fits_u64() ? target.low64() : UINT64_MAX);
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

/// PUSH2 is nearly always there for the jump behind it, and the two run as one: the target never
/// reaches the stack. Where the jump might fail for stack or gas, they run one by one and fail as
/// they should.
template <class M>
[[gnu::always_inline]] inline bool push_and_jump(Machine& m) {
    constexpr auto jump_byte = static_cast<uint8_t>(Opcode::JUMP);
    constexpr auto jump_if_byte = static_cast<uint8_t>(Opcode::JUMPI);
    constexpr int64_t jump_gas = 8;
    constexpr int64_t jump_if_gas = 10;
    const uint8_t next = m.pc[3];
    if (next == jump_if_byte && m.gas >= jump_if_gas && m.top != m.frame.stack_base) {
        m.gas -= jump_if_gas;
        m.top -= 1;
        if (m.top[1].is_zero()) {
            m.pc += 3;
            return true;
        }
        return jump_to<M>(m, uint64_t{m.pc[1]} << 8 | m.pc[2]);
    }
    if (next == jump_byte && m.gas >= jump_gas) {
        m.gas -= jump_gas;
        return jump_to<M>(m, uint64_t{m.pc[1]} << 8 | m.pc[2]);
    }
    return push_operand<2>(m);
}

}  // namespace mega::evm::instructions
