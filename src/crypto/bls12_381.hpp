#pragma once

// BLS12-381 operations behind precompiles 0x0b to 0x11 (EIP-2537), over blst.
// Inputs and outputs are the EIP's encodings: a field element is 64 bytes (16 zero bytes, then 48
// big endian), G1 is 128 bytes, Fp2 is 128, G2 is 256, a scalar 32. Nothing is returned for
// malformed, off-curve or, where the EIP asks for it, out-of-subgroup input.

#include "base/bytes.hpp"

#include <optional>

namespace mega::crypto::bls12_381 {

[[nodiscard]] std::optional<FixedBytes<128>> g1_add(BytesView input_256);
[[nodiscard]] std::optional<FixedBytes<128>> g1_msm(BytesView pairs);  // k × 160
[[nodiscard]] std::optional<FixedBytes<256>> g2_add(BytesView input_512);
[[nodiscard]] std::optional<FixedBytes<256>> g2_msm(BytesView pairs);  // k × 288
[[nodiscard]] std::optional<bool> pairing_is_one(BytesView pairs);     // k × 384
[[nodiscard]] std::optional<FixedBytes<128>> map_fp_to_g1(BytesView fp_64);
[[nodiscard]] std::optional<FixedBytes<256>> map_fp2_to_g2(BytesView fp2_128);

}  // namespace mega::crypto::bls12_381
