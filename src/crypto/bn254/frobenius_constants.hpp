#pragma once

// The constants of the p-power map. All follow from the first: w^p = w · ξ^((p-1)/6).

#include "crypto/bn254/fp2.hpp"

namespace mega::crypto::bn254 {

/// ξ^((p-1)/6)
inline constexpr Fp2 frobenius_base{
    Fp::from_literal("0x1284b71c2865a7dfe8b99fdd76e68b605c521e08292f2176d60b35dadcc9e470"),
    Fp::from_literal("0x246996f3b4fae7e6a6327cfe12150b8e747992778eeec7e5ca5cf05f80f362ac")
};

/// [i] = ξ^(i(p-1)/6): (w^i)^p = w^i · [i].
inline constexpr std::array<Fp2, 6> frobenius_factors = [] {
    std::array<Fp2, 6> powers{Fp2::one()};
    for (size_t i = 1; i < 6; ++i) {
        powers[i] = powers[i - 1] * frobenius_base;
    }
    return powers;
}();

/// [i] = ξ^(i(p²-1)/6), which is the norm of the factor above and lies in Fp: (w^i)^(p²) = w^i ·
/// [i].
inline constexpr std::array<Fp, 6> frobenius_twice_factors = [] {
    std::array<Fp, 6> norms{};
    for (size_t i = 0; i < 6; ++i) {
        norms[i] = square(frobenius_factors[i].c0) + square(frobenius_factors[i].c1);
    }
    return norms;
}();

}  // namespace mega::crypto::bn254
