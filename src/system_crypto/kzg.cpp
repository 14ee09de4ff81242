#include "base/assert.hpp"
#include "crypto/data/kzg_setup.hpp"
#include "crypto/provider.hpp"

#include <blst.h>

#include <optional>

namespace mega::crypto::provider {
namespace {

constexpr size_t scalar_bits = 255;

/// The Miller loop's line functions of a fixed G2 point: computed once, they save most of the work
/// of each pairing.
struct Lines {
    std::array<blst_fp6, 68> of;
    explicit Lines(const blst_p2_affine& point) { blst_precompute_lines(of.data(), &point); }
};

const Lines& generator_lines() {
    static const Lines lines(*blst_p2_affine_generator());
    return lines;
}

const Lines& tau_lines() {
    static const Lines lines = [] {
        blst_p2_affine tau;
        MEGA_ASSERT(blst_p2_uncompress(&tau, kzg::tau_g2_compressed.data()) == BLST_SUCCESS);
        MEGA_ASSERT(blst_p2_affine_in_g2(&tau));
        return Lines(tau);
    }();
    return lines;
}

/// Canonical encodings alone: anything else is nothing.
std::optional<blst_scalar> parse_scalar(const Hash256& big_endian) {
    blst_scalar scalar;
    blst_scalar_from_bendian(&scalar, big_endian.data());
    return blst_scalar_fr_check(&scalar) ? std::optional(scalar) : std::nullopt;
}

std::optional<blst_p1_affine> parse_g1(const FixedBytes<48>& compressed) {
    blst_p1_affine point;
    if (blst_p1_uncompress(&point, compressed.data()) != BLST_SUCCESS) {
        return std::nullopt;
    }
    if (!blst_p1_affine_is_inf(&point) && !blst_p1_affine_in_g1(&point)) {
        return std::nullopt;
    }
    return point;
}

/// e(point, the G2 point of `lines`) before the final exponentiation. Infinity pairs to one, which
/// the loop itself does not handle.
blst_fp12 half_pairing(const blst_p1& point, const Lines& lines) {
    if (blst_p1_is_inf(&point)) {
        return *blst_fp12_one();
    }
    blst_p1_affine affine;
    blst_p1_to_affine(&affine, &point);
    blst_fp12 result;
    blst_miller_loop_lines(&result, lines.of.data(), &affine);
    return result;
}

/// commitment - y G1 + z proof.
blst_p1 opening_point(
    const blst_p1& commitment, const blst_p1& proof, const blst_scalar& z, const blst_scalar& y
) {
    blst_p1 at_y;
    blst_p1_mult(&at_y, blst_p1_generator(), y.b, scalar_bits);
    blst_p1_cneg(&at_y, true);
    blst_p1 at_z;
    blst_p1_mult(&at_z, &proof, z.b, scalar_bits);
    blst_p1 sum;
    blst_p1_add_or_double(&sum, &commitment, &at_y);
    blst_p1_add_or_double(&sum, &sum, &at_z);
    return sum;
}

}  // namespace

// The check e(C - y G1, G2) = e(proof, (tau - z) G2) with the z term moved to the left, where it
// costs a G1 multiplication instead of a G2 one and leaves both G2 points fixed.
bool verify_kzg_proof(
    const FixedBytes<48>& commitment,
    const Hash256& z,
    const Hash256& y,
    const FixedBytes<48>& proof
) {
    const auto commitment_affine = parse_g1(commitment);
    const auto proof_affine = parse_g1(proof);
    const auto z_scalar = parse_scalar(z);
    const auto y_scalar = parse_scalar(y);
    if (!commitment_affine || !proof_affine || !z_scalar || !y_scalar) {
        return false;
    }
    blst_p1 commitment_point;
    blst_p1_from_affine(&commitment_point, &*commitment_affine);
    blst_p1 proof_point;
    blst_p1_from_affine(&proof_point, &*proof_affine);

    const blst_p1 left = opening_point(commitment_point, proof_point, *z_scalar, *y_scalar);
    const blst_fp12 left_pairing = half_pairing(left, generator_lines());
    const blst_fp12 right_pairing = half_pairing(proof_point, tau_lines());
    return blst_fp12_finalverify(&left_pairing, &right_pairing);
}

}  // namespace mega::crypto::provider
