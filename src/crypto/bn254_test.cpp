#include "crypto/bn254.hpp"

#include "base/fixtures_test.hpp"
#include "base/hex.hpp"
#include "crypto/bn254/test_support.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace mega::crypto::bn254 {

namespace {

struct Vector {
    std::string name;
    Bytes input;
    Bytes expected;
};

/// None when the file is not there.
std::vector<Vector> load_vectors(const std::string& file) {
    const auto root = fixtures_root();
    std::ifstream in(root.value_or("") / "precompiles/geth/precompiles" / file);
    std::vector<Vector> vectors;
    if (!root || !in) {
        return vectors;
    }
    const auto bytes = [](const nlohmann::json& digits) {
        return *from_hex(digits.get<std::string>(), false);
    };
    for (const auto& vector : nlohmann::json::parse(in)) {
        vectors.push_back(
            {vector.at("Name"), bytes(vector.at("Input")), bytes(vector.at("Expected"))}
        );
    }
    return vectors;
}

/// The precompile's own padding: its input is read as if followed by zeros.
Bytes padded(Bytes input, size_t size) {
    input.resize(size);
    return input;
}

#define SKIP_WITHOUT(vectors)                                    \
    if ((vectors).empty()) {                                     \
        GTEST_SKIP() << fixtures_missing("alt_bn128's vectors"); \
    }

G1Bytes negate(const G1Bytes& point) {
    const G1Affine affine = *g1_from_bytes(point);
    return to_bytes(G1Affine{affine.x, -affine.y});
}

Bytes concat(std::initializer_list<BytesView> parts) {
    Bytes result;
    for (const BytesView part : parts) {
        append(result, part);
    }
    return result;
}

Bytes modulus_bytes(uint64_t minus = 0) {
    Limbs4 limbs = modulus;
    limbs[0] -= minus;
    return plain_bytes(limbs);
}

const G1Bytes infinity{};
const FixedBytes<128> g2_infinity{};

}  // namespace

TEST(bn254, official_additions) {
    const auto vectors = load_vectors("bn256Add.json");
    SKIP_WITHOUT(vectors);
    for (const Vector& vector : vectors) {
        const Bytes input = padded(vector.input, 128);
        const auto sum = add(BytesView(input).first(64), BytesView(input).last(64));
        ASSERT_TRUE(sum) << vector.name;
        EXPECT_EQ(to_hex(*sum), to_hex(vector.expected)) << vector.name;
    }
}

TEST(bn254, official_multiplications) {
    const auto vectors = load_vectors("bn256ScalarMul.json");
    SKIP_WITHOUT(vectors);
    for (const Vector& vector : vectors) {
        const Bytes input = padded(vector.input, 96);
        const auto product = multiply(BytesView(input).first(64), BytesView(input).last(32));
        ASSERT_TRUE(product) << vector.name;
        EXPECT_EQ(to_hex(*product), to_hex(vector.expected)) << vector.name;
    }
}

TEST(bn254, official_pairings) {
    const auto vectors = load_vectors("bn256Pairing.json");
    SKIP_WITHOUT(vectors);
    for (const Vector& vector : vectors) {
        const auto is_one = pairing_is_one(vector.input);
        ASSERT_TRUE(is_one) << vector.name;
        Bytes expected(32);
        expected.back() = *is_one ? 1 : 0;
        EXPECT_EQ(to_hex(expected), to_hex(vector.expected)) << vector.name;
    }
}

TEST(bn254, infinity_is_neutral) {
    const G1Bytes point = to_bytes(g1_generator);
    EXPECT_EQ(add(point, infinity), point);
    EXPECT_EQ(add(infinity, point), point);
    EXPECT_EQ(add(infinity, infinity), infinity);
    EXPECT_EQ(add(point, negate(point)), infinity);
    EXPECT_EQ(multiply(infinity, plain_bytes({7})), infinity);
    EXPECT_EQ(multiply(point, plain_bytes({})), infinity);
    EXPECT_EQ(multiply(point, plain_bytes(group_order)), infinity);
}

TEST(bn254, refuses_wrong_sizes) {
    const Bytes bytes(256);
    const BytesView view(bytes);
    EXPECT_FALSE(add(view.first(63), view.first(64)));
    EXPECT_FALSE(add(view.first(64), view.first(65)));
    EXPECT_FALSE(multiply(view.first(65), view.first(32)));
    EXPECT_FALSE(multiply(view.first(64), view.first(31)));
    EXPECT_FALSE(pairing_is_one(view.first(191)));
    EXPECT_FALSE(pairing_is_one(view.first(193)));
    EXPECT_EQ(pairing_is_one(view.first(192)), true);
}

