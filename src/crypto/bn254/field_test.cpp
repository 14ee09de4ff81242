#include "crypto/bn254/field.hpp"

#include "base/hex.hpp"
#include "crypto/bn254/fp2.hpp"
#include "crypto/bn254/test_support.hpp"

#include <gtest/gtest.h>

namespace mega::crypto::bn254 {

namespace {

/// p - `below`, in plain form.
Fp from_top(uint64_t below) {
    Limbs4 limbs = modulus;
    limbs[0] -= below;
    return Fp::from_plain(limbs);
}

/// a · b by doubling and adding: no multiplication of limbs is involved.
Fp multiply_by_doubling(const Fp& a, const Fp& b) {
    const Limbs4 plain = limbs_from_bytes(to_bytes(b));
    Fp product;
    for (size_t i = 256; i-- > 0;) {
        product = product + product;
        if ((plain[i / 64] >> (i % 64) & 1) != 0) {
            product = product + a;
        }
    }
    return product;
}

std::vector<Fp> samples(Random& random) {
    std::vector<Fp> values{
        Fp::zero(),
        Fp::one(),
        Fp{{1}},
        Fp{{2}},
        from_top(1),
        from_top(2),
        // The largest limbs: what lazy sums and unreduced products must survive.
        Fp{{modulus[0] - 1, modulus[1], modulus[2], modulus[3]}},
        Fp{{~uint64_t{0}, ~uint64_t{0}, ~uint64_t{0}, modulus[3] - 1}}
    };
    for (int i = 0; i < 24; ++i) {
        values.push_back(random.fp());
    }
    return values;
}

}  // namespace

TEST(bn254_field, bytes_round_trip_and_stop_at_the_modulus) {
    Random random;
    SCOPED_TRACE(random.seed_note());
    for (const Fp& a : samples(random)) {
        EXPECT_EQ(fp_from_bytes(to_bytes(a)), a);
    }
    EXPECT_EQ(
        to_hex(to_bytes(from_top(1))),
        "0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd46"
    );
    EXPECT_TRUE(fp_from_bytes(plain_bytes({modulus[0] - 1, modulus[1], modulus[2], modulus[3]})));
    EXPECT_FALSE(fp_from_bytes(plain_bytes(modulus)));
    EXPECT_FALSE(fp_from_bytes(plain_bytes({0, 0, 0, modulus[3] + 1})));
    EXPECT_FALSE(fp_from_bytes(Bytes(32, 0xff)));
}

TEST(bn254_field, literals_are_ordinary_numbers) {
    EXPECT_EQ(Fp::from_literal("0x1"), Fp::one());
    EXPECT_EQ(Fp::from_literal("0xa"), Fp::from_plain({10}));
    EXPECT_EQ(Fp::from_literal("0x10000000000000000"), Fp::from_plain({0, 1}));
}

TEST(bn254_field, multiplication_agrees_with_doubling_and_adding) {
    Random random;
    SCOPED_TRACE(random.seed_note());
    for (const Fp& a : samples(random)) {
        for (const Fp& b : samples(random)) {
            EXPECT_EQ(a * b, multiply_by_doubling(a, b));
            EXPECT_EQ((a + b) * (a - b), square(a) - square(b));
            EXPECT_EQ(a - b + b, a);
        }
        EXPECT_EQ(square(a), a * a);
        EXPECT_EQ(a + -a, Fp::zero());
        EXPECT_EQ(twice(half(a)), a);
    }
}

TEST(bn254_field, sums_of_products_reduce_like_products) {
    Random random;
    SCOPED_TRACE(random.seed_note());
    for (const Fp& a : samples(random)) {
        for (const Fp& b : samples(random)) {
            const Wide ab = multiply_wide(a, b);
            const Wide aa = square_wide(a);
            EXPECT_EQ(reduce(ab + aa), a * b + a * a);
            EXPECT_EQ(reduce(ab - aa), a * b - a * a);
            EXPECT_EQ(reduce(ab - ab), Fp::zero());
            EXPECT_EQ(reduce(multiply_wide(add_lazily(a, b), add_lazily(b, b))), (a + b) * (b + b));
            const Fp2 c{a, b};
            const Wide2 wide = multiply_wide(c, c);
            EXPECT_EQ(reduce(multiply_by_xi(wide)), (c * c * Fp2{Fp::from_plain({9}), Fp::one()}));
        }
    }
}

TEST(bn254_field, inverse_times_itself_is_one) {
    Random random;
    SCOPED_TRACE(random.seed_note());
    EXPECT_EQ(inverse(Fp::zero()), Fp::zero());
    EXPECT_EQ(inverse(Fp2::zero()), Fp2::zero());
    for (int i = 0; i < 40; ++i) {
        for (const Fp& a : samples(random)) {
            EXPECT_EQ(a * inverse(a), a.is_zero() ? Fp::zero() : Fp::one());
        }
    }
    Fp power_of_two{{1}};
    for (int i = 0; i < 512; ++i) {
        EXPECT_EQ(power_of_two * inverse(power_of_two), Fp::one());
        power_of_two = twice(power_of_two);
    }
}

TEST(bn254_field, fp2_is_a_field_where_i_squared_is_minus_one) {
    Random random;
    SCOPED_TRACE(random.seed_note());
    const Fp2 i{Fp::zero(), Fp::one()};
    const Fp2 xi{Fp::from_plain({9}), Fp::one()};
    EXPECT_EQ(i * i, -Fp2::one());
    for (int round = 0; round < 200; ++round) {
        const Fp2 a = random.fp2();
        const Fp2 b = random.fp2();
        EXPECT_EQ(a * b, (Fp2{a.c0 * b.c0 - a.c1 * b.c1, a.c0 * b.c1 + a.c1 * b.c0}));
        EXPECT_EQ(square(a), a * a);
        EXPECT_EQ(multiply_by_xi(a), a * xi);
        EXPECT_EQ(twice(half(a)), a);
        EXPECT_EQ(a * inverse(a), Fp2::one());
        EXPECT_EQ(a * conjugate(a), (Fp2{square(a.c0) + square(a.c1), Fp::zero()}));
    }
}

}  // namespace mega::crypto::bn254
