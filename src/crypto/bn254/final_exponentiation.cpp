#include "crypto/bn254/pairing.hpp"
#include "crypto/bn254/signed_digits.hpp"

namespace mega::crypto::bn254 {

namespace {

constexpr uint64_t curve_u = 4965661367192848881;
constexpr int window_width = 4;
constexpr SignedDigits u_digits = to_signed_digits(curve_u, window_width);

/// f^u for f in the cyclotomic subgroup, where the inverse is free.
Fp12 power_of_u(const Fp12& f) {
    constexpr size_t table_size = size_t{1} << (window_width - 2);
    std::array<Fp12, table_size> odd_powers;
    odd_powers[0] = f;
    const Fp12 squared = square_cyclotomic(f);
    for (size_t i = 1; i < table_size; ++i) {
        odd_powers[i] = odd_powers[i - 1] * squared;
    }
    const auto power = [&](int digit) {
        const Fp12& entry = odd_powers[static_cast<size_t>(digit < 0 ? -digit : digit) / 2];
        return digit < 0 ? conjugate(entry) : entry;
    };
    Fp12 result = power(u_digits.digits[u_digits.length - 1]);
    for (size_t i = u_digits.length - 1; i-- > 0;) {
        result = square_cyclotomic(result);
        if (u_digits.digits[i] != 0) {
            result = result * power(u_digits.digits[i]);
        }
    }
    return result;
}

/// f^((p⁶ - 1)(p² + 1)), which lies in the cyclotomic subgroup.
Fp12 easy_part(const Fp12& f) {
    const Fp12 g = conjugate(f) * inverse(f);
    return frobenius_twice(g) * g;
}

// L. Fuentes-Castañeda, E. Knapp, F. Rodríguez-Henríquez, "Faster hashing to G2" (2011): 2u(6u² +
// 3u + 1), which is prime to r, times (p⁴ - p² + 1)/r is
//   (1 + 6u + 12u² + 12u³) + (4u + 6u² + 12u³)·p + (6u + 6u² + 12u³)·p² + (-1 + 4u + 6u² +
//   12u³)·p³.
Fp12 hard_part(const Fp12& f) {
    const Fp12 f_2u = square_cyclotomic(power_of_u(f));
    const Fp12 f_4u = square_cyclotomic(f_2u);
    const Fp12 f_6u2 = power_of_u(f_4u * f_2u);
    const Fp12 f_12u3 = power_of_u(square_cyclotomic(f_6u2));
    const Fp12 a1 = f_4u * f_6u2 * f_12u3;
    const Fp12 a2 = a1 * f_2u;
    const Fp12 a0 = a2 * f_6u2 * f;
    const Fp12 a3 = a1 * conjugate(f);
    return a0 * frobenius(a1) * frobenius_twice(a2 * frobenius(a3));
}

}  // namespace

Fp12 final_exponentiation(const Fp12& f) { return hard_part(easy_part(f)); }

}  // namespace mega::crypto::bn254
