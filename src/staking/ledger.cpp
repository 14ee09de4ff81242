#include "staking/ledger.hpp"

#include <algorithm>

namespace mega::staking {
namespace {

/// A block has fewer mini-blocks.
constexpr uint64_t places_of_block = uint64_t{1} << 24;
constexpr uint64_t max_block_number = UINT64_MAX / places_of_block - 1;

}  // namespace

bool Ledger::Told::has(uint64_t number) const {
    return std::ranges::find(numbers, number) != numbers.end();
}

bool Ledger::Told::is_news(uint64_t number) {
    if (has(number)) {
        return false;
    }
    numbers.push_back(number);
    if (numbers.size() > max_told) {
        numbers.pop_front();
    }
    return true;
}

std::optional<Address> Ledger::signer_of(const MiniBlockHeader& header) const {
    if (header.index >= places_of_block || header.block_number > max_block_number ||
        is_far_ahead(header.block_number)) {
        return std::nullopt;
    }
    const auto signer = recover_signer(header);
    return signer && knows(*signer) ? signer : std::nullopt;
}

std::optional<Contradiction> Ledger::add(const MiniBlockHeader& header) {
    const auto signer = signer_of(header);
    const auto known = signer ? signers_.find(*signer) : signers_.end();
    if (known == signers_.end()) {
        return std::nullopt;
    }
    newest_block_ = std::max(newest_block_, header.block_number);
    OfSigner& seen = known->second;
    const MiniBlockHeader* other =
        seen.by_number.place(header.mini_block_number, header, max_entries_);
    if (other == nullptr || !is_contradiction(*other, header)) {
        const uint64_t number = header.block_number * places_of_block + header.index;
        other = seen.by_place.place(number, header, max_entries_);
    }
    if (other == nullptr || !is_contradiction(*other, header) ||
        !seen.told.is_news(std::min(other->block_number, header.block_number))) {
        return std::nullopt;
    }
    return TwoMiniBlocks{*signer, *other, header};
}

std::optional<Contradiction> Ledger::add(const attestation::Attestation& attestation) {
    const auto known = attesters_.find(attestation.key);
    if (known == attesters_.end() || attestation.chain_id != chain_id_ ||
        is_far_ahead(attestation.block_number)) {
        return std::nullopt;
    }
    OfAttester& seen = known->second;
    const auto there = seen.by_number.by_number.find(attestation.block_number);
    const bool is_seen =
        there != seen.by_number.by_number.end() && !is_contradiction(there->second, attestation);
    // A node may make up what takes the place of what is true.
    if (is_seen || !verify(attestation)) {
        return std::nullopt;
    }
    const auto* other = seen.by_number.place(attestation.block_number, attestation, max_entries_);
    if (other == nullptr || !seen.told.is_news(attestation.block_number)) {
        return std::nullopt;
    }
    return TwoAttestations{*other, attestation};
}

std::optional<Contradiction> Ledger::add(const FalseAttestation& claimed) {
    const attestation::Attestation& attestation = claimed.attestation;
    const auto known = attesters_.find(attestation.key);
    if (known == attesters_.end() || attestation.chain_id != chain_id_ ||
        is_far_ahead(attestation.block_number) ||
        known->second.told.has(attestation.block_number)) {
        return std::nullopt;
    }
    Contradiction found{claimed};
    if (!is_contradiction(found) || !known->second.told.is_news(attestation.block_number)) {
        return std::nullopt;
    }
    return found;
}

}  // namespace mega::staking