TEST(bn254, refuses_coordinates_not_below_the_modulus) {
    const Bytes zero(32);
    const Bytes p = modulus_bytes();
    const Bytes ones(32, 0xff);
    for (const Bytes& bad : {p, ones}) {
        // p and 0 are the same number, so only the range check can refuse (p, 0) and (0, p).
        for (const Bytes& point : {concat({bad, zero}), concat({zero, bad})}) {
            EXPECT_FALSE(add(point, infinity));
            EXPECT_FALSE(add(infinity, point));
            EXPECT_FALSE(multiply(point, zero));
            EXPECT_FALSE(pairing_is_one(concat({point, g2_infinity})));
        }
        for (size_t i = 0; i < 4; ++i) {
            Bytes pair(192);
            std::copy(bad.begin(), bad.end(), pair.begin() + 64 + 32 * static_cast<ptrdiff_t>(i));
            EXPECT_FALSE(pairing_is_one(pair)) << i;
        }
    }
}

TEST(bn254, refuses_points_off_the_curve) {
    const Bytes one = plain_bytes({1});
    const Bytes below_modulus = modulus_bytes(1);
    const FixedBytes<128> q = to_bytes(g2_generator);
    for (const Bytes& point : {concat({one, one}), concat({below_modulus, below_modulus})}) {
        EXPECT_FALSE(add(point, infinity));
        EXPECT_FALSE(add(infinity, point));
        EXPECT_FALSE(multiply(point, one));
        EXPECT_FALSE(pairing_is_one(concat({point, q})));
        EXPECT_FALSE(pairing_is_one(concat({point, g2_infinity})));
    }
    FixedBytes<128> off_twist = q;
    off_twist[127] ^= 1;
    EXPECT_FALSE(pairing_is_one(concat({to_bytes(g1_generator), off_twist})));
    EXPECT_FALSE(pairing_is_one(concat({infinity, off_twist})));
}

TEST(bn254, refuses_twist_points_outside_the_subgroup_at_every_position) {
    Random random;
    SCOPED_TRACE(random.seed_note());
    const FixedBytes<128> outside = to_bytes(random.twist_point());
    const Bytes good = concat({to_bytes(g1_generator), to_bytes(g2_generator)});
    for (const size_t count : {1, 2, 8, 9, 17}) {
        for (size_t bad = 0; bad < count; ++bad) {
            for (const G1Bytes& p : {to_bytes(g1_generator), infinity}) {
                Bytes input;
                for (size_t i = 0; i < count; ++i) {
                    append(input, i == bad ? concat({p, outside}) : good);
                }
                EXPECT_FALSE(pairing_is_one(input)) << count << " pairs, bad at " << bad;
            }
        }
    }
}

TEST(bn254, empty_pairing_and_pairs_with_infinity_are_one) {
    const Bytes p_and_infinity = concat({to_bytes(g1_generator), g2_infinity});
    const Bytes infinity_and_q = concat({infinity, to_bytes(g2_generator)});
    EXPECT_EQ(pairing_is_one({}), true);
    EXPECT_EQ(pairing_is_one(p_and_infinity), true);
    EXPECT_EQ(pairing_is_one(infinity_and_q), true);
    EXPECT_EQ(pairing_is_one(concat({p_and_infinity, infinity_and_q})), true);
}

TEST(bn254, pairing_is_not_degenerate) {
    const Bytes pair = concat({to_bytes(g1_generator), to_bytes(g2_generator)});
    EXPECT_EQ(pairing_is_one(pair), false);
    EXPECT_EQ(pairing_is_one(concat({pair, pair})), false);
}

TEST(bn254, pairing_is_bilinear) {
    Random random;
    SCOPED_TRACE(random.seed_note());
    const FixedBytes<128> q = to_bytes(g2_generator);
    for (int i = 0; i < 10; ++i) {
        const Limbs4 a = random.scalar();
        const Limbs4 b = random.scalar();
        const G1Bytes ap = to_bytes(multiply(g1_generator, a));
        const FixedBytes<128> bq = to_bytes(multiply_slowly(g2_generator, b));
        const G1Bytes abp = *multiply(ap, plain_bytes(b));
        EXPECT_EQ(pairing_is_one(concat({ap, bq, negate(abp), q})), true);
        EXPECT_EQ(pairing_is_one(concat({ap, bq, abp, q})), false);
    }
}

TEST(bn254, products_of_any_length_agree_with_the_sum_of_exponents) {
    Random random;
    SCOPED_TRACE(random.seed_note());
    const G1Bytes p = to_bytes(g1_generator);
    const FixedBytes<128> q = to_bytes(g2_generator);
    Bytes pairs;
    uint64_t sum = 0;
    for (int count = 1; count <= 20; ++count) {
        const uint64_t a = random.word() >> 40;
        const uint64_t b = random.word() >> 40;
        sum += a * b;
        append(pairs, *multiply(p, plain_bytes({a})));
        append(pairs, to_bytes(multiply_slowly(g2_generator, {b})));
        append(pairs, concat({p, g2_infinity}));
        const G1Bytes right = negate(*multiply(p, plain_bytes({sum})));
        const G1Bytes wrong = negate(*multiply(p, plain_bytes({sum + 1})));
        EXPECT_EQ(pairing_is_one(concat({pairs, right, q})), true) << count;
        EXPECT_EQ(pairing_is_one(concat({pairs, wrong, q})), false) << count;
    }
}

}  // namespace mega::crypto::bn254
