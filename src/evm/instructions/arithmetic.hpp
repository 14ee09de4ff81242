#pragma once

// Arithmetic, comparison and bit instructions (0x01 to 0x1e) and KECCAK256.

#include "evm/frame.hpp"
#include "evm/instructions/words.hpp"

namespace mega::evm::instructions {

/// Replaces the two words on top by `operation(top, second)`.
template <class Operation>
[[gnu::always_inline]] inline bool binary(Machine& m, Operation operation) {
    store_word(m.top[-1], operation(load_word(m.top[0]), load_word(m.top[-1])));
    m.top -= 1;
    return true;
}
template <class Operation>
[[gnu::always_inline]] inline bool unary(Machine& m, Operation operation) {
    store_word(m.top[0], operation(load_word(m.top[0])));
    return true;
}
template <class Operation>
[[gnu::always_inline]] inline bool ternary(Machine& m, Operation operation) {
    store_word(m.top[-2], operation(m.top[0], m.top[-1], m.top[-2]));
    m.top -= 2;
    return true;
}

inline bool shift_right_arithmetic(Machine& m) {
    return binary(m, [](const u256& shift, const u256& value) {
        return shift_right_signed(value, shift);
    });
}

template <class M>
inline bool exponentiate(Machine& m) {
    if (!charge(m, M::exp_byte_gas * m.top[-1].byte_length())) {
        return out_of_gas(m);
    }
    gas_is_paid<M>(m);
    return binary(m, [](const u256& base, const u256& exponent) { return power(base, exponent); });
}

inline bool byte_of(Machine& m) {
    return binary(m, [](const u256& index, const u256& value) {
        if (!index.fits_u64() || index.low64() >= 32) {
            return u256{};
        }
        const auto from_low = static_cast<unsigned>(31 - index.low64());
        return u256{(value.limbs[from_low / 8] >> (8 * (from_low % 8))) & 0xff};
    });
}

template <class M>
inline bool keccak(Machine& m) {
    const u256& offset = m.top[0];
    const u256& size = m.top[-1];
    if (!reach(m, offset, size) || !charge(m, 6 * words_of(size.low64()))) {
        return out_of_gas(m);
    }
    gas_is_paid<M>(m);
    const Hash256 hash = m.frame.shared.hashes.hash(memory_view(m.frame, offset, size));
    m.top -= 1;
    *m.top = u256::load_be(hash.data());
    return true;
}

}  // namespace mega::evm::instructions
