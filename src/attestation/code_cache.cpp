#include "attestation/code_cache.hpp"

namespace mega::attestation {
namespace {

/// With the jump destinations and the containers around it.
size_t cost_of(const evm::Code& code) { return code.size() + code.size() / 8 + 256; }

}  // namespace

std::vector<Hash256> CodeCache::hashes() const {
    std::vector<Hash256> all;
    all.reserve(order_.size());
    for (const auto& code : order_) {
        all.push_back(code.hash);
    }
    return all;
}

std::vector<witness::WitnessCode> CodeCache::fill(witness::Witness& witness) {
    std::vector<witness::WitnessCode> found;
    for (const auto& code : witness.codes) {
        const auto place = code.code ? places_.end() : places_.find(code.hash);
        if (place != places_.end()) {
            order_.splice(order_.begin(), order_, place->second);
            found.push_back(*place->second);
        }
    }
    witness::fill_codes(witness, found);
    return found;
}

void CodeCache::keep(const witness::Witness& witness) {
    for (const auto& code : witness.codes) {
        if (!code.code || cost_of(*code.code) > max_bytes_) {
            continue;
        }
        if (places_.contains(code.hash)) {
            continue;
        }
        order_.push_front(code);
        places_.emplace(code.hash, order_.begin());
        bytes_ += cost_of(*code.code);
    }
    while (bytes_ > max_bytes_ || order_.size() > max_codes_) {
        bytes_ -= cost_of(*order_.back().code);
        places_.erase(order_.back().hash);
        order_.pop_back();
    }
}

}  // namespace mega::attestation
