#include "staking/draw.hpp"

#include "crypto/keccak.hpp"
#include "settlement/abi.hpp"

#include <algorithm>
#include <numeric>

namespace mega::staking {
namespace {

using settlement::abi::Encoder;

}  // namespace

std::vector<size_t> order(std::span<const u256> weights, const Hash256& seed, size_t count) {
    std::vector<u256> rest(weights.begin(), weights.end());
    u256 left = std::accumulate(rest.begin(), rest.end(), u256{});
    const auto positive =
        std::ranges::count_if(rest, [](const u256& weight) { return !weight.is_zero(); });
    std::vector<size_t> picked(std::min(count, static_cast<size_t>(positive)));
    for (size_t i = 0; i < picked.size(); ++i) {
        const Hash256 drawn =
            crypto::keccak256(Encoder().word(seed).word(u256{uint64_t{i}}).take());
        const u256 point = to_u256(drawn) % left;
        size_t at = 0;
        // Ends: the point is below the sum of all that is left.
        for (u256 sum = rest[0]; sum <= point; sum += rest[at]) {
            ++at;
        }
        picked[i] = at;
        left = left - rest[at];
        rest[at] = u256{};
    }
    return picked;
}

Hash256 epoch_seed(const SeedFacts& facts) {
    // A string is dynamic: its bytes come behind the five words.
    return crypto::keccak256(Encoder()
                                 .bytes(as_bytes("mega.epoch"))
                                 .word(u256{facts.l1_chain_id})
                                 .word(u256{facts.l2_chain_id})
                                 .word(u256{facts.epoch})
                                 .word(facts.prev_randao)
                                 .word(facts.block_hash)
                                 .take());
}

std::vector<size_t> slot_order(std::span<const u256> stakes, const Hash256& seed, uint64_t slot) {
    const Hash256 slot_seed = crypto::keccak256(
        Encoder().bytes(as_bytes("mega.leader")).word(seed).word(u256{slot}).take()
    );
    return order(stakes, slot_seed, max_ranks);
}

std::vector<size_t> committee_order(
    std::span<const u256> stakes, const Hash256& seed, size_t size
) {
    if (stakes.size() <= size) {
        std::vector<size_t> all(stakes.size());
        std::iota(all.begin(), all.end(), size_t{0});
        return all;
    }
    const Hash256 committee_seed =
        crypto::keccak256(Encoder().bytes(as_bytes("mega.committee")).word(seed).take());
    return order(stakes, committee_seed, size);
}

}  // namespace mega::staking
