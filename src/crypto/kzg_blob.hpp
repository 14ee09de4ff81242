#pragma once

// Blobs: commitments and proofs (EIP-4844, EIP-7594), by c-kzg over the mainnet trusted setup,
// which is part of the binary. The first use loads it: a second or two and some MiB, kept for ever.
// Any thread.

#include "base/bytes.hpp"

#include <optional>
#include <vector>

namespace mega::crypto::kzg {

using Commitment = FixedBytes<48>;
using Proof = FixedBytes<48>;

/// 4096 field elements of 32 bytes, big endian, each below the modulus.
inline constexpr size_t blob_size_bytes = 131'072;
inline constexpr size_t field_elements_per_blob = 4096;
inline constexpr size_t cells_per_blob = 128;

/// Nothing when `blob` has another size or holds an element that is not below the modulus. 40 ms.
[[nodiscard]] std::optional<Commitment> commit_to_blob(BytesView blob);
/// One proof for the whole blob, as EIP-4844's sidecars carry it.
[[nodiscard]] std::optional<Proof> prove_blob(BytesView blob, const Commitment& commitment);
[[nodiscard]] bool verify_blob(BytesView blob, const Commitment& commitment, const Proof& proof);
/// A proof for each of the 128 cells, as EIP-7594's sidecars carry them. 300 ms.
[[nodiscard]] std::optional<std::vector<Proof>> prove_cells(BytesView blob);

}  // namespace mega::crypto::kzg
