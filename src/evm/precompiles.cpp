#include "evm/precompiles.hpp"

#include "base/assert.hpp"
#include "crypto/bn254.hpp"
#include "crypto/digest.hpp"
#include "crypto/kzg.hpp"
#include "crypto/p256.hpp"
#include "crypto/secp256k1.hpp"
#include "evm/precompiles/precompile.hpp"

namespace mega::evm {

namespace {

using namespace precompiles;

/// 0x00…id
constexpr Address address_of_precompile(uint16_t id) {
    Address address;
    address[18] = static_cast<uint8_t>(id >> 8);
    address[19] = static_cast<uint8_t>(id);
    return address;
}

std::optional<Bytes> run_ecrecover(BytesView input) {
    const auto padded = read_padded<128>(input);
    const u256 v = u256::load_be(padded.data() + 32);
    if (v != u256{27} && v != u256{28}) {
        return Bytes{};
    }
    const crypto::Signature signature{
        .r = Hash256::from(padded.view().subspan(64)),
        .s = Hash256::from(padded.view().subspan(96)),
        .y_parity = static_cast<uint8_t>(v.low64() - 27)
    };
    const auto signer = crypto::recover_address(Hash256::from(padded), signature);
    return signer ? to_bytes(to_u256(*signer).to_hash()) : Bytes{};
}

std::optional<Bytes> run_sha256(BytesView input) { return to_bytes(crypto::sha256(input)); }

std::optional<Bytes> run_ripemd160(BytesView input) {
    return to_bytes(to_u256(crypto::ripemd160(input)).to_hash());
}

std::optional<Bytes> run_identity(BytesView input) { return to_bytes(input); }

std::optional<Bytes> run_bn254_add(BytesView input) {
    const auto padded = read_padded<128>(input);
    const auto sum = crypto::bn254::add(padded.view().first(64), padded.view().subspan(64));
    return sum ? std::optional(to_bytes(*sum)) : std::nullopt;
}

std::optional<Bytes> run_bn254_multiply(BytesView input) {
    const auto padded = read_padded<96>(input);
    const auto product =
        crypto::bn254::multiply(padded.view().first(64), padded.view().subspan(64));
    return product ? std::optional(to_bytes(*product)) : std::nullopt;
}

constexpr size_t bn254_pair_bytes = 192;

std::optional<Bytes> run_bn254_pairing(BytesView input) {
    if (input.size() % bn254_pair_bytes != 0) {
        return std::nullopt;
    }
    const std::optional<bool> is_one = crypto::bn254::pairing_is_one(input);
    return is_one ? std::optional(word_of(*is_one)) : std::nullopt;
}

//   [ rounds, 4, big endian ][ h, 64 ][ m, 128 ][ t, 16 ][ final, 1 ]    words of h, m, t little
//   endian (EIP-152)
constexpr size_t blake2f_bytes = 213;

int64_t blake2f_gas(Fork, BytesView input) {
    if (input.size() != blake2f_bytes) {
        return 0;
    }
    return static_cast<int64_t>(u256::from_be(input.first(4)).low64());
}

std::optional<Bytes> run_blake2f(BytesView input) {
    if (input.size() != blake2f_bytes || input.back() > 1) {
        return std::nullopt;
    }
    std::array<uint64_t, 8> state{};
    std::array<uint64_t, 16> block{};
    std::array<uint64_t, 2> counter{};
    std::memcpy(state.data(), input.data() + 4, sizeof(state));
    std::memcpy(block.data(), input.data() + 68, sizeof(block));
    std::memcpy(counter.data(), input.data() + 196, sizeof(counter));
    const auto rounds = static_cast<uint32_t>(u256::from_be(input.first(4)).low64());
    crypto::blake2b_compress(rounds, state, block, counter, input.back() == 1);
    Bytes output(sizeof(state));
    std::memcpy(output.data(), state.data(), sizeof(state));
    return output;
}

//   [ versioned hash, 32 ][ z, 32 ][ y, 32 ][ commitment, 48 ][ proof, 48 ]    (EIP-4844)
std::optional<Bytes> run_point_evaluation(BytesView input) {
    if (input.size() != 192) {
        return std::nullopt;
    }
    const auto commitment = FixedBytes<48>::from(input.subspan(96));
    const auto proof = FixedBytes<48>::from(input.subspan(144));
    const auto z = Hash256::from(input.subspan(32));
    const auto y = Hash256::from(input.subspan(64));
    if (crypto::kzg::versioned_hash(commitment) != Hash256::from(input) ||
        !crypto::kzg::verify_proof(commitment, z, y, proof)) {
        return std::nullopt;
    }
    // Field elements per blob, and the modulus of the field.
    constexpr u256 modulus{
        0xffffffff00000001, 0x53bda402fffe5bfe, 0x3339d80809a1d805, 0x73eda753299d7d48
    };
    Bytes output = to_bytes(u256{4096}.to_hash());
    append(output, modulus.to_hash());
    return output;
}

/// Malformed input is not an error: it verifies nothing (EIP-7951).
std::optional<Bytes> run_p256_verify(BytesView input) {
    if (input.size() != 160) {
        return Bytes{};
    }
    const auto word = [input](size_t i) { return Hash256::from(input.subspan(32 * i)); };
    const bool is_valid = crypto::p256::verify(word(0), word(1), word(2), word(3), word(4));
    return is_valid ? word_of(true) : Bytes{};
}

template <int64_t base, int64_t per_word = 0>
int64_t gas_by_words(Fork, BytesView input) {
    return base + per_word * word_count(input.size());
}

/// Istanbul made the curve cheaper (EIP-1108).
template <int64_t byzantium, int64_t istanbul>
int64_t bn254_gas(Fork fork, BytesView) {
    return fork < Fork::istanbul ? byzantium : istanbul;
}
int64_t bn254_pairing_gas(Fork fork, BytesView input) {
    const auto pairs = static_cast<int64_t>(input.size() / bn254_pair_bytes);
    return fork < Fork::istanbul ? 100000 + 80000 * pairs : 45000 + 34000 * pairs;
}

constexpr size_t numbered_count = 0x11;  // 0x01 to 0x11 without a gap
constexpr uint16_t p256_verify_id = 0x100;

/// In the order in which forks added them.
constexpr std::array<Address, numbered_count + 1> addresses = [] {
    std::array<Address, numbered_count + 1> list{};
    for (uint16_t i = 0; i < numbered_count; ++i) {
        list[i] = address_of_precompile(static_cast<uint16_t>(i + 1));
    }
    list[numbered_count] = address_of_precompile(p256_verify_id);
    return list;
}();

constexpr size_t count_of_precompiles(Fork fork) {
    if (fork < Fork::byzantium) {
        return 4;
    }
    if (fork < Fork::istanbul) {
        return 8;
    }
    if (fork < Fork::cancun) {
        return 9;
    }
    if (fork < Fork::prague) {
        return 10;
    }
    return fork < Fork::osaka ? numbered_count : numbered_count + 1;
}

/// The place of `address` in the list, or the list's length.
size_t index_of(const Address& address) {
    if (!std::all_of(address.bytes.begin(), address.bytes.end() - 2, [](uint8_t b) {
            return b == 0;
        })) {
        return addresses.size();
    }
    const auto id = static_cast<size_t>(address[18] << 8 | address[19]);
    if (id >= 1 && id <= numbered_count) {
        return id - 1;
    }
    return id == p256_verify_id ? numbered_count : addresses.size();
}

const Precompile& precompile_at(size_t index) {
    static const std::array<Precompile, numbered_count + 1> table{
        Precompile{&gas_by_words<3000>, &run_ecrecover},
        Precompile{&gas_by_words<60, 12>, &run_sha256},
        Precompile{&gas_by_words<600, 120>, &run_ripemd160},
        Precompile{&gas_by_words<15, 3>, &run_identity},
        Precompile{&modexp_gas, &run_modexp},
        Precompile{&bn254_gas<500, 150>, &run_bn254_add},
        Precompile{&bn254_gas<40000, 6000>, &run_bn254_multiply},
        Precompile{&bn254_pairing_gas, &run_bn254_pairing},
        Precompile{&blake2f_gas, &run_blake2f},
        Precompile{&gas_by_words<50000>, &run_point_evaluation},
        bls_g1_add,
        bls_g1_msm,
        bls_g2_add,
        bls_g2_msm,
        bls_pairing,
        bls_map_fp_to_g1,
        bls_map_fp2_to_g2,
        Precompile{&gas_by_words<6900>, &run_p256_verify},
    };
    return table[index];
}

}  // namespace

bool is_precompile(Fork fork, const Address& address) {
    return index_of(address) < count_of_precompiles(fork);
}

PrecompileResult run_precompile(Fork fork, const Address& address, BytesView input, int64_t gas) {
    const size_t index = index_of(address);
    MEGA_ASSERT(index < count_of_precompiles(fork));
    const Precompile& precompile = precompile_at(index);
    const int64_t cost = precompile.gas(fork, input);
    if (cost > gas) {
        return {.status = Status::out_of_gas, .gas_left = 0, .output = {}};
    }
    std::optional<Bytes> output = precompile.run(input);
    if (!output) {
        return {.status = Status::precompile_failure, .gas_left = 0, .output = {}};
    }
    return {.status = Status::success, .gas_left = gas - cost, .output = *std::move(output)};
}

std::span<const Address> precompile_addresses(Fork fork) {
    return std::span(addresses).first(count_of_precompiles(fork));
}

}  // namespace mega::evm
