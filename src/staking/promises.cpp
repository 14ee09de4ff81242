#include "staking/promises.hpp"

#include <algorithm>
#include <iterator>

namespace mega::staking {
namespace {

auto place_of(const MiniBlockHeader& header) {
    return std::tuple{header.block_number, header.index, header.mini_block_number};
}

void append_range(
    const std::map<uint64_t, std::map<Hash256, MiniBlockHeader>>& blocks,
    uint64_t first,
    uint64_t last,
    std::vector<MiniBlockHeader>& into
) {
    for (auto at = blocks.lower_bound(first); at != blocks.end() && at->first <= last; ++at) {
        for (const auto& [hash, header] : at->second) {
            into.push_back(header);
        }
    }
}

}  // namespace

void Promises::add(const Address& signer, const MiniBlockHeader& header) {
    const Hash256 hash = signing_hash(header);
    for (const Settled& batch : settled_) {
        if (batch.first <= header.block_number && header.block_number <= batch.last &&
            batch.hashes.contains(hash)) {
            return;
        }
    }
    OfSigner& own = signers_[signer];
    own.count += own.blocks[header.block_number].emplace(hash, header).second ? 1 : 0;
    while (own.count > max_of_signer_) {
        own.count -= own.blocks.begin()->second.size();
        own.blocks.erase(own.blocks.begin());
    }
}

std::optional<uint64_t> Promises::lowest_block() const {
    std::optional<uint64_t> lowest;
    for (const auto& [signer, own] : signers_) {
        if (!own.blocks.empty()) {
            lowest = std::min(lowest.value_or(UINT64_MAX), own.blocks.begin()->first);
        }
    }
    return lowest;
}

std::vector<MiniBlockHeader> Promises::in(uint64_t first, uint64_t last) const {
    std::vector<MiniBlockHeader> all;
    for (const auto& [signer, own] : signers_) {
        append_range(own.blocks, first, last, all);
    }
    std::ranges::sort(all, {}, place_of);
    return all;
}

std::vector<MiniBlockHeader> Promises::of(const Address& signer, uint64_t first, uint64_t last)
    const {
    std::vector<MiniBlockHeader> all;
    if (const auto own = signers_.find(signer); own != signers_.end()) {
        append_range(own->second.blocks, first, last, all);
    }
    std::ranges::sort(all, {}, place_of);
    return all;
}

void Promises::settle(uint64_t first, uint64_t last, std::span<const Hash256> signing_hashes) {
    Settled batch{first, last, {signing_hashes.begin(), signing_hashes.end()}};
    for (auto& [signer, own] : signers_) {
        const auto end = own.blocks.upper_bound(last);
        for (auto at = own.blocks.lower_bound(first); at != end; at = own.blocks.erase(at)) {
            own.count -= at->second.size();
            // Whatever came of them: once is enough.
            for (const auto& [hash, header] : at->second) {
                batch.hashes.insert(hash);
            }
        }
    }
    settled_.push_back(std::move(batch));
    size_t hashes = 0;
    for (const Settled& each : settled_) {
        hashes += each.hashes.size();
    }
    while (settled_.size() > max_settled || (settled_.size() > 1 && hashes > max_settled_hashes)) {
        hashes -= settled_.front().hashes.size();
        settled_.pop_front();
    }
}

size_t Promises::size() const {
    size_t all = 0;
    for (const auto& [signer, own] : signers_) {
        all += own.count;
    }
    return all;
}

Judgement judge(
    const Address& signer,
    std::span<const MiniBlockHeader> promised,
    std::span<const MiniBlockHeader> posted,
    uint64_t last_block
) {
    std::set<Hash256> hashes;
    std::set<uint64_t> blocks_of_others;
    // What stands in each place of the batch: true if it is another's.
    std::map<std::pair<uint64_t, uint64_t>, bool> is_of_other;
    for (const MiniBlockHeader& header : posted) {
        hashes.insert(signing_hash(header));
        const bool is_other = recover_signer(header) != signer;
        is_of_other[{header.block_number, header.index}] = is_other;
        if (is_other) {
            blocks_of_others.insert(header.block_number);
        }
    }
    Judgement judgement;
    for (const MiniBlockHeader& header : promised) {
        if (hashes.contains(signing_hash(header))) {
            continue;
        }
        const auto after = is_of_other.upper_bound({header.block_number, header.index});
        const bool follows_other = after != is_of_other.begin() && std::prev(after)->second;
        const bool precedes_other = after != is_of_other.end() && after->second;
        const bool is_at_the_end = header.block_number == last_block && after == is_of_other.end();
        if (is_at_the_end || follows_other || precedes_other ||
            blocks_of_others.contains(header.block_number)) {
            ++judgement.handed_over;
        } else {
            judgement.left_out.push_back(header);
        }
    }
    return judgement;
}

}  // namespace mega::staking
