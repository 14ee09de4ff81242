#pragma once

// Products modulo a number that is used again and again, as contracts do that compute in a prime
// field: the reciprocal of the modulus is found once, after which a product costs three
// multiplications of 256 bits and no division (Möller and Granlund, "Improved division by invariant
// integers", with a word of 256 bits).

#include "types/u256.hpp"

namespace mega {

class Modulus {
  public:
    /// `value` must not be zero.
    explicit Modulus(const u256& value);

    [[nodiscard]] const u256& value() const { return value_; }
    /// (a * b) mod value, without overflow.
    [[nodiscard]] u256 multiply(const u256& a, const u256& b) const;

  private:
    u256 value_;
    unsigned shift_;  // brings the top bit of the value to the top
    u256 divisor_;    // the value, shifted
    u256 reciprocal_;
};

/// multiply_mod for whatever modulus comes, remembering the last one that came twice in a row.
class ModulusCache {
  public:
    [[nodiscard]] u256 multiply(const u256& a, const u256& b, const u256& m);

  private:
    Modulus modulus_{u256{1}};
    u256 last_;
};

}  // namespace mega
