#include "bench/evm_precompiles.hpp"

#include "crypto/digest.hpp"
#include "evm/precompiles.hpp"
#include "types/u256.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

namespace mega::bench {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

/// One vector: by its name in its file.
struct Choice {
    std::string_view label;
    uint16_t address;
    std::string_view file;
    std::string_view vector;
};

constexpr std::array choices{
    Choice{"ecrecover", 0x01, "ecRecover.json", "ValidKey"},
    Choice{"modexp_32_bytes", 0x05, "modexp_eip2565.json", "eip_example1"},
    Choice{"modexp_64_bytes_square", 0x05, "modexp_eip2565.json", "nagydani-1-square"},
    Choice{"modexp_512_bytes_pow0x10001", 0x05, "modexp_eip2565.json", "nagydani-4-pow0x10001"},
    Choice{"modexp_even", 0x05, "modexp_eip2565.json", "marius-1-even"},
    Choice{"modexp_small_modulus", 0x05, "modexp_eip2565.json", "marcin-1-exp-heavy"},
    Choice{"bn254_add", 0x06, "bn256Add.json", "chfast1"},
    Choice{"bn254_mul", 0x07, "bn256ScalarMul.json", "chfast1"},
    Choice{"bn254_pairing_2", 0x08, "bn256Pairing.json", "jeff1"},
    Choice{"bn254_pairing_10", 0x08, "bn256Pairing.json", "ten_point_match_1"},
    Choice{"blake2f_12_rounds", 0x09, "blake2F.json", "vector 5"},
    Choice{"point_evaluation", 0x0a, "pointEvaluation.json", "pointEvaluation1"},
    Choice{"bls_g1_add", 0x0b, "blsG1Add.json", "matter_g1_add_0"},
    Choice{"bls_g1_msm_1", 0x0c, "blsG1Mul.json", "bls_g1mul_random*p1"},
    Choice{"bls_g1_msm_16", 0x0c, "blsG1MultiExp.json", "matter_g1_multiexp_0"},
    Choice{"bls_g2_add", 0x0d, "blsG2Add.json", "matter_g2_add_0"},
    Choice{"bls_g2_msm_1", 0x0e, "blsG2Mul.json", "bls_g2mul_random*p2"},
    Choice{"bls_g2_msm_16", 0x0e, "blsG2MultiExp.json", "matter_g2_multiexp_0"},
    Choice{"bls_pairing_1", 0x0f, "blsPairing.json", "matter_pairing_0"},
    Choice{"bls_pairing_2", 0x0f, "blsPairing.json", "matter_pairing_16"},
    Choice{"bls_map_fp_to_g1", 0x10, "blsMapG1.json", "matter_fp_to_g1_0"},
    Choice{"bls_map_fp2_to_g2", 0x11, "blsMapG2.json", "matter_fp2_to_g2_0"},
    Choice{"p256_verify", 0x100, "p256Verify.json", "CallP256Verify"},
};

constexpr std::string_view prefix = "precompiles/";

Address address_of(uint16_t number) { return u256{number}.to_address(); }

/// Hashes have no published vectors; their outputs come from the functions whose tests have some.
std::vector<PrecompileCall> hash_calls() {
    std::vector<PrecompileCall> calls;
    for (const size_t size : {size_t{64}, size_t{4096}}) {
        Bytes input(size);
        for (size_t i = 0; i < size; ++i) {
            input[i] = static_cast<uint8_t>(i * 7 + 1);
        }
        const std::string suffix = "_" + std::to_string(size) + "_bytes";
        calls.push_back(
            {"precompiles/sha256" + suffix, address_of(2), input, to_bytes(crypto::sha256(input))}
        );
        const Hash256 ripemd = to_u256(crypto::ripemd160(input)).to_hash();
        calls.push_back({"precompiles/ripemd160" + suffix, address_of(3), input, to_bytes(ripemd)});
        calls.push_back({"precompiles/identity" + suffix, address_of(4), input, input});
    }
    return calls;
}

std::optional<fs::path> find(const std::vector<fs::path>& paths, std::string_view file) {
    for (const fs::path& path : paths) {
        if (path.filename() == file) {
            return path;
        }
        std::error_code error;
        for (fs::recursive_directory_iterator it(path, error), end; !error && it != end;
             it.increment(error)) {
            if (it->path().filename() == file) {
                return it->path();
            }
        }
    }
    return std::nullopt;
}

Result<Bytes> read_data(const json& vector, const char* field) {
    auto bytes = from_hex(vector.at(field).get<std::string>(), false);
    return bytes ? Result<Bytes>{*std::move(bytes)}
                 : Result<Bytes>{Err{Error{std::string(field) + " is not hex"}}};
}

Result<PrecompileCall> call_of(const Choice& choice, const json& vectors) {
    for (const json& vector : vectors) {
        if (!vector.at("Name").get<std::string>().starts_with(choice.vector)) {
            continue;
        }
        auto input = read_data(vector, "Input");
        auto output = read_data(vector, "Expected");
        if (!input || !output) {
            return Err{input ? output.error() : input.error()};
        }
        return PrecompileCall{
            std::string(prefix) + std::string(choice.label),
            address_of(choice.address),
            *std::move(input),
            *std::move(output)
        };
    }
    return Err{Error{"no vector " + std::string(choice.vector)}};
}

Result<PrecompileCall> load(const Choice& choice, const std::vector<fs::path>& paths) {
    const auto file = find(paths, choice.file);
    if (!file) {
        return Err{Error{"there is no " + std::string(choice.file)}};
    }
    std::ifstream in(*file, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    try {
        auto call = call_of(choice, json::parse(text));
        return call ? std::move(call)
                    : Result<PrecompileCall>{Err{Error{file->string() + ": " + call.error().message}
                      }};
    } catch (const json::exception& exception) {
        return Err{Error{file->string() + ": " + exception.what()}};
    }
}

}  // namespace

Result<std::vector<PrecompileCall>> load_precompile_calls(
    const std::vector<fs::path>& paths, const std::string& filter
) {
    std::vector<PrecompileCall> calls = hash_calls();
    for (const Choice& choice : choices) {
        auto call = load(choice, paths);
        if (!call) {
            return Err{call.error()};
        }
        calls.push_back(*std::move(call));
    }
    std::erase_if(calls, [&filter](const PrecompileCall& call) {
        return call.name.find(filter) == std::string::npos;
    });
    std::ranges::sort(calls, {}, &PrecompileCall::name);
    return calls;
}

Result<EvmRun> run_precompile_call(const PrecompileCall& call, double seconds) {
    constexpr int64_t gas_limit = int64_t{1} << 40;
    const auto once = [&call] {
        return evm::run_precompile(current_fork, call.address, call.input, gas_limit);
    };
    const evm::PrecompileResult first = once();
    if (first.status != evm::Status::success || !equal(first.output, call.output)) {
        return Err{Error{"another output than the vector states"}};
    }
    EvmRun run;
    run.gas = gas_limit - first.gas_left;
    int64_t gas_left = first.gas_left;
    run.figures.execute = measure_repeatedly(seconds, [&] { gas_left &= once().gas_left; });
    return gas_left == first.gas_left ? Result<EvmRun>{run}
                                      : Result<EvmRun>{Err{Error{"other gas from call to call"}}};
}

}  // namespace mega::bench
