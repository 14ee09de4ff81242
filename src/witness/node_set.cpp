#include "witness/node_set.hpp"

#include "crypto/keccak.hpp"

#include <algorithm>
#include <bit>
#include <numeric>

namespace mega::witness {

NodeSet NodeSet::of(std::span<const Bytes> nodes) {
    const std::vector<BytesView> views(nodes.begin(), nodes.end());
    std::vector<Hash256> hashes(views.size());
    crypto::keccak256_many(views, hashes);
    NodeSet set;
    for (size_t i = 0; i < views.size(); ++i) {
        set.add(hashes[i], views[i]);
    }
    set.seal();
    return set;
}

void NodeSet::add(const Hash256& hash, BytesView rlp) {
    entries_.push_back({hash, bytes_.size(), rlp.size()});
    append(bytes_, rlp);
}

void NodeSet::seal() {
    std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
        return a.hash < b.hash;
    });
    const auto is_same = [](const Entry& a, const Entry& b) { return a.hash == b.hash; };
    entries_.erase(std::unique(entries_.begin(), entries_.end(), is_same), entries_.end());
    MEGA_ASSERT(entries_.size() < UINT32_MAX);
    lead_bits_ = static_cast<unsigned>(std::bit_width(entries_.size()));
    runs_.assign((size_t{1} << lead_bits_) + 1, 0);
    for (const Entry& entry : entries_) {
        ++runs_[lead_of(entry.hash) + 1];
    }
    std::partial_sum(runs_.begin(), runs_.end(), runs_.begin());
}

size_t NodeSet::lead_of(const Hash256& hash) const {
    uint64_t lead = 0;
    for (size_t i = 0; i < sizeof(lead); ++i) {
        lead = lead << 8 | hash[i];
    }
    return lead_bits_ == 0 ? 0 : static_cast<size_t>(lead >> (64 - lead_bits_));
}

std::optional<size_t> NodeSet::find(const Hash256& hash) const {
    const size_t lead = lead_of(hash);
    const auto first = entries_.begin() + runs_[lead];
    const auto last = entries_.begin() + runs_[lead + 1];
    const auto found =
        std::lower_bound(first, last, hash, [](const Entry& entry, const Hash256& wanted) {
            return entry.hash < wanted;
        });
    if (found == last || found->hash != hash) {
        return std::nullopt;
    }
    return static_cast<size_t>(found - entries_.begin());
}

std::optional<Bytes> NodeSet::load(
    const trie::TreeId& /*tree*/, BytesView /*path*/, const Hash256& hash
) const {
    const auto index = find(hash);
    if (!index) {
        return std::nullopt;
    }
    return to_bytes(rlp(*index));
}

}  // namespace mega::witness
