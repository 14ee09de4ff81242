#include "crypto/bn254.hpp"

#include "base/assert.hpp"
#include "crypto/bn254/g1.hpp"
#include "crypto/bn254/pairing.hpp"

namespace mega::crypto::bn254 {

namespace {

constexpr size_t pair_size_bytes = 192;

/// The pairs of finite points, gathered up to what one Miller loop takes.
struct Batch {
    std::array<PointPair, max_pairs_per_loop> pairs;
    size_t size = 0;
    Fp12 product = Fp12::one();

    /// Runs the loop over what was gathered. False when a point is not in G2.
    [[nodiscard]] bool flush() {
        if (size == 0) {
            return true;
        }
        const std::optional<Fp12> value = miller_loop(std::span(pairs).first(size));
        if (!value) {
            return false;
        }
        product = product * *value;
        size = 0;
        return true;
    }
};

/// Checks one pair and adds it to the batch, unless its pairing is one. False when the pair is
/// invalid.
[[nodiscard]] bool take_pair(Batch& batch, BytesView pair_192) {
    const std::optional<G1Affine> p = g1_from_bytes(pair_192.first(64));
    const std::optional<G2Affine> q = g2_from_bytes(pair_192.last(128));
    if (!p || !q) {
        return false;
    }
    if (q->is_infinity()) {
        return true;
    }
    if (p->is_infinity()) {
        return is_in_g2(*q);
    }
    batch.pairs[batch.size++] = {*p, *q};
    return batch.size < max_pairs_per_loop || batch.flush();
}

}  // namespace

std::optional<G1Bytes> add(BytesView a_64, BytesView b_64) {
    if (a_64.size() != 64 || b_64.size() != 64) {
        return std::nullopt;
    }
    const std::optional<G1Affine> a = g1_from_bytes(a_64);
    const std::optional<G1Affine> b = g1_from_bytes(b_64);
    if (!a || !b) {
        return std::nullopt;
    }
    return to_bytes(add(*a, *b));
}

std::optional<G1Bytes> multiply(BytesView point_64, BytesView scalar_32) {
    if (point_64.size() != 64 || scalar_32.size() != 32) {
        return std::nullopt;
    }
    const std::optional<G1Affine> point = g1_from_bytes(point_64);
    if (!point) {
        return std::nullopt;
    }
    return to_bytes(multiply(*point, limbs_from_bytes(scalar_32)));
}

std::optional<bool> pairing_is_one(BytesView pairs) {
    if (pairs.size() % pair_size_bytes != 0) {
        return std::nullopt;
    }
    Batch batch;
    for (size_t at = 0; at < pairs.size(); at += pair_size_bytes) {
        if (!take_pair(batch, pairs.subspan(at, pair_size_bytes))) {
            return std::nullopt;
        }
    }
    if (!batch.flush()) {
        return std::nullopt;
    }
    return final_exponentiation(batch.product) == Fp12::one();
}

}  // namespace mega::crypto::bn254
