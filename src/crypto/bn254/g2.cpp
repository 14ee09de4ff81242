#include "crypto/bn254/g2.hpp"

#include "base/assert.hpp"
#include "crypto/bn254/frobenius_constants.hpp"

namespace mega::crypto::bn254 {

bool is_on_twist(const G2Affine& point) {
    return square(point.y) == square(point.x) * point.x + twist_b;
}

std::optional<G2Affine> g2_from_bytes(BytesView bytes_128) {
    MEGA_ASSERT(bytes_128.size() == 128);
    std::array<Fp, 4> coordinates;
    for (size_t i = 0; i < 4; ++i) {
        const std::optional<Fp> coordinate = fp_from_bytes(bytes_128.subspan(32 * i, 32));
        if (!coordinate) {
            return std::nullopt;
        }
        coordinates[i] = *coordinate;
    }
    const G2Affine point{{coordinates[1], coordinates[0]}, {coordinates[3], coordinates[2]}};
    if (!point.is_infinity() && !is_on_twist(point)) {
        return std::nullopt;
    }
    return point;
}

// (x, y) of the twist is (x·w², y·w³) on the curve over Fp12, whose p-th power is read back on the
// twist.
G2Affine psi(const G2Affine& point) {
    return {conjugate(point.x) * frobenius_factors[2], conjugate(point.y) * frobenius_factors[3]};
}

G2Affine psi_twice(const G2Affine& point) {
    return {point.x * frobenius_twice_factors[2], point.y * frobenius_twice_factors[3]};
}

}  // namespace mega::crypto::bn254
