#include "staking/committee.hpp"

#include "crypto/keccak.hpp"

#include <algorithm>

namespace mega::staking {
namespace {

using settlement::abi::Encoder;

}  // namespace

Bytes members_tuple(const Committee& committee) {
    std::vector<Hash256> ids;
    std::vector<Hash256> stakes;
    for (size_t i = 0; i < committee.members.size(); ++i) {
        ids.push_back(u256{uint64_t{committee.ids[i]}}.to_hash());
        stakes.push_back(committee.members[i].stake.to_hash());
    }
    return Encoder().words(ids).words(stakes).take();
}

Hash256 members_hash(const Committee& committee) {
    return crypto::keccak256(members_tuple(committee));
}

std::optional<WideAggregate> widen(const Committee& committee, const attestation::Aggregate& sum) {
    const auto weight = committee.weigh(sum.keys);
    const auto signature = crypto::bls::widen(sum.signature);
    if (weight.attesters != sum.keys.size() || sum.keys.empty() || !signature) {
        return std::nullopt;
    }
    return WideAggregate{weight.bitmap, *signature};
}

Bytes aggregate_tuple(const WideAggregate& sum) {
    return Encoder().word(sum.bitmap).bytes(sum.signature).take();
}

std::optional<Hash256> contract_hash_of(const crypto::bls::PublicKey& key) {
    const auto wide = crypto::bls::widen(key);
    if (!wide) {
        return std::nullopt;
    }
    // x and y are 16 zero bytes, 16 upper and 32 lower ones.
    Bytes words;
    append(words, wide->view().subspan(16, 16));
    append(words, wide->view().subspan(80, 16));
    append(words, wide->view().subspan(32, 32));
    append(words, wide->view().subspan(96, 32));
    return crypto::keccak256(words);
}

}  // namespace mega::staking
