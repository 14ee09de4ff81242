#pragma once

// What nodes tell of signatures, read from their JSON; nothing when it is malformed.

#include "attestation/attestation.hpp"
#include "staking/contradiction.hpp"

#include <nlohmann/json.hpp>

#include <vector>

namespace mega::staking {

/// Of the subscription `miniBlocks`.
[[nodiscard]] std::optional<MiniBlockHeader> read_mini_block(const nlohmann::json& value);
/// {chainId, blockNumber, blockHash, stateRoot, key, signature}: numbers or quantities.
[[nodiscard]] std::optional<attestation::Attestation> read_attestation(const nlohmann::json& value);
/// An answer of mega_getAttestations with {signatures: true}; at most 1,024.
[[nodiscard]] std::vector<attestation::Attestation> read_attestations(const nlohmann::json& value);
/// {attestation, header} of mega_getFalseAttestations.
[[nodiscard]] std::optional<FalseAttestation> read_false_attestation(const nlohmann::json& value);

}  // namespace mega::staking
