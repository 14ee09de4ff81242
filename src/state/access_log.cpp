#include "state/access_log.hpp"

#include "crypto/keccak.hpp"

#include <algorithm>

namespace mega::state {

void AccessLog::note_code(const Hash256& code_hash) {
    if (code_hash != crypto::keccak256_of_empty && known_codes_.insert(code_hash).second) {
        codes_.push_back(code_hash);
    }
}

void AccessLog::note_block_hash(uint64_t number) {
    lowest_block_hash_ = std::min(lowest_block_hash_.value_or(number), number);
}

void AccessLog::return_to(const Mark& mark) {
    for (size_t i = mark.codes; i < codes_.size(); ++i) {
        known_codes_.erase(codes_[i]);
    }
    accounts_.resize(mark.accounts);
    slots_.resize(mark.slots);
    codes_.resize(mark.codes);
    lowest_block_hash_ = mark.lowest_block_hash;
}

void AccessLog::absorb(const StateDiff& diff) {
    for (const CodeAdded& added : diff.codes) {
        known_codes_.insert(added.code_hash);
    }
    for (const AccountChange& change : diff.accounts) {
        if (change.storage_cleared) {
            cleared_.insert(change.address);
        }
    }
}

size_t AccessLog::size_bytes() const {
    return sizeof(*this) + accounts_.capacity() * sizeof(Address) +
           slots_.capacity() * sizeof(Slot) + codes_.capacity() * sizeof(Hash256);
}

void AccessLog::shrink() {
    accounts_.shrink_to_fit();
    slots_.shrink_to_fit();
    codes_.shrink_to_fit();
    known_codes_ = {};
    cleared_ = {};
}

}  // namespace mega::state
