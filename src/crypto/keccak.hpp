#pragma once

// Keccak-256 as Ethereum uses it (original Keccak padding 0x01, not SHA-3's 0x06).

#include "base/bytes.hpp"

namespace mega::crypto {

[[nodiscard]] Hash256 keccak256(BytesView data);

/// Hashes many inputs at once: out[i] = keccak256(in[i]). in.size() == out.size().
/// Uses 8-lane AVX-512 or 4-lane AVX2 permutations where the CPU has them (chosen at run time), one
/// at a time elsewhere.
void keccak256_many(std::span<const BytesView> in, std::span<Hash256> out);

/// keccak256 of the empty string: the code hash of an account without code.
inline constexpr Hash256 keccak256_of_empty{
    {0xc5, 0xd2, 0x46, 0x01, 0x86, 0xf7, 0x23, 0x3c, 0x92, 0x7e, 0x7d, 0xb2, 0xdc, 0xc7, 0x03, 0xc0,
     0xe5, 0x00, 0xb6, 0x53, 0xca, 0x82, 0x27, 0x3b, 0x7b, 0xfa, 0xd8, 0x04, 0x5d, 0x85, 0xa4, 0x70}
};

}  // namespace mega::crypto
