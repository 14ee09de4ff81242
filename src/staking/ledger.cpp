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

std::optional<Contradiction> Ledger::place(
    std::map<Place, MiniBlockHeader>& at,
    uint64_t number,
    const Address& signer,
    const MiniBlockHeader& header
) {
    const auto [found, is_first] = at.emplace(Place{number, signer}, header);
    if (!is_first) {
        return is_contradiction(found->second, header)
                   ? std::optional<Contradiction>{TwoMiniBlocks{signer, found->second, header}}
                   : std::nullopt;
    }
    while (at.size() > max_entries_) {
        at.erase(at.begin());
    }
    return std::nullopt;
}

std::optional<Contradiction> Ledger::add(const MiniBlockHeader& header) {
    const auto signer = recover_signer(header);
    if (!signer || !signers_.contains(*signer) || header.index >= places_of_block ||
        header.block_number > max_block_number) {
        return std::nullopt;
    }
    auto found = place(by_number_, header.mini_block_number, *signer, header);
    if (!found) {
        const uint64_t number = header.block_number * places_of_block + header.index;
        found = place(by_place_, number, *signer, header);
    }
    return found && told_signers_.insert(*signer).second ? found : std::nullopt;
}

std::optional<Contradiction> Ledger::add(const attestation::Attestation& attestation) {
    if (!attesters_.contains(attestation.key)) {
        return std::nullopt;
    }
    const auto [found, is_first] =
        attestations_.emplace(std::pair{attestation.block_number, attestation.key}, attestation);
    if (is_first) {
        while (attestations_.size() > max_entries_) {
            attestations_.erase(attestations_.begin());
        }
        return std::nullopt;
    }
    if (is_contradiction(found->second, attestation)) {
        return told_attesters_.insert(attestation.key).second
                   ? std::optional<Contradiction>{TwoAttestations{found->second, attestation}}
                   : std::nullopt;
    }
    // A node may have made up what came first, to keep the place from what is true.
    if (found->second.signature != attestation.signature && !verify(found->second)) {
        found->second = attestation;
    }
    return std::nullopt;
}

}  // namespace mega::staking
