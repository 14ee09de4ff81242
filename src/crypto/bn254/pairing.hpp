#pragma once

// The optimal ate pairing e: G1 × G2 -> Fp12 (F. Vercauteren, "Optimal pairings", 2010), as a
// product over many pairs: one Miller loop for all, one final exponentiation.

#include "crypto/bn254/fp12.hpp"
#include "crypto/bn254/g1.hpp"
#include "crypto/bn254/g2.hpp"

#include <optional>
#include <span>

namespace mega::crypto::bn254 {

/// P on the curve and Q on the twist; neither is infinity.
struct PointPair {
    G1Affine p;
    G2Affine q;
};

inline constexpr size_t max_pairs_per_loop = 8;

/// The product of the pairs' Miller functions, still to be raised to the final exponent; nothing
/// when a Q is not of order r. At most max_pairs_per_loop pairs: callers multiply the results for
/// more.
[[nodiscard]] std::optional<Fp12> miller_loop(std::span<const PointPair> pairs);

/// True when r·point is infinity. `point` is on the twist and not infinity.
[[nodiscard]] bool is_in_g2(const G2Affine& point);

/// f^(m(p¹² - 1)/r) for an m prime to r: the pairing's value is one exactly when this is. `f` is
/// not zero.
[[nodiscard]] Fp12 final_exponentiation(const Fp12& f);

}  // namespace mega::crypto::bn254
