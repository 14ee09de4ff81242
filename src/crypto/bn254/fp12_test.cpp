#include "crypto/bn254/fp12.hpp"

#include "crypto/bn254/frobenius_constants.hpp"
#include "crypto/bn254/pairing.hpp"
#include "crypto/bn254/test_support.hpp"

#include <gtest/gtest.h>

namespace mega::crypto::bn254 {

namespace {

Fp6 random_fp6(Random& random) { return {random.fp2(), random.fp2(), random.fp2()}; }
Fp12 random_fp12(Random& random) { return {random_fp6(random), random_fp6(random)}; }
Line random_line(Random& random) { return {random.fp2(), random.fp2(), random.fp2()}; }
Fp12 dense(const Line& line) { return {{line.a, {}, {}}, {line.b, line.c, {}}}; }
Fp12 from_fp2(const Fp2& a) { return {{a, {}, {}}, {}}; }

constexpr Fp2 xi{Fp::from_literal("0x9"), Fp::one()};
constexpr Fp12 w{{}, {Fp2::one(), {}, {}}};

}  // namespace

TEST(bn254_fp12, w_to_the_sixth_is_xi) {
    EXPECT_EQ(w * w, (Fp12{{{}, Fp2::one(), {}}, {}}));
    EXPECT_EQ(w * w * w * w * w * w, from_fp2(xi));
}

TEST(bn254_fp12, is_a_ring_with_inverses) {
    Random random;
    SCOPED_TRACE(random.seed_note());
    for (int round = 0; round < 50; ++round) {
        const Fp12 a = random_fp12(random);
        const Fp12 b = random_fp12(random);
        const Fp12 c = random_fp12(random);
        const Fp12 sum{b.c0 + c.c0, b.c1 + c.c1};
        const Fp12 ab = a * b;
        const Fp12 ac = a * c;
        EXPECT_EQ(ab, b * a);
        EXPECT_EQ(ab * c, a * (b * c));
        EXPECT_EQ(a * sum, (Fp12{ab.c0 + ac.c0, ab.c1 + ac.c1}));
        EXPECT_EQ(square(a), a * a);
        EXPECT_EQ(a * inverse(a), Fp12::one());
    }
    EXPECT_EQ(inverse(Fp12::zero()), Fp12::zero());
}

TEST(bn254_fp12, sparse_products_agree_with_dense_ones) {
    Random random;
    SCOPED_TRACE(random.seed_note());
    for (int round = 0; round < 50; ++round) {
        const Fp12 a = random_fp12(random);
        const Line l = random_line(random);
        const Line m = random_line(random);
        EXPECT_EQ(a * l, a * dense(l));
        EXPECT_EQ(a * (l * m), a * dense(l) * dense(m));
    }
}

TEST(bn254_fp12, frobenius_is_the_power_of_p) {
    Random random;
    SCOPED_TRACE(random.seed_note());
    const Limbs4 exponent = divided(modulus, 6);  // p is 1 mod 6
    EXPECT_EQ(frobenius_base, power(xi, exponent));
    const Fp12 a = random_fp12(random);
    const Fp12 a_to_p = power(a, modulus);
    EXPECT_EQ(frobenius(a), a_to_p);
    EXPECT_EQ(frobenius_twice(a), power(a_to_p, modulus));
    Fp12 sixth = a;
    for (int i = 0; i < 6; ++i) {
        sixth = frobenius(sixth);
    }
    EXPECT_EQ(sixth, conjugate(a));
}

TEST(bn254_fp12, cyclotomic_squaring_agrees_only_in_the_subgroup) {
    Random random;
    SCOPED_TRACE(random.seed_note());
    const Fp12 outside = random_fp12(random);
    EXPECT_NE(square_cyclotomic(outside), square(outside));
    Fp12 inside = final_exponentiation(outside);
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(square_cyclotomic(inside), square(inside));
        EXPECT_EQ(inside * conjugate(inside), Fp12::one());
        inside = square(inside);
    }
}

TEST(bn254_fp12, final_exponentiation_lands_in_the_group_of_order_r) {
    Random random;
    SCOPED_TRACE(random.seed_note());
    for (int i = 0; i < 5; ++i) {
        const Fp12 a = random_fp12(random);
        const Fp12 b = random_fp12(random);
        const Fp12 value = final_exponentiation(a);
        EXPECT_NE(value, Fp12::one());
        EXPECT_EQ(power(value, group_order), Fp12::one());
        EXPECT_EQ(final_exponentiation(a * b), value * final_exponentiation(b));
        // Factors of subfields vanish: this is what lets lines be scaled.
        EXPECT_EQ(final_exponentiation(a * from_fp2(random.fp2())), value);
    }
}

}  // namespace mega::crypto::bn254
