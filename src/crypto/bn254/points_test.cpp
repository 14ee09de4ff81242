#include "crypto/bn254/pairing.hpp"
#include "crypto/bn254/test_support.hpp"

#include <gtest/gtest.h>

namespace mega::crypto::bn254 {

namespace {

constexpr Limbs4 lambda{0x8b17ea66b99c90dd, 0x5bfc41088d8daaa7, 0xb3c4d79d41a91758, 0};

std::vector<Limbs4> scalars(Random& random) {
    const uint64_t ones = ~uint64_t{0};
    std::vector<Limbs4> values{
        {0},
        {1},
        {2},
        {3},
        {15},
        {16},
        {17},
        {31},
        lambda,
        {ones, ones, ones, ones},
        {0, 0, 0, uint64_t{1} << 63},
        {ones, ones, 0, 0},
        {0, 0, 1, 0}
    };
    // The scalars around the multiples of r up to 5r.
    uint128 carry = 0;
    Limbs4 multiple{};
    for (int i = 1; i <= 5; ++i) {
        carry = 0;
        for (size_t j = 0; j < 4; ++j) {
            carry += static_cast<uint128>(multiple[j]) + group_order[j];
            multiple[j] = static_cast<uint64_t>(carry);
            carry >>= 64;
        }
        for (const uint64_t low : {multiple[0] - 1, multiple[0], multiple[0] + 1}) {
            values.push_back({low, multiple[1], multiple[2], multiple[3]});
        }
    }
    for (int i = 0; i < 60; ++i) {
        values.push_back(random.scalar());
    }
    return values;
}

/// cofactor·r·point / divisor for points of the twist, whose order is cofactor·r with cofactor = 2p
/// - r.
G2Affine multiply_by_cofactor(const G2Affine& point, uint64_t divisor) {
    Limbs4 cofactor = group_order;
    uint64_t borrow = 0;
    cofactor = sub_limbs(add_limbs(modulus, modulus), cofactor, borrow);
    return multiply_slowly(point, divided(cofactor, divisor));
}

}  // namespace

TEST(bn254_points, scalar_splits_recombine) {
    Random random;
    SCOPED_TRACE(random.seed_note());
    const G1Affine lambda_g = multiply_slowly(g1_generator, lambda);
    for (const Limbs4& scalar : scalars(random)) {
        const SplitScalar split = split_scalar(scalar);
        EXPECT_EQ(split.k1 >> 127, 0U);
        EXPECT_EQ(split.k2 >> 127, 0U);
        const auto part = [](const G1Affine& base, uint128 k, bool negative) {
            const G1Affine product = multiply_slowly(base, Limbs4{low64(k), high64(k)});
            return negative ? G1Affine{product.x, -product.y} : product;
        };
        const G1Affine recombined = add_slowly(
            part(g1_generator, split.k1, split.is_k1_negative),
            part(lambda_g, split.k2, split.is_k2_negative)
        );
        EXPECT_EQ(recombined, multiply_slowly(g1_generator, scalar));
    }
}

TEST(bn254_points, g1_multiplication_agrees_with_double_and_add) {
    Random random;
    SCOPED_TRACE(random.seed_note());
    for (const Limbs4& scalar : scalars(random)) {
        const G1Affine point = multiply_slowly(g1_generator, Limbs4{random.word(), random.word()});
        EXPECT_EQ(multiply(point, scalar), multiply_slowly(point, scalar));
    }
}

TEST(bn254_points, g1_addition_is_a_commutative_group) {
    Random random;
    SCOPED_TRACE(random.seed_note());
    for (int i = 0; i < 30; ++i) {
        const G1Affine a = multiply(g1_generator, random.scalar());
        const G1Affine b = multiply(g1_generator, random.scalar());
        const G1Affine c = multiply(g1_generator, random.scalar());
        EXPECT_EQ(add(a, b), add(b, a));
        EXPECT_EQ(add(add(a, b), c), add(a, add(b, c)));
        EXPECT_EQ(add(a, a), multiply(a, {2}));
        EXPECT_EQ(add(a, {a.x, -a.y}), G1Affine{});
        EXPECT_EQ(add(a, {}), a);
        EXPECT_EQ(add({}, a), a);
    }
}

TEST(bn254_points, twist_constants_match_their_definitions) {
    EXPECT_EQ(multiply_by_xi(twist_b), (Fp2{Fp::from_plain({3}), Fp::zero()}));
    EXPECT_TRUE(is_on_twist(g2_generator));
    EXPECT_FALSE(is_on_twist({g2_generator.x, g2_generator.x}));
}

TEST(bn254_points, psi_multiplies_by_p_in_the_subgroup) {
    EXPECT_EQ(psi(g2_generator), multiply_slowly(g2_generator, modulus));
    EXPECT_EQ(psi_twice(g2_generator), psi(psi(g2_generator)));
}

TEST(bn254_points, subgroup_check_agrees_with_multiplication_by_the_order) {
    Random random;
    SCOPED_TRACE(random.seed_note());
    const PointPair good{g1_generator, g2_generator};
    for (int i = 0; i < 20; ++i) {
        const G2Affine any = random.twist_point();
        const G2Affine inside = multiply_by_cofactor(any, 1);
        ASSERT_TRUE(is_on_twist(inside));
        for (const G2Affine& point : {any, inside, add_slowly(any, inside)}) {
            const bool expected = multiply_slowly(point, group_order).is_infinity();
            EXPECT_EQ(expected, point == inside);
            EXPECT_EQ(is_in_g2(point), expected);
            const std::array pairs{good, PointPair{g1_generator, point}, good};
            EXPECT_EQ(miller_loop(pairs).has_value(), expected);
        }
    }
}

// The orders nearest to making the loop's incomplete additions meet their exceptions, alone and
// beside a good point.
TEST(bn254_points, points_of_small_order_are_refused) {
    Random random;
    SCOPED_TRACE(random.seed_note());
    for (const uint64_t order : {uint64_t{10069}, uint64_t{5864401}, uint64_t{10069} * 5864401}) {
        for (int i = 0; i < 5; ++i) {
            const G2Affine torsion =
                multiply_slowly(multiply_by_cofactor(random.twist_point(), order), group_order);
            ASSERT_TRUE(is_on_twist(torsion));
            ASSERT_TRUE(multiply_slowly(torsion, Limbs4{order}).is_infinity());
            for (const G2Affine& point : {torsion, add_slowly(torsion, g2_generator)}) {
                EXPECT_FALSE(is_in_g2(point)) << order;
                EXPECT_FALSE(miller_loop(std::array{PointPair{g1_generator, point}})) << order;
            }
        }
    }
}

}  // namespace mega::crypto::bn254
