#include "crypto/kzg.hpp"

#include "base/hex.hpp"

#include <gtest/gtest.h>

namespace mega::crypto::kzg {
namespace {

using Point = FixedBytes<48>;

// The ceremony's tau G1, and the generator: the commitment to f(X) = X and, f having slope one, its
// proof everywhere.
const Point tau_g1 = *fixed_from_hex<48>(
    "0xad3eb50121139aa34db1d545093ac9374ab7bca2c0f3bf28e27c8dcd8fc7cb42d25926fc0c97b336e9f0fb35e5a0"
    "4c81"
);
const Point g1 = *fixed_from_hex<48>(
    "0x97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22"
    "c6bb"
);
const Hash256 order =
    *fixed_from_hex<32>("0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001");

Point infinity() {
    Point point;
    point[0] = 0xc0;
    return point;
}

Hash256 small(uint8_t value) {
    Hash256 scalar;
    scalar[31] = value;
    return scalar;
}

}  // namespace

TEST(kzg, accepts_right_openings) {
    EXPECT_TRUE(verify_proof(tau_g1, small(0), small(0), g1));
    EXPECT_TRUE(verify_proof(tau_g1, small(7), small(7), g1));
    EXPECT_TRUE(verify_proof(g1, small(7), small(1), infinity()));  // f(X) = 1
    EXPECT_TRUE(verify_proof(infinity(), small(7), small(0), infinity()));
}

TEST(kzg, refuses_wrong_openings) {
    EXPECT_FALSE(verify_proof(tau_g1, small(7), small(8), g1));
    EXPECT_FALSE(verify_proof(tau_g1, small(7), small(7), tau_g1));
    EXPECT_FALSE(verify_proof(g1, small(7), small(7), g1));
    EXPECT_FALSE(verify_proof(g1, small(7), small(2), infinity()));
    EXPECT_FALSE(verify_proof(infinity(), small(7), small(1), infinity()));
}

TEST(kzg, refuses_scalars_that_are_not_canonical) {
    Hash256 largest = order;
    --largest[31];
    EXPECT_TRUE(verify_proof(tau_g1, largest, largest, g1));
    EXPECT_FALSE(verify_proof(infinity(), order, small(0), infinity()));
    EXPECT_FALSE(verify_proof(infinity(), small(0), order, infinity()));
}

TEST(kzg, refuses_encodings_that_are_no_subgroup_points) {
    Point uncompressed = g1;
    uncompressed[0] &= 0x7f;
    Point dirty_infinity = infinity();
    dirty_infinity[47] = 1;
    // A curve point of order 11: its pairings are one, so only the subgroup check refuses it.
    const Point outside_subgroup = *fixed_from_hex<48>(
        "0xb9b3e2c8c6bbf59d3c326b531fc1e639d29200c28624ac604f251a12908c9b7f735318617f625954cc71cdf0"
        "3229b1ef"
    );
    Point off_curve;  // no point has x = 1
    off_curve[0] = 0x80;
    off_curve[47] = 1;
    for (const Point& bad : {uncompressed, dirty_infinity, outside_subgroup, off_curve}) {
        SCOPED_TRACE(to_hex(bad));
        EXPECT_FALSE(verify_proof(bad, small(0), small(0), infinity()));
        EXPECT_FALSE(verify_proof(infinity(), small(0), small(0), bad));
    }
}

TEST(kzg, versioned_hash_marks_the_hash_of_the_commitment) {
    EXPECT_EQ(
        to_hex(versioned_hash(infinity())),
        "0x010657f37554c781402a22917dee2f75def7ab966d7b770905398eba3c444014"
    );
}

}  // namespace mega::crypto::kzg
