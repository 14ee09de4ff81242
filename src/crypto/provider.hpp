#pragma once

// What validating a block needs of cryptography that this library does not compute itself: the one
// door to system libraries. Declared here, called here alone (secp256k1.cpp, modexp.cpp, p256.cpp,
// kzg.cpp, bls12_381.cpp), defined by whatever is linked: src/system_crypto over libsecp256k1, GMP,
// OpenSSL and blst in every program of ours; a prover's guest brings its own. Which one is chosen
// at link time, by the property CRYPTO_PROVIDER of an executable (src/CMakeLists.txt).
//
// What a provider promises:
//  - Total: every value of the argument types has an answer, malformed and hostile ones the
//    refusing one (nothing, false). Sizes of byte views are checked by it. How many bytes come is
//    bounded by gas, in evm.
//  - Pure: the same arguments give the same answer in every provider, bit for bit; it is consensus.
//    One that cannot compute something ends the process rather than answer.
//  - Any number of threads at a time; nothing kept but constants.
//
// Numbers are big endian. Keys, signing and blobs are not here: a validator makes none.

#include "base/bytes.hpp"

#include <optional>

namespace mega::crypto::provider {

/// The key x ‖ y that signed `digest` with (r, s): Yellow Paper appendix F. `y_parity` is that of
/// the point with x = r. Nothing when it is neither 0 nor 1, when r or s is 0 or >= n, when no
/// point has x = r, or when the key would be infinity. High s is answered like low s.
[[nodiscard]] std::optional<FixedBytes<64>> recover_secp256k1(
    const Hash256& digest, const Hash256& r, const Hash256& s, uint8_t y_parity
);

/// ECDSA over secp256r1 (EIP-7951): false also for r or s of 0 or >= n, and for coordinates >= p
/// or of no point.
[[nodiscard]] bool verify_p256(
    const Hash256& digest, const Hash256& r, const Hash256& s, const Hash256& x, const Hash256& y
);

/// base^exponent mod modulus in exactly modulus.size() bytes (EIP-198). Empty stands for 0, 0^0 is
/// 1, and a zero modulus gives zero.
[[nodiscard]] Bytes modexp(BytesView base, BytesView exponent, BytesView modulus);

/// EIP-4844: that the polynomial committed to is y at z, by mainnet's trusted setup. False also
/// for z or y not below the order and for points malformed or outside the subgroup.
[[nodiscard]] bool verify_kzg_proof(
    const FixedBytes<48>& commitment,
    const Hash256& z,
    const Hash256& y,
    const FixedBytes<48>& proof
);

// EIP-2537, with its encodings (bls12_381.hpp). Nothing for other sizes than stated, k being at
// least 1, for elements not below the prime, points off the curve and, where the EIP asks for it,
// outside the subgroup.
namespace bls12_381 {

[[nodiscard]] std::optional<FixedBytes<128>> g1_add(BytesView input_256);
[[nodiscard]] std::optional<FixedBytes<128>> g1_msm(BytesView pairs);  // k × 160
[[nodiscard]] std::optional<FixedBytes<256>> g2_add(BytesView input_512);
[[nodiscard]] std::optional<FixedBytes<256>> g2_msm(BytesView pairs);  // k × 288
[[nodiscard]] std::optional<bool> pairing_is_one(BytesView pairs);     // k × 384
[[nodiscard]] std::optional<FixedBytes<128>> map_fp_to_g1(BytesView fp_64);
[[nodiscard]] std::optional<FixedBytes<256>> map_fp2_to_g2(BytesView fp2_128);

}  // namespace bls12_381

}  // namespace mega::crypto::provider
