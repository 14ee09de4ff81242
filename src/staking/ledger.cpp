#include "staking/ledger.hpp"

#include <algorithm>

namespace mega::staking {
namespace {

/// A block has fewer mini-blocks.
constexpr uint64_t places_of_block = uint64_t{1} << 24;
constexpr uint64_t max_block_number = UINT64_MAX / places_of_block - 1;

}  // namespace

uint64_t block_of(const Contradiction& found) {
    if (const auto* headers = std::get_if<TwoMiniBlocks>(&found)) {
        return std::min(headers->first.block_number, headers->second.block_number);
    }
    return std::get<TwoAttestations>(found).first.block_number;
}

std::string evidence_json(const Contradiction& found) {
    return std::visit(
        [](const auto& pair) { return evidence_json(pair.first, pair.second); }, found
    );
}

bool Ledger::Told::is_news(uint64_t number) {
    if (std::ranges::find(numbers, number) != numbers.end()) {
        return false;
    }
    numbers.push_back(number);
    if (numbers.size() > max_told) {
        numbers.pop_front();
    }
    return true;
}

std::optional<Contradiction> Ledger::add(const MiniBlockHeader& header) {
    if (header.index >= places_of_block || header.block_number > max_block_number ||
        is_far_ahead(header.block_number)) {
        return std::nullopt;
    }
    const auto signer = recover_signer(header);
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

}  // namespace mega::staking
