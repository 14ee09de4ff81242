#include "ethereum/ommers.hpp"

#include "ethereum/header_rules.hpp"

#include <algorithm>

namespace mega::ethereum {

namespace {

using Code = BlockFaultCode;

Err<BlockFault> fault(Code code, std::string details) {
    return Err{BlockFault{code, std::move(details)}};
}

bool lists(std::span<const Ancestor> ancestors, const Hash256& ommer) {
    return std::ranges::any_of(ancestors, [&](const Ancestor& ancestor) {
        return std::ranges::find(ancestor.ommer_hashes, ommer) != ancestor.ommer_hashes.end();
    });
}

Result<void, BlockFault> check_ommer(
    const ChainConfig& config,
    const BlockHeader& ommer,
    const Hash256& hash,
    std::span<const Ancestor> ancestors
) {
    if (lists(ancestors, hash)) {
        return fault(Code::repeated_ommer, to_hex(hash));
    }
    if (std::ranges::find(ancestors, hash, &Ancestor::hash) != ancestors.end()) {
        return fault(Code::ommer_is_ancestor, to_hex(hash));
    }
    // A child of the block's own parent would be as old as the block itself.
    const auto older = ancestors.subspan(std::min<size_t>(1, ancestors.size()));
    const auto parent = std::ranges::find(older, ommer.parent_hash, &Ancestor::hash);
    if (parent == older.end()) {
        return fault(Code::ommer_not_of_this_chain, to_hex(hash));
    }
    const Fork fork = fork_at(config, ommer.number, ommer.timestamp, false);
    const auto checked = check_header(config, fork, *parent->header, ommer);
    return checked ? checked : fault(Code::invalid_ommer, checked.error().message());
}

}  // namespace

Result<void, BlockFault> check_ommers(
    const ChainConfig& config,
    std::span<const BlockHeader> ommers,
    std::span<const Ancestor> ancestors
) {
    if (ommers.size() > max_ommers) {
        return fault(Code::too_many_ommers, std::to_string(ommers.size()));
    }
    const auto near = ancestors.first(std::min(ancestors.size(), ommer_ancestors));
    std::vector<Hash256> seen;
    for (const BlockHeader& ommer : ommers) {
        const Hash256 hash = hash_of(ommer);
        if (std::ranges::find(seen, hash) != seen.end()) {
            return fault(Code::repeated_ommer, to_hex(hash));
        }
        seen.push_back(hash);
        auto checked = check_ommer(config, ommer, hash, near);
        if (!checked) {
            return checked;
        }
    }
    return {};
}

}  // namespace mega::ethereum
