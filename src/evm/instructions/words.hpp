#pragma once

// Operations on stack words, shaped for how the CPU forwards stores to loads: a wide vector load
// stalls when the word was just written limb by limb, so words are read limb by limb everywhere.

#include "types/u256.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace mega::evm::instructions {

/// Keeps the compiler from merging this limb's load with its neighbours.
[[gnu::always_inline]] inline uint64_t opaque(uint64_t limb) {
    asm("" : "+r"(limb));  // NOLINT(hicpp-no-assembler)
    return limb;
}

[[gnu::always_inline]] inline u256 load_word(const u256& from) {
    return {
        opaque(from.limbs[0]), opaque(from.limbs[1]), opaque(from.limbs[2]), opaque(from.limbs[3])
    };
}
[[gnu::always_inline]] inline void store_word(u256& to, const u256& value) { to = value; }
[[gnu::always_inline]] inline void copy_word(u256& to, const u256& from) { to = load_word(from); }
[[gnu::always_inline]] inline void swap_words(u256& a, u256& b) {
    const u256 x = load_word(a);
    const u256 y = load_word(b);
    a = y;
    b = x;
}

[[gnu::always_inline]] inline bool less(const u256& a, const u256& b) {
#if defined(__x86_64__)
    // Compilers turn the portable form into flag arithmetic limb by limb; this is one borrow chain.
    unsigned long long ignored = 0;
    unsigned char borrow = 0;
    for (int i = 0; i < 4; ++i) {
        borrow = _subborrow_u64(borrow, a.limbs[i], b.limbs[i], &ignored);
    }
    return borrow != 0;
#else
    return subtract_with_borrow(a, b).carry;
#endif
}
/// Two's complement order: flipping the sign bits turns it into the unsigned one.
[[gnu::always_inline]] inline bool less_signed(u256 a, u256 b) {
    constexpr uint64_t sign = uint64_t{1} << 63;
    a.limbs[3] ^= sign;
    b.limbs[3] ^= sign;
    return less(a, b);
}

[[gnu::always_inline]] inline u256 shift_left(const u256& shift, const u256& value) {
    return shift.fits_u64() && shift.low64() < 256 ? value << static_cast<unsigned>(shift.low64())
                                                   : u256{};
}
[[gnu::always_inline]] inline u256 shift_right(const u256& shift, const u256& value) {
    return shift.fits_u64() && shift.low64() < 256 ? value >> static_cast<unsigned>(shift.low64())
                                                   : u256{};
}

[[gnu::always_inline]] inline u256 load_address(const Address& address) {
    uint32_t high = 0;
    uint64_t middle = 0;
    uint64_t low = 0;
    std::memcpy(&high, address.data(), 4);
    std::memcpy(&middle, address.data() + 4, 8);
    std::memcpy(&low, address.data() + 12, 8);
    return {__builtin_bswap64(low), __builtin_bswap64(middle), __builtin_bswap32(high), 0};
}
[[gnu::always_inline]] inline Address store_address(const u256& word) {
    const uint64_t low = __builtin_bswap64(word.limbs[0]);
    const uint64_t middle = __builtin_bswap64(word.limbs[1]);
    const uint32_t high = __builtin_bswap32(static_cast<uint32_t>(word.limbs[2]));
    Address address;
    std::memcpy(address.data(), &high, 4);
    std::memcpy(address.data() + 4, &middle, 8);
    std::memcpy(address.data() + 12, &low, 8);
    return address;
}

}  // namespace mega::evm::instructions
