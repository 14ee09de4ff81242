#include "crypto/provider.hpp"

#include <blst.h>

#include <vector>

// blst is C and knows its points under other names than its header does: calls of its functions
// through the pointers below are what UBSan's check of function types is wrong about.
#if defined(__clang__)
#pragma clang attribute push(__attribute__((no_sanitize("function"))), apply_to = function)
#endif

namespace mega::crypto::provider::bls12_381 {
namespace {

// Encodings of EIP-2537: a field element is 16 zero bytes and 48 big-endian ones; Fp2 is c0 ‖ c1; a
// point is x ‖ y, with all zeros for infinity.
constexpr size_t padding_bytes = 16;
constexpr size_t fp_bytes = 64;
constexpr size_t scalar_bytes = 32;
constexpr size_t scalar_bits = 255;

constexpr FixedBytes<48> prime{
    {0x1a, 0x01, 0x11, 0xea, 0x39, 0x7f, 0xe6, 0x9a, 0x4b, 0x1b, 0xa7, 0xb6, 0x43, 0x4b, 0xac, 0xd7,
     0x64, 0x77, 0x4b, 0x84, 0xf3, 0x85, 0x12, 0xbf, 0x67, 0x30, 0xd2, 0xa0, 0xf6, 0xb0, 0xf6, 0x24,
     0x1e, 0xab, 0xff, 0xfe, 0xb1, 0x53, 0xff, 0xff, 0xb9, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xaa, 0xab}
};

// What the two groups share, under one name each, so that addition and multiplication are written
// once.
struct G1 {
    using Point = blst_p1;
    using Affine = blst_p1_affine;
    using Field = blst_fp;
    static constexpr size_t field_bytes = fp_bytes;
    static constexpr auto is_on_curve = blst_p1_affine_on_curve;
    static constexpr auto is_in_subgroup = blst_p1_affine_in_g1;
    static constexpr auto is_infinity = blst_p1_affine_is_inf;
    static constexpr auto from_affine = blst_p1_from_affine;
    static constexpr auto to_affine = blst_p1_to_affine;
    static constexpr auto add = blst_p1_add_or_double;
    static constexpr auto multiply = blst_p1_mult;
    static constexpr auto multiply_many = blst_p1s_mult_pippenger;
    static constexpr auto scratch_size = blst_p1s_mult_pippenger_scratch_sizeof;
    static constexpr auto map = blst_map_to_g1;
};

struct G2 {
    using Point = blst_p2;
    using Affine = blst_p2_affine;
    using Field = blst_fp2;
    static constexpr size_t field_bytes = 2 * fp_bytes;
    static constexpr auto is_on_curve = blst_p2_affine_on_curve;
    static constexpr auto is_in_subgroup = blst_p2_affine_in_g2;
    static constexpr auto is_infinity = blst_p2_affine_is_inf;
    static constexpr auto from_affine = blst_p2_from_affine;
    static constexpr auto to_affine = blst_p2_to_affine;
    static constexpr auto add = blst_p2_add_or_double;
    static constexpr auto multiply = blst_p2_mult;
    static constexpr auto multiply_many = blst_p2s_mult_pippenger;
    static constexpr auto scratch_size = blst_p2s_mult_pippenger_scratch_sizeof;
    static constexpr auto map = blst_map_to_g2;
};

template <class G>
constexpr size_t point_bytes = 2 * G::field_bytes;
template <class G>
using PointBytes = FixedBytes<point_bytes<G>>;

enum class Membership : uint8_t { curve, subgroup };

bool parse_field(BytesView bytes, blst_fp& out) {
    const BytesView padding = bytes.first(padding_bytes);
    const auto value = FixedBytes<48>::from(bytes.subspan(padding_bytes, 48));
    const bool is_padded =
        std::all_of(padding.begin(), padding.end(), [](uint8_t b) { return b == 0; });
    if (!is_padded || value >= prime) {
        return false;
    }
    blst_fp_from_bendian(&out, value.data());
    return true;
}

bool parse_field(BytesView bytes, blst_fp2& out) {
    return parse_field(bytes.first(fp_bytes), out.fp[0]) &&
           parse_field(bytes.subspan(fp_bytes, fp_bytes), out.fp[1]);
}

void write_field(const blst_fp& value, uint8_t* out) {
    blst_bendian_from_fp(out + padding_bytes, &value);
}

void write_field(const blst_fp2& value, uint8_t* out) {
    write_field(value.fp[0], out);
    write_field(value.fp[1], out + fp_bytes);
}

template <class G>
std::optional<typename G::Affine> parse_point(BytesView bytes, Membership membership) {
    typename G::Affine point;
    if (!parse_field(bytes.first(G::field_bytes), point.x) ||
        !parse_field(bytes.subspan(G::field_bytes, G::field_bytes), point.y)) {
        return std::nullopt;
    }
    if (G::is_infinity(&point)) {
        return point;
    }
    if (!G::is_on_curve(&point)) {
        return std::nullopt;
    }
    if (membership == Membership::subgroup && !G::is_in_subgroup(&point)) {
        return std::nullopt;
    }
    return point;
}

/// Infinity comes out as zeros: its affine coordinates are (0, 0).
template <class G>
PointBytes<G> write_point(const typename G::Point& point) {
    typename G::Affine affine;
    G::to_affine(&affine, &point);
    PointBytes<G> bytes;
    write_field(affine.x, bytes.data());
    write_field(affine.y, bytes.data() + G::field_bytes);
    return bytes;
}

template <class G>
std::optional<PointBytes<G>> add(BytesView input) {
    if (input.size() != 2 * point_bytes<G>) {
        return std::nullopt;
    }
    const auto a = parse_point<G>(input.first(point_bytes<G>), Membership::curve);
    const auto b = parse_point<G>(input.last(point_bytes<G>), Membership::curve);
    if (!a || !b) {
        return std::nullopt;
    }
    typename G::Point a_point;
    typename G::Point b_point;
    G::from_affine(&a_point, &*a);
    G::from_affine(&b_point, &*b);
    typename G::Point sum;
    G::add(&sum, &a_point, &b_point);
    return write_point<G>(sum);
}

/// Points of the subgroup, so that scalars may be reduced by its order; without infinities and zero
/// scalars, which add nothing and which the multi-scalar routine does not expect.
template <class G>
struct Terms {
    std::vector<typename G::Affine> points;
    std::vector<blst_scalar> scalars;
};

template <class G>
std::optional<Terms<G>> parse_terms(BytesView pairs) {
    constexpr size_t term_bytes = point_bytes<G> + scalar_bytes;
    if (pairs.empty() || pairs.size() % term_bytes != 0) {
        return std::nullopt;
    }
    Terms<G> terms;
    terms.points.reserve(pairs.size() / term_bytes);
    terms.scalars.reserve(pairs.size() / term_bytes);
    for (; !pairs.empty(); pairs = pairs.subspan(term_bytes)) {
        const auto point = parse_point<G>(pairs.first(point_bytes<G>), Membership::subgroup);
        if (!point) {
            return std::nullopt;
        }
        blst_scalar scalar;
        const bool is_nonzero =
            blst_scalar_from_be_bytes(&scalar, pairs.data() + point_bytes<G>, scalar_bytes);
        if (is_nonzero && !G::is_infinity(&*point)) {
            terms.points.push_back(*point);
            terms.scalars.push_back(scalar);
        }
    }
    return terms;
}

template <class G>
typename G::Point multiply_one_by_one(const Terms<G>& terms) {
    typename G::Point sum{};  // infinity
    for (size_t i = 0; i < terms.points.size(); ++i) {
        typename G::Point point;
        G::from_affine(&point, &terms.points[i]);
        typename G::Point product;
        G::multiply(&product, &point, terms.scalars[i].b, scalar_bits);
        G::add(&sum, &sum, &product);
    }
    return sum;
}

template <class G>
typename G::Point multiply_many(const Terms<G>& terms) {
    const size_t count = terms.points.size();
    std::vector<limb_t> scratch(G::scratch_size(count) / sizeof(limb_t) + 1);
    // An array of one pointer and null stands for contiguous elements.
    const typename G::Affine* const points[] = {terms.points.data(), nullptr};
    const byte* const scalars[] = {terms.scalars.data()->b, nullptr};
    typename G::Point sum;
    G::multiply_many(&sum, points, count, scalars, scalar_bits, scratch.data());
    return sum;
}

template <class G>
std::optional<PointBytes<G>> msm(BytesView pairs) {
    // Below this many terms separate multiplications are faster (crypto_bench).
    constexpr size_t many = 4;
    const auto terms = parse_terms<G>(pairs);
    if (!terms) {
        return std::nullopt;
    }
    return write_point<G>(
        terms->points.size() < many ? multiply_one_by_one<G>(*terms) : multiply_many<G>(*terms)
    );
}

template <class G>
std::optional<PointBytes<G>> map_to(BytesView input) {
    typename G::Field element;
    if (input.size() != G::field_bytes || !parse_field(input, element)) {
        return std::nullopt;
    }
    typename G::Point point;
    G::map(&point, &element, nullptr);
    return write_point<G>(point);
}

}  // namespace

std::optional<FixedBytes<128>> g1_add(BytesView input_256) { return add<G1>(input_256); }
std::optional<FixedBytes<256>> g2_add(BytesView input_512) { return add<G2>(input_512); }
std::optional<FixedBytes<128>> g1_msm(BytesView pairs) { return msm<G1>(pairs); }
std::optional<FixedBytes<256>> g2_msm(BytesView pairs) { return msm<G2>(pairs); }
std::optional<FixedBytes<128>> map_fp_to_g1(BytesView fp_64) { return map_to<G1>(fp_64); }
std::optional<FixedBytes<256>> map_fp2_to_g2(BytesView fp2_128) { return map_to<G2>(fp2_128); }

std::optional<bool> pairing_is_one(BytesView pairs) {
    constexpr size_t pair_bytes = point_bytes<G1> + point_bytes<G2>;
    if (pairs.empty() || pairs.size() % pair_bytes != 0) {
        return std::nullopt;
    }
    std::vector<blst_p1_affine> ps;
    std::vector<blst_p2_affine> qs;
    ps.reserve(pairs.size() / pair_bytes);
    qs.reserve(pairs.size() / pair_bytes);
    for (; !pairs.empty(); pairs = pairs.subspan(pair_bytes)) {
        const auto p = parse_point<G1>(pairs.first(point_bytes<G1>), Membership::subgroup);
        const auto q =
            parse_point<G2>(pairs.subspan(point_bytes<G1>, point_bytes<G2>), Membership::subgroup);
        if (!p || !q) {
            return std::nullopt;
        }
        // A pairing with infinity is one.
        if (!G1::is_infinity(&*p) && !G2::is_infinity(&*q)) {
            ps.push_back(*p);
            qs.push_back(*q);
        }
    }
    if (ps.empty()) {
        return true;
    }
    const blst_p1_affine* const p_list[] = {ps.data(), nullptr};
    const blst_p2_affine* const q_list[] = {qs.data(), nullptr};
    blst_fp12 product;
    blst_miller_loop_n(&product, q_list, p_list, ps.size());
    blst_final_exp(&product, &product);
    return blst_fp12_is_one(&product);
}

}  // namespace mega::crypto::provider::bls12_381

#if defined(__clang__)
#pragma clang attribute pop
#endif
