#pragma once

// Evidence against a validator, and the calls that bring it before the Slasher on L1
// (docs/staking.md, "Evidence"; contracts/src/staking/Slasher.sol). `batch` is the posted one that
// holds the block, which dates the evidence. Pure.

#include "attestation/attestation.hpp"
#include "rollup/events.hpp"
#include "types/mini_block.hpp"

#include <span>

namespace mega::staking {

/// Two different headers, signed by one key, with one mini-block number, or one place in one block.
[[nodiscard]] bool is_contradiction(const MiniBlockHeader& a, const MiniBlockHeader& b);
/// Two statements by one key on one block number of one chain.
[[nodiscard]] bool is_contradiction(
    const attestation::Attestation& a, const attestation::Attestation& b
);

[[nodiscard]] Bytes two_mini_blocks_input(
    uint32_t id,
    const MiniBlockHeader& a,
    const MiniBlockHeader& b,
    const rollup::PostedBatch& batch
);
/// A mini-block that its signer left out of the batch that it posted itself.
[[nodiscard]] Bytes mini_block_against_batch_input(
    uint32_t id,
    const MiniBlockHeader& promised,
    const rollup::PostedBatch& batch,
    std::span<const Hash256> signing_hashes  // of all the batch's mini-blocks
);

// Nothing when a signature is no point.
[[nodiscard]] std::optional<Bytes> two_attestations_input(
    uint32_t id,
    const attestation::Attestation& a,
    const attestation::Attestation& b,
    const rollup::PostedBatch& batch
);
/// A state root that is not the one in the header of the block it names.
[[nodiscard]] std::optional<Bytes> attestation_against_header_input(
    uint32_t id,
    const attestation::Attestation& attestation,
    BytesView header,
    const rollup::PostedBatch& batch
);

/// One line of JSON each: what is kept of evidence in a file.
[[nodiscard]] std::string evidence_json(const MiniBlockHeader& a, const MiniBlockHeader& b);
[[nodiscard]] std::string evidence_json(
    const attestation::Attestation& a, const attestation::Attestation& b
);
[[nodiscard]] std::string evidence_json(
    const MiniBlockHeader& promised, std::span<const Hash256> signing_hashes
);
[[nodiscard]] std::string evidence_json(
    const attestation::Attestation& attestation, BytesView header
);

}  // namespace mega::staking
