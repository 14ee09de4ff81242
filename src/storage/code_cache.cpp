#include "storage/code_cache.hpp"

namespace mega::storage {
namespace {

/// The code, its padded copy's slack, the jump bitmap and the bookkeeping, roughly.
size_t weight_of(const evm::CodePtr& code) { return code->size() + code->size() / 8 + 256; }

}  // namespace

evm::CodePtr CodeCache::find(const Hash256& code_hash) {
    const std::lock_guard lock(mutex_);
    const auto at = entries_.find(code_hash);
    if (at == entries_.end()) {
        return nullptr;
    }
    by_use_.splice(by_use_.begin(), by_use_, at->second.place);
    return at->second.code;
}

void CodeCache::insert(const Hash256& code_hash, evm::CodePtr code) {
    const std::lock_guard lock(mutex_);
    insert_locked(code_hash, std::move(code), 0);
}

void CodeCache::pin(const Hash256& code_hash, evm::CodePtr code, uint64_t version) {
    const std::lock_guard lock(mutex_);
    insert_locked(code_hash, std::move(code), version);
}

void CodeCache::insert_locked(const Hash256& code_hash, evm::CodePtr code, uint64_t version) {
    const auto [at, is_new] = entries_.try_emplace(code_hash);
    Entry& entry = at->second;
    entry.pinned_version = std::max(entry.pinned_version, version);
    if (!is_new) {
        return;
    }
    bytes_ += weight_of(code);
    entry.code = std::move(code);
    by_use_.push_front(code_hash);
    entry.place = by_use_.begin();
    evict();
}

void CodeCache::unpin(uint64_t up_to_version) {
    const std::lock_guard lock(mutex_);
    for (auto& [hash, entry] : entries_) {
        if (entry.pinned_version <= up_to_version) {
            entry.pinned_version = 0;
        }
    }
    evict();
}

void CodeCache::evict() {
    for (auto at = by_use_.end(); bytes_ > limit_bytes_ && at != by_use_.begin();) {
        --at;
        const auto entry = entries_.find(*at);
        if (entry->second.pinned_version != 0) {
            continue;
        }
        bytes_ -= weight_of(entry->second.code);
        entries_.erase(entry);
        at = by_use_.erase(at);
    }
}

size_t CodeCache::bytes() const {
    const std::lock_guard lock(mutex_);
    return bytes_;
}

}  // namespace mega::storage
