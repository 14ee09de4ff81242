#include "evm/precompiles.hpp"

#include "base/fixtures_test.hpp"
#include "base/hex.hpp"
#include "types/u256.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace mega::evm {
namespace {

using nlohmann::json;

constexpr int64_t plenty = int64_t{1} << 60;

Address precompile(uint64_t id) { return u256{id}.to_address(); }

PrecompileResult run(Fork fork, uint64_t id, BytesView input, int64_t gas = plenty) {
    return run_precompile(fork, precompile(id), input, gas);
}

struct VectorFile {
    const char* name;
    uint64_t id;
    Fork fork;
};

constexpr VectorFile vector_files[] = {
    {"geth/precompiles/ecRecover.json", 0x01, Fork::frontier},
    {"geth/precompiles/modexp.json", 0x05, Fork::byzantium},
    {"geth/precompiles/modexp_eip2565.json", 0x05, Fork::berlin},
    {"geth/precompiles/modexp_eip7883.json", 0x05, Fork::osaka},
    {"geth/precompiles/bn256Add.json", 0x06, Fork::istanbul},
    {"geth/precompiles/bn256ScalarMul.json", 0x07, Fork::istanbul},
    {"geth/precompiles/bn256Pairing.json", 0x08, Fork::istanbul},
    {"geth/precompiles/blake2F.json", 0x09, Fork::istanbul},
    {"geth/precompiles/fail-blake2f.json", 0x09, Fork::istanbul},
    {"geth/precompiles/pointEvaluation.json", 0x0a, Fork::cancun},
    {"geth/precompiles/blsG1Add.json", 0x0b, Fork::prague},
    {"geth/precompiles/fail-blsG1Add.json", 0x0b, Fork::prague},
    {"geth/precompiles/blsG1Mul.json", 0x0c, Fork::prague},
    {"geth/precompiles/fail-blsG1Mul.json", 0x0c, Fork::prague},
    {"geth/precompiles/blsG1MultiExp.json", 0x0c, Fork::prague},
    {"geth/precompiles/fail-blsG1MultiExp.json", 0x0c, Fork::prague},
    {"geth/precompiles/blsG2Add.json", 0x0d, Fork::prague},
    {"geth/precompiles/fail-blsG2Add.json", 0x0d, Fork::prague},
    {"geth/precompiles/blsG2Mul.json", 0x0e, Fork::prague},
    {"geth/precompiles/fail-blsG2Mul.json", 0x0e, Fork::prague},
    {"geth/precompiles/blsG2MultiExp.json", 0x0e, Fork::prague},
    {"geth/precompiles/fail-blsG2MultiExp.json", 0x0e, Fork::prague},
    {"geth/precompiles/blsPairing.json", 0x0f, Fork::prague},
    {"geth/precompiles/fail-blsPairing.json", 0x0f, Fork::prague},
    {"geth/precompiles/blsMapG1.json", 0x10, Fork::prague},
    {"geth/precompiles/fail-blsMapG1.json", 0x10, Fork::prague},
    {"geth/precompiles/blsMapG2.json", 0x11, Fork::prague},
    {"geth/precompiles/fail-blsMapG2.json", 0x11, Fork::prague},
    {"geth/precompiles/p256Verify.json", 0x100, Fork::osaka},
    {"eips/eip-2537/add_G1_bls.json", 0x0b, Fork::prague},
    {"eips/eip-2537/fail-add_G1_bls.json", 0x0b, Fork::prague},
    {"eips/eip-2537/mul_G1_bls.json", 0x0c, Fork::prague},
    {"eips/eip-2537/fail-mul_G1_bls.json", 0x0c, Fork::prague},
    {"eips/eip-2537/msm_G1_bls.json", 0x0c, Fork::prague},
    {"eips/eip-2537/fail-msm_G1_bls.json", 0x0c, Fork::prague},
    {"eips/eip-2537/add_G2_bls.json", 0x0d, Fork::prague},
    {"eips/eip-2537/fail-add_G2_bls.json", 0x0d, Fork::prague},
    {"eips/eip-2537/mul_G2_bls.json", 0x0e, Fork::prague},
    {"eips/eip-2537/fail-mul_G2_bls.json", 0x0e, Fork::prague},
    {"eips/eip-2537/fail-msm_G2_bls.json", 0x0e, Fork::prague},
    {"eips/eip-2537/pairing_check_bls.json", 0x0f, Fork::prague},
    {"eips/eip-2537/fail-pairing_check_bls.json", 0x0f, Fork::prague},
    {"eips/eip-2537/map_fp_to_G1_bls.json", 0x10, Fork::prague},
    {"eips/eip-2537/fail-map_fp_to_G1_bls.json", 0x10, Fork::prague},
    {"eips/eip-2537/map_fp2_to_G2_bls.json", 0x11, Fork::prague},
    {"eips/eip-2537/fail-map_fp2_to_G2_bls.json", 0x11, Fork::prague},
};

void expect_success(const VectorFile& file, const json& vector, BytesView input) {
    const auto gas = vector.at("Gas").get<int64_t>();
    const PrecompileResult exact = run(file.fork, file.id, input, gas);
    EXPECT_EQ(exact.status, Status::success);
    EXPECT_EQ(exact.gas_left, 0);
    EXPECT_EQ(to_hex_digits(exact.output), vector.at("Expected").get<std::string>());
    if (gas > 0) {
        EXPECT_EQ(run(file.fork, file.id, input, gas - 1).status, Status::out_of_gas);
    }
}

TEST(precompiles, published_vectors) {
    const auto root = fixtures_root();
    if (!root) {
        GTEST_SKIP() << fixtures_missing("precompile vectors");
    }
    size_t count = 0;
    for (const VectorFile& file : vector_files) {
        for (const json& vector : json::parse(read_fixture(*root / "precompiles" / file.name))) {
            SCOPED_TRACE(std::string(file.name) + " " + vector.value("Name", ""));
            const Bytes input = *from_hex(vector.at("Input").get<std::string>(), false);
            if (vector.contains("ExpectedError")) {
                const PrecompileResult result = run(file.fork, file.id, input);
                EXPECT_EQ(result.status, Status::precompile_failure);
                EXPECT_EQ(result.gas_left, 0);
            } else {
                expect_success(file, vector, input);
            }
            ++count;
        }
    }
    EXPECT_GE(count, 1800U);
}

TEST(precompiles, appear_with_their_forks) {
    EXPECT_EQ(precompile_addresses(Fork::frontier).size(), 4U);
    EXPECT_EQ(precompile_addresses(Fork::byzantium).size(), 8U);
    EXPECT_EQ(precompile_addresses(Fork::istanbul).size(), 9U);
    EXPECT_EQ(precompile_addresses(Fork::cancun).size(), 10U);
    EXPECT_EQ(precompile_addresses(Fork::prague).size(), 17U);
    EXPECT_EQ(precompile_addresses(Fork::osaka).size(), 18U);
    for (int fork = 0; fork <= static_cast<int>(current_fork); ++fork) {
        const auto list = precompile_addresses(static_cast<Fork>(fork));
        size_t count = 0;
        for (uint64_t id = 0; id < 0x10200; ++id) {
            count += is_precompile(static_cast<Fork>(fork), precompile(id)) ? 1 : 0;
        }
        EXPECT_EQ(count, list.size());
        EXPECT_TRUE(std::ranges::all_of(list, [fork](const Address& a) {
            return is_precompile(static_cast<Fork>(fork), a);
        }));
    }
    Address near = precompile(1);
    near[0] = 1;
    EXPECT_FALSE(is_precompile(current_fork, near));
}

TEST(precompiles, hashes_cost_by_word) {
    const Bytes input(33, 0xab);
    EXPECT_EQ(run(Fork::frontier, 2, input, 84).gas_left, 0);
    EXPECT_EQ(run(Fork::frontier, 2, input, 83).status, Status::out_of_gas);
    EXPECT_EQ(run(Fork::frontier, 3, input, 840).gas_left, 0);
    EXPECT_EQ(run(Fork::frontier, 3, {}, 600).output.size(), 32U);
    EXPECT_EQ(run(Fork::frontier, 4, input, 21).output, input);
    EXPECT_EQ(run(Fork::frontier, 4, input, 20).status, Status::out_of_gas);
}

TEST(precompiles, ecrecover_answers_malformed_input_with_nothing) {
    const PrecompileResult empty = run(Fork::osaka, 1, {}, 3000);
    EXPECT_EQ(empty.status, Status::success);
    EXPECT_TRUE(empty.output.empty());
}

Bytes modexp_input(
    const u256& base, const u256& exponent, const u256& modulus, BytesView rest = {}
) {
    Bytes input;
    append(input, base.to_hash());
    append(input, exponent.to_hash());
    append(input, modulus.to_hash());
    append(input, rest);
    return input;
}

TEST(precompiles, modexp_prices_claimed_lengths_before_reading) {
    const u256 huge = u256::max();
    for (const Fork fork : {Fork::byzantium, Fork::berlin, Fork::osaka}) {
        EXPECT_EQ(run(fork, 5, modexp_input(huge, 1, huge)).status, Status::out_of_gas);
        EXPECT_EQ(run(fork, 5, modexp_input(1, huge, 1)).status, Status::out_of_gas);
        EXPECT_EQ(run(fork, 5, modexp_input(0, 1, u256{UINT64_MAX})).status, Status::out_of_gas);
    }
}

TEST(precompiles, modexp_with_empty_operands) {
    // Without base and modulus even a huge exponent is free work, until Osaka bounds it.
    const Bytes input = modexp_input(0, u256::max(), 0);
    EXPECT_EQ(run(Fork::byzantium, 5, input, 0).status, Status::success);
    EXPECT_EQ(run(Fork::berlin, 5, input, 200).gas_left, 0);
    EXPECT_EQ(run(Fork::berlin, 5, input, 199).status, Status::out_of_gas);
    EXPECT_EQ(run(Fork::osaka, 5, input).status, Status::out_of_gas);
    EXPECT_EQ(run(Fork::osaka, 5, {}, 500).status, Status::success);
    EXPECT_EQ(run(Fork::osaka, 5, {}, 499).status, Status::out_of_gas);
}

TEST(precompiles, modexp_bounds_lengths_in_osaka) {
    const Bytes within = modexp_input(1024, 1, 1024);
    EXPECT_EQ(run(Fork::osaka, 5, within).status, Status::success);
    EXPECT_EQ(run(Fork::osaka, 5, modexp_input(1025, 1, 1)).status, Status::out_of_gas);
    EXPECT_EQ(run(Fork::osaka, 5, modexp_input(1, 1025, 1)).status, Status::out_of_gas);
    EXPECT_EQ(run(Fork::osaka, 5, modexp_input(1, 1, 1025)).status, Status::out_of_gas);
    EXPECT_EQ(run(Fork::prague, 5, modexp_input(1, 1, 1025)).status, Status::success);
}

TEST(precompiles, bn254_costs_less_from_istanbul) {
    EXPECT_EQ(run(Fork::byzantium, 6, {}, 500).gas_left, 0);
    EXPECT_EQ(run(Fork::byzantium, 6, {}, 499).status, Status::out_of_gas);
    EXPECT_EQ(run(Fork::istanbul, 6, {}, 150).gas_left, 0);
    EXPECT_EQ(run(Fork::byzantium, 7, {}, 40000).gas_left, 0);
    EXPECT_EQ(run(Fork::byzantium, 8, {}, 100000).gas_left, 0);
    EXPECT_EQ(run(Fork::byzantium, 8, Bytes(192), 180000).gas_left, 0);
    EXPECT_EQ(run(Fork::istanbul, 8, Bytes(191)).status, Status::precompile_failure);
}

TEST(precompiles, p256_answers_wrong_lengths_with_nothing) {
    EXPECT_TRUE(run(Fork::osaka, 0x100, Bytes(161), 6900).output.empty());
    EXPECT_EQ(run(Fork::osaka, 0x100, Bytes(159), 6900).status, Status::success);
    EXPECT_EQ(run(Fork::osaka, 0x100, Bytes(160), 6899).status, Status::out_of_gas);
}

TEST(precompiles, bls_refuses_empty_lists) {
    for (const uint64_t id : {0x0cU, 0x0eU, 0x0fU}) {
        EXPECT_EQ(run(Fork::prague, id, {}).status, Status::precompile_failure);
    }
}

}  // namespace
}  // namespace mega::evm
