#include "parallel/look_ahead.hpp"

#include "base/assert.hpp"
#include "crypto/keccak.hpp"

#include <utility>

namespace mega::parallel {

void LookAhead::add(const SignedTransaction& tx, const HashForecast* forecast) {
    MEGA_ASSERT(count_ < most);
    Call& call = calls_[count_++];
    call.tx = &tx;
    call.forecast = forecast != nullptr && !forecast->is_empty() ? forecast : nullptr;
    is_any_foreseen_ = is_any_foreseen_ || call.forecast != nullptr;
    call.is_known.fill(false);
}

void LookAhead::hash(const evm::HashCache& cache) {
    constexpr int deepest = 2;  // a mapping in a mapping
    if (!is_any_foreseen_) {
        return;
    }
    for (int depth = 0; depth < deepest; ++depth) {
        for (Call& call : std::span{calls_}.first(count_)) {
            if (call.forecast != nullptr) {
                gather(cache, call);
            }
        }
        hash_gathered();
    }
}

void LookAhead::gather(const evm::HashCache& cache, Call& call) {
    const HashForecast& forecast = *call.forecast;
    const auto was_known = call.is_known;
    for (size_t i = 0; i < forecast.rules.size(); ++i) {
        const PreimageRule& rule = forecast.rules[i];
        const bool is_inner = rule.outer != PreimageRule::none;
        if (!forecast.holds[i] || was_known[i] || (is_inner && !was_known[rule.outer])) {
            continue;
        }
        const auto words =
            preimage_by(rule, *call.tx, is_inner ? call.hashed[rule.outer].hash : rule.slot);
        if (!words) {
            continue;
        }
        Hashed& hashed = call.hashed[i];
        hashed.words = *words;
        call.is_known[i] = true;
        if (const Hash256* known = cache.find(hashed.words)) {
            hashed.hash = *known;
        } else {
            wanted_[wanted_count_++] = &hashed;
        }
    }
}

void LookAhead::hash_gathered() {
    const size_t count = std::exchange(wanted_count_, 0);
    if (count == 0) {
        return;
    }
    std::array<BytesView, most * HashForecast::most_rules> inputs;
    std::array<Hash256, most * HashForecast::most_rules> hashes;
    for (size_t i = 0; i < count; ++i) {
        inputs[i] = evm::HashCache::as_view(wanted_[i]->words);
    }
    crypto::keccak256_many(std::span{inputs}.first(count), std::span{hashes}.first(count));
    for (size_t i = 0; i < count; ++i) {
        wanted_[i]->hash = hashes[i];
    }
}

void LookAhead::give(size_t index, evm::HashCache& cache) const {
    const Call& call = calls_[index];
    for (size_t i = 0; i < call.hashed.size(); ++i) {
        if (call.is_known[i]) {
            cache.put(call.hashed[i]);
        }
    }
}

/// Senders and whom they call: of one contract after the other, each once.
void LookAhead::gather_accounts() {
    accounts_.clear();
    const Address* last = nullptr;
    for (const Call& call : std::span{calls_}.first(count_)) {
        accounts_.push_back(call.tx->sender);
        const auto& to = call.tx->tx.to;
        if (to && (last == nullptr || *last != *to)) {
            accounts_.push_back(*to);
            last = &*to;
        }
    }
}

void LookAhead::gather_slots() {
    slots_.clear();
    for (const Call& call : std::span{calls_}.first(count_)) {
        for (size_t i = 0; call.forecast != nullptr && i < call.hashed.size(); ++i) {
            if (call.is_known[i] && call.forecast->contracts[i]) {
                slots_.push_back({*call.forecast->contracts[i], to_u256(call.hashed[i].hash)});
            }
        }
    }
}

}  // namespace mega::parallel
