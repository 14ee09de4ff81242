// The published vectors of the precompiles, straight against the functions below them: gas, call
// framing and input padding are the evm library's business. The vectors are not part of this
// repository; see shared/fixtures.

#include "base/fixtures_test.hpp"
#include "base/hex.hpp"
#include "crypto/bls12_381.hpp"
#include "crypto/digest.hpp"
#include "crypto/kzg.hpp"
#include "crypto/modexp.hpp"
#include "crypto/p256.hpp"
#include "crypto/secp256k1.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <functional>

namespace mega::crypto {
namespace {

using Output = std::optional<Bytes>;
using Function = std::function<Output(BytesView)>;

std::optional<nlohmann::json> load(const std::string& file) {
    const auto root = fixtures_root();
    std::ifstream in(root.value_or("") / "precompiles" / file);
    return root && in ? std::optional(nlohmann::json::parse(in)) : std::nullopt;
}

#define LOAD_OR_SKIP(name, file)                                              \
    const auto name = load(file);                                             \
    if (!(name)) {                                                            \
        GTEST_SKIP() << fixtures_missing("precompiles/" + std::string(file)); \
    }

Bytes hex(const nlohmann::json& text) { return *from_hex(text.get<std::string>(), false); }

struct Counts {
    int passing = 0;
    int failing = 0;
};

/// Runs every vector: an entry without Expected must give nothing.
Counts check(const nlohmann::json& vectors, const Function& function) {
    Counts counts;
    for (const auto& vector : vectors) {
        const Bytes input = hex(vector.at("Input"));
        const Output output = function(input);
        const std::string name = vector.value("Name", "unnamed");
        if (!vector.contains("Expected")) {
            EXPECT_FALSE(output) << name;
            ++counts.failing;
            continue;
        }
        EXPECT_TRUE(output) << name;
        EXPECT_EQ(to_hex_digits(output.value_or(Bytes{})), vector.at("Expected").get<std::string>())
            << name;
        ++counts.passing;
    }
    return counts;
}

template <auto function>
Output as_output(BytesView input) {
    const auto result = function(input);
    return result ? Output(to_bytes(*result)) : std::nullopt;
}

Output pairing(BytesView input) {
    const auto is_one = bls12_381::pairing_is_one(input);
    if (!is_one) {
        return std::nullopt;
    }
    Bytes word(32);
    word[31] = *is_one ? 1 : 0;
    return word;
}

Output recover(BytesView input) {
    Bytes padded = to_bytes(input);
    padded.resize(128);
    const BytesView v = BytesView(padded).subspan(32, 32);
    const bool is_small = std::all_of(v.begin(), v.end() - 1, [](uint8_t b) { return b == 0; });
    if (!is_small || (v[31] != 27 && v[31] != 28)) {
        return Bytes{};
    }
    const auto address = recover_address(
        Hash256::from(padded),
        {.r = Hash256::from(BytesView(padded).subspan(64)),
         .s = Hash256::from(BytesView(padded).subspan(96)),
         .y_parity = static_cast<uint8_t>(v[31] - 27)}
    );
    Bytes word;
    if (address) {
        word.resize(12);
        append(word, *address);
    }
    return word;
}

Output raise(BytesView input) {
    Bytes padded = to_bytes(input);
    padded.resize(padded.size() + 4096);
    const auto length = [&](size_t i) {
        return static_cast<size_t>(padded[32 * i + 31]) + size_t{256} * padded[32 * i + 30];
    };
    const BytesView rest = BytesView(padded).subspan(96);
    return modexp(
        rest.first(length(0)),
        rest.subspan(length(0), length(1)),
        rest.subspan(length(0) + length(1), length(2))
    );
}

template <size_t N>
std::array<uint64_t, N> words_le(BytesView bytes) {
    std::array<uint64_t, N> words;
    std::memcpy(words.data(), bytes.data(), 8 * N);
    return words;
}

Output compress(BytesView input) {
    const uint32_t rounds = static_cast<uint32_t>(input[0]) << 24 |
                            static_cast<uint32_t>(input[1]) << 16 |
                            static_cast<uint32_t>(input[2]) << 8 | input[3];
    auto state = words_le<8>(input.subspan(4));
    const auto block = words_le<16>(input.subspan(68));
    const auto counter = words_le<2>(input.subspan(196));
    blake2b_compress(rounds, state, block, counter, input[212] == 1);
    Bytes out(64);
    std::memcpy(out.data(), state.data(), out.size());
    return out;
}

Output verify_p256(BytesView input) {
    const auto word = [&](size_t i) { return Hash256::from(input.subspan(32 * i)); };
    if (input.size() != 160 || !p256::verify(word(0), word(1), word(2), word(3), word(4))) {
        return Bytes{};
    }
    Bytes one(32);
    one[31] = 1;
    return one;
}

struct BlsFile {
    const char* name;
    Function function;
};

const Function g1_add = as_output<bls12_381::g1_add>;
const Function g2_add = as_output<bls12_381::g2_add>;
const Function g1_msm = as_output<bls12_381::g1_msm>;
const Function g2_msm = as_output<bls12_381::g2_msm>;
const Function map_fp = as_output<bls12_381::map_fp_to_g1>;
const Function map_fp2 = as_output<bls12_381::map_fp2_to_g2>;

const std::vector<BlsFile> bls_files{
    {"geth/precompiles/blsG1Add.json", g1_add},
    {"geth/precompiles/blsG2Add.json", g2_add},
    {"geth/precompiles/blsG1Mul.json", g1_msm},
    {"geth/precompiles/blsG2Mul.json", g2_msm},
    {"geth/precompiles/blsG1MultiExp.json", g1_msm},
    {"geth/precompiles/blsG2MultiExp.json", g2_msm},
    {"geth/precompiles/blsPairing.json", pairing},
    {"geth/precompiles/blsMapG1.json", map_fp},
    {"geth/precompiles/blsMapG2.json", map_fp2},
    {"geth/precompiles/fail-blsG1Add.json", g1_add},
    {"geth/precompiles/fail-blsG2Add.json", g2_add},
    {"geth/precompiles/fail-blsG1Mul.json", g1_msm},
    {"geth/precompiles/fail-blsG2Mul.json", g2_msm},
    {"geth/precompiles/fail-blsG1MultiExp.json", g1_msm},
    {"geth/precompiles/fail-blsG2MultiExp.json", g2_msm},
    {"geth/precompiles/fail-blsPairing.json", pairing},
    {"geth/precompiles/fail-blsMapG1.json", map_fp},
    {"geth/precompiles/fail-blsMapG2.json", map_fp2},
    {"eips/eip-2537/add_G1_bls.json", g1_add},
    {"eips/eip-2537/add_G2_bls.json", g2_add},
    {"eips/eip-2537/mul_G1_bls.json", g1_msm},
    {"eips/eip-2537/mul_G2_bls.json", g2_msm},
    {"eips/eip-2537/msm_G1_bls.json", g1_msm},
    {"eips/eip-2537/pairing_check_bls.json", pairing},
    {"eips/eip-2537/map_fp_to_G1_bls.json", map_fp},
    {"eips/eip-2537/map_fp2_to_G2_bls.json", map_fp2},
    {"eips/eip-2537/fail-add_G1_bls.json", g1_add},
    {"eips/eip-2537/fail-add_G2_bls.json", g2_add},
    {"eips/eip-2537/fail-mul_G1_bls.json", g1_msm},
    {"eips/eip-2537/fail-mul_G2_bls.json", g2_msm},
    {"eips/eip-2537/fail-msm_G1_bls.json", g1_msm},
    {"eips/eip-2537/fail-msm_G2_bls.json", g2_msm},
    {"eips/eip-2537/fail-pairing_check_bls.json", pairing},
    {"eips/eip-2537/fail-map_fp_to_G1_bls.json", map_fp},
    {"eips/eip-2537/fail-map_fp2_to_G2_bls.json", map_fp2},
};

template <size_t N>
std::optional<FixedBytes<N>> fixed(const nlohmann::json& text) {
    const auto bytes = from_hex(text.get<std::string>());
    return bytes && bytes->size() == N ? std::optional(FixedBytes<N>::from(*bytes)) : std::nullopt;
}

}  // namespace

TEST(precompile_vectors, bls12_381) {
    for (const BlsFile& file : bls_files) {
        SCOPED_TRACE(file.name);
        LOAD_OR_SKIP(vectors, file.name);
        const Counts counts = check(*vectors, file.function);
        const bool is_failure_file = std::string_view(file.name).find("fail-") != std::string::npos;
        EXPECT_GT(is_failure_file ? counts.failing : counts.passing, 0);
    }
}

TEST(precompile_vectors, secp256k1_recovery) {
    LOAD_OR_SKIP(vectors, "geth/precompiles/ecRecover.json");
    EXPECT_GT(check(*vectors, recover).passing, 0);
}

TEST(precompile_vectors, modexp) {
    for (const char* name : {"modexp", "modexp_eip2565", "modexp_eip7883"}) {
        SCOPED_TRACE(name);
        LOAD_OR_SKIP(vectors, std::string("geth/precompiles/") + name + ".json");
        EXPECT_GT(check(*vectors, raise).passing, 0);
    }
}

TEST(precompile_vectors, blake2b) {
    LOAD_OR_SKIP(vectors, "geth/precompiles/blake2F.json");
    EXPECT_GT(check(*vectors, compress).passing, 0);
}

TEST(precompile_vectors, p256) {
    for (const char* name :
         {"eips/eip-7951/test-vectors.json", "geth/precompiles/p256Verify.json"}) {
        SCOPED_TRACE(name);
        LOAD_OR_SKIP(vectors, name);
        EXPECT_GT(check(*vectors, verify_p256).passing, 0);
    }
}

TEST(precompile_vectors, kzg) {
    LOAD_OR_SKIP(vectors, "kzg/verify_kzg_proof.json");
    std::array<int, 3> seen{};  // valid, wrong, malformed
    for (const auto& vector : *vectors) {
        const auto& input = vector.at("input");
        const auto commitment = fixed<48>(input.at("commitment"));
        const auto proof = fixed<48>(input.at("proof"));
        const auto z = fixed<32>(input.at("z"));
        const auto y = fixed<32>(input.at("y"));
        const auto& output = vector.at("output");
        const bool expected = output.is_boolean() && output.get<bool>();
        ++seen[output.is_null() ? 2 : (expected ? 0 : 1)];
        // Values of a wrong length cannot even be handed over; they must be among the malformed
        // ones.
        const bool is_valid =
            commitment && proof && z && y && kzg::verify_proof(*commitment, *z, *y, *proof);
        EXPECT_EQ(is_valid, expected) << vector.at("name");
    }
    EXPECT_GT(seen[0], 0);
    EXPECT_GT(seen[1], 0);
    EXPECT_GT(seen[2], 0);
}

TEST(precompile_vectors, kzg_point_evaluation) {
    LOAD_OR_SKIP(vectors, "geth/precompiles/pointEvaluation.json");
    for (const auto& vector : *vectors) {
        const Bytes input = hex(vector.at("Input"));
        ASSERT_EQ(input.size(), 192U);
        const BytesView view(input);
        const auto commitment = FixedBytes<48>::from(view.subspan(96));
        const auto proof = FixedBytes<48>::from(view.subspan(144));
        const auto z = Hash256::from(view.subspan(32));
        const auto y = Hash256::from(view.subspan(64));
        EXPECT_EQ(kzg::versioned_hash(commitment), Hash256::from(view));
        EXPECT_TRUE(kzg::verify_proof(commitment, z, y, proof));
        EXPECT_FALSE(kzg::verify_proof(commitment, y, z, proof));
    }
}

}  // namespace mega::crypto
