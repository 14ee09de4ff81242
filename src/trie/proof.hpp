#pragma once

// Verification of Merkle Patricia proofs as eth_getProof gives them (EIP-1186). Input is hostile.

#include "base/bytes.hpp"
#include "base/result.hpp"

#include <optional>
#include <vector>

namespace mega::trie {

enum class ProofError : uint8_t { wrong_hash, bad_node, incomplete, surplus_nodes };

[[nodiscard]] std::string_view to_string(ProofError error);

/// The value at `key` (already hashed where the trie is a secure one), nothing when the proof shows
/// its absence.
[[nodiscard]] Result<std::optional<Bytes>, ProofError> verify_proof(
    const Hash256& root, BytesView key, std::span<const Bytes> nodes
);

}  // namespace mega::trie
