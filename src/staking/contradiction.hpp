#pragma once

// What proves that a validator broke its word, of the kinds that are found without execution: the
// evidence itself, the call of the Slasher that brings it, and the JSON in which it is kept
// (docs/staking.md, "Evidence"). Pure.

#include "staking/evidence.hpp"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace mega::staking {

struct TwoMiniBlocks {
    Address signer;
    MiniBlockHeader first;
    MiniBlockHeader second;
};
struct TwoAttestations {
    attestation::Attestation first;
    attestation::Attestation second;
};
/// A mini-block that its signer left out of the batch that it posted itself for that block.
struct LeftOut {
    Address signer;
    MiniBlockHeader promised;
    std::vector<Hash256> signing_hashes;  // of the batch's mini-blocks: what its digest is of
};
/// A statement that the header, whose hash it names, does not bear out.
struct FalseAttestation {
    attestation::Attestation attestation;
    Bytes header;
};
using Contradiction = std::variant<TwoMiniBlocks, TwoAttestations, LeftOut, FalseAttestation>;

/// Mini-blocks of one batch: more do not fit a transaction of L1 (a pool takes 128 KiB).
inline constexpr size_t max_signing_hashes = 4'000;
/// A header of L2 is far smaller.
inline constexpr size_t max_header_bytes = 4'096;

/// The lower of the blocks concerned, whose batch dates it.
[[nodiscard]] uint64_t block_of(const Contradiction& found);
/// What it is called in the name of a file.
[[nodiscard]] std::string_view name_of(const Contradiction& found);
/// The signer's address or attester's key.
[[nodiscard]] BytesView who_of(const Contradiction& found);
/// That the signatures are there and say what they have to. What only L1 can tell (who is
/// registered, which batch was posted) is left to it.
[[nodiscard]] bool is_contradiction(const Contradiction& found);

/// The call that brings it; `batch` is the posted one that holds its block. Nothing when a
/// signature is no point.
[[nodiscard]] std::optional<Bytes> call_input(
    uint32_t id, const Contradiction& found, const rollup::PostedBatch& batch
);

/// One line of JSON.
[[nodiscard]] std::string evidence_json(const Contradiction& found);
/// The same back. Says what is wrong with anything else, also with signatures that prove nothing.
[[nodiscard]] Result<Contradiction> read_evidence(std::string_view text);

}  // namespace mega::staking
