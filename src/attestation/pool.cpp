#include "attestation/pool.hpp"

#include "base/assert.hpp"

namespace mega::attestation {

Pool::Added Pool::judge(const Attestation& attestation) const {
    const auto block = blocks_.find(attestation.block_number);
    if (block == blocks_.end()) {
        const bool is_full = blocks_.size() >= options_.max_blocks;
        return is_full && attestation.block_number < blocks_.begin()->first ? Added::too_old
                                                                            : Added::added;
    }
    if (block->second.statement != static_cast<const Statement&>(attestation)) {
        return Added::contradicts;
    }
    if (block->second.signatures.contains(attestation.key)) {
        return Added::known;
    }
    return block->second.signatures.size() >= options_.max_keys ? Added::full : Added::added;
}

Pool::Added Pool::add(const Attestation& attestation) {
    const Added judged = judge(attestation);
    if (judged != Added::added) {
        return judged;
    }
    Block& block = blocks_[attestation.block_number];
    block.statement = attestation;
    block.signatures.emplace(attestation.key, attestation.signature);
    while (blocks_.size() > options_.max_blocks) {
        blocks_.erase(blocks_.begin());
    }
    return Added::added;
}

void Pool::forget_from(uint64_t block_number) {
    blocks_.erase(blocks_.lower_bound(block_number), blocks_.end());
}

std::optional<Aggregate> Pool::aggregate(
    uint64_t block_number, const std::function<bool(const crypto::bls::PublicKey&)>& counts
) const {
    const auto block = blocks_.find(block_number);
    if (block == blocks_.end()) {
        return std::nullopt;
    }
    Aggregate sum;
    sum.statement = block->second.statement;
    std::vector<crypto::bls::Signature> signatures;
    for (const auto& [key, signature] : block->second.signatures) {
        if (!counts || counts(key)) {
            sum.keys.push_back(key);
            signatures.push_back(signature);
        }
    }
    if (signatures.empty()) {
        return std::nullopt;
    }
    const auto signature = crypto::bls::aggregate(signatures);
    MEGA_ASSERT(signature.has_value());  // each was verified
    sum.signature = *signature;
    return sum;
}

std::vector<crypto::bls::PublicKey> Pool::keys(uint64_t block_number, const Hash256& block_hash)
    const {
    std::vector<crypto::bls::PublicKey> all;
    const auto block = blocks_.find(block_number);
    if (block != blocks_.end() && block->second.statement.block_hash == block_hash) {
        for (const auto& [key, signature] : block->second.signatures) {
            all.push_back(key);
        }
    }
    return all;
}

std::vector<Attestation> Pool::attestations(uint64_t block_number) const {
    std::vector<Attestation> all;
    if (const auto block = blocks_.find(block_number); block != blocks_.end()) {
        for (const auto& [key, signature] : block->second.signatures) {
            all.push_back({block->second.statement, key, signature});
        }
    }
    return all;
}

std::optional<Attestation> Pool::find(uint64_t block_number, const crypto::bls::PublicKey& key)
    const {
    const auto block = blocks_.find(block_number);
    if (block == blocks_.end()) {
        return std::nullopt;
    }
    const auto signature = block->second.signatures.find(key);
    return signature == block->second.signatures.end()
               ? std::nullopt
               : std::optional{Attestation{block->second.statement, key, signature->second}};
}

size_t Pool::size() const {
    size_t total = 0;
    for (const auto& [number, block] : blocks_) {
        total += block.signatures.size();
    }
    return total;
}

}  // namespace mega::attestation
