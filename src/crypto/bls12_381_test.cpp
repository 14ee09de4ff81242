#include "crypto/bls12_381.hpp"

#include "base/hex.hpp"
#include "crypto/keccak.hpp"

#include <gtest/gtest.h>

#include <random>

namespace mega::crypto::bls12_381 {
namespace {

using G1Bytes = FixedBytes<128>;
using G2Bytes = FixedBytes<256>;

const Hash256 order =
    *fixed_from_hex<32>("0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001");

Bytes field(uint64_t value, size_t coordinates = 1) {
    Bytes bytes(64 * coordinates);
    for (size_t i = 0; i < 8; ++i) {
        bytes[63 - i] = static_cast<uint8_t>(value >> (8 * i));
    }
    return bytes;
}

Hash256 scalar(uint64_t value) { return Hash256::from(BytesView(field(value)).subspan(32)); }

/// order - value, for values up to 2^32.
Hash256 minus(uint64_t value) {
    constexpr uint64_t low_of_order = 0xffffffff00000001;
    Hash256 difference = order;
    for (size_t i = 0; i < 8; ++i) {
        difference[31 - i] = static_cast<uint8_t>((low_of_order - value) >> (8 * i));
    }
    return difference;
}

G1Bytes some_g1(uint64_t seed) { return *map_fp_to_g1(field(seed)); }
G2Bytes some_g2(uint64_t seed) { return *map_fp2_to_g2(field(seed, 2)); }

Bytes join(std::initializer_list<BytesView> parts) {
    Bytes joined;
    for (const BytesView part : parts) {
        append(joined, part);
    }
    return joined;
}

/// (0, 2) is on the curve and of order 3: its pairings are one, so only the subgroup check refuses
/// it.
G1Bytes outside_subgroup() { return G1Bytes::from(join({field(0), field(2)})); }

}  // namespace

TEST(bls12_381, addition_knows_infinity_doubling_and_inverses) {
    const G1Bytes p = some_g1(1);
    const G1Bytes infinity;
    const G1Bytes minus_p = *g1_msm(join({p, minus(1)}));
    EXPECT_EQ(g1_add(join({p, infinity})), p);
    EXPECT_EQ(g1_add(join({infinity, p})), p);
    EXPECT_EQ(g1_add(join({infinity, infinity})), infinity);
    EXPECT_EQ(g1_add(join({p, p})), g1_msm(join({p, scalar(2)})));
    EXPECT_EQ(g1_add(join({p, minus_p})), infinity);
}

TEST(bls12_381, msm_equals_the_sum_of_its_terms) {
    const uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    Bytes g1_terms;
    Bytes g2_terms;
    G1Bytes g1_sum;
    G2Bytes g2_sum;
    for (size_t count = 1; count <= 12; ++count) {
        // Every fourth point is infinity and every fifth scalar zero; hashes are often above the
        // order.
        const G1Bytes p = count % 4 == 0 ? G1Bytes{} : some_g1(random());
        const G2Bytes q = count % 4 == 0 ? G2Bytes{} : some_g2(random());
        const Hash256 by = count % 5 == 0 ? Hash256{} : keccak256(field(random()));
        append(g1_terms, join({p, by}));
        append(g2_terms, join({q, by}));
        g1_sum = *g1_add(join({g1_sum, *g1_msm(join({p, by}))}));
        g2_sum = *g2_add(join({g2_sum, *g2_msm(join({q, by}))}));
        EXPECT_EQ(g1_msm(g1_terms), g1_sum) << count;
        EXPECT_EQ(g2_msm(g2_terms), g2_sum) << count;
    }
}

TEST(bls12_381, scalars_count_modulo_the_order) {
    const G1Bytes p = some_g1(3);
    Hash256 one_more = order;
    ++one_more[31];
    EXPECT_EQ(g1_msm(join({p, order})), G1Bytes{});
    EXPECT_EQ(g1_msm(join({p, one_more})), p);
}

TEST(bls12_381, pairing_is_bilinear) {
    const G1Bytes p = some_g1(5);
    const G2Bytes q = some_g2(6);
    const G1Bytes p7 = *g1_msm(join({p, scalar(7)}));
    const G2Bytes q_minus_7 = *g2_msm(join({q, minus(7)}));
    EXPECT_EQ(pairing_is_one(join({p7, q, p, q_minus_7})), true);
    EXPECT_EQ(pairing_is_one(join({p7, q, p, q})), false);
    EXPECT_EQ(pairing_is_one(join({p, q})), false);
    EXPECT_EQ(pairing_is_one(join({G1Bytes{}, q, p, G2Bytes{}})), true);
    EXPECT_EQ(pairing_is_one(join({G1Bytes{}, q, p, q})), false);
}

TEST(bls12_381, only_addition_accepts_points_outside_the_subgroup) {
    const G1Bytes outside = outside_subgroup();
    EXPECT_EQ(g1_add(join({outside, G1Bytes{}})), outside);
    EXPECT_FALSE(g1_msm(join({outside, scalar(1)})));
    EXPECT_FALSE(g1_msm(join({outside, scalar(0)})));
    EXPECT_FALSE(pairing_is_one(join({outside, some_g2(1)})));
    EXPECT_FALSE(pairing_is_one(join({outside, G2Bytes{}})));
}

TEST(bls12_381, refuses_points_off_the_curve) {
    G1Bytes off = some_g1(1);
    off[127] ^= 1;
    G2Bytes off2 = some_g2(1);
    off2[255] ^= 1;
    EXPECT_FALSE(g1_add(join({off, G1Bytes{}})));
    EXPECT_FALSE(g1_add(join({G1Bytes{}, off})));
    EXPECT_FALSE(g2_add(join({off2, G2Bytes{}})));
    EXPECT_FALSE(g1_msm(join({off, scalar(1)})));
    EXPECT_FALSE(g2_msm(join({off2, scalar(1)})));
    EXPECT_FALSE(pairing_is_one(join({some_g1(1), off2})));
}

TEST(bls12_381, refuses_field_elements_out_of_range_and_dirty_padding) {
    const Bytes prime = *from_hex(
        "0x00000000000000000000000000000000"
        "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffff"
        "ffaaab"
    );
    Bytes largest = prime;
    --largest[63];
    EXPECT_TRUE(map_fp_to_g1(largest));
    EXPECT_FALSE(map_fp_to_g1(prime));
    EXPECT_FALSE(map_fp2_to_g2(join({Bytes(64), prime})));
    EXPECT_FALSE(map_fp2_to_g2(join({prime, Bytes(64)})));
    for (size_t i = 0; i < 16; ++i) {
        Bytes dirty = field(1);
        dirty[i] = 1;
        EXPECT_FALSE(map_fp_to_g1(dirty)) << i;
    }
}

TEST(bls12_381, refuses_inputs_of_wrong_size) {
    for (const size_t size : {0, 1, 63, 65, 127, 129, 159, 161, 255, 257, 287, 289, 383, 385}) {
        const Bytes input(size);
        EXPECT_FALSE(g1_add(input)) << size;
        EXPECT_FALSE(g2_add(input)) << size;
        EXPECT_FALSE(g1_msm(input)) << size;
        EXPECT_FALSE(g2_msm(input)) << size;
        EXPECT_FALSE(pairing_is_one(input)) << size;
        EXPECT_FALSE(map_fp_to_g1(input)) << size;
        EXPECT_FALSE(map_fp2_to_g2(input)) << size;
    }
}

}  // namespace mega::crypto::bls12_381
