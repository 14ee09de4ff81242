#pragma once

// Contract codes by hash, analysed once, shared by all threads. Bounded: the least recently used go
// first. Codes that the database does not hold yet are pinned. Thread-safe.

#include "state/view.hpp"

#include <list>
#include <mutex>
#include <unordered_map>

namespace mega::storage {

class CodeCache {
  public:
    explicit CodeCache(size_t limit_bytes) : limit_bytes_(limit_bytes) {}

    /// Null when it is not here.
    [[nodiscard]] evm::CodePtr find(const Hash256& code_hash);
    void insert(const Hash256& code_hash, evm::CodePtr code);
    /// Keeps the code until `unpin` with at least this version.
    void pin(const Hash256& code_hash, evm::CodePtr code, uint64_t version);
    void unpin(uint64_t up_to_version);
    [[nodiscard]] size_t bytes() const;

  private:
    struct Entry {
        evm::CodePtr code;
        uint64_t pinned_version = 0;  // 0: not pinned
        std::list<Hash256>::iterator place;
    };
    void insert_locked(const Hash256& code_hash, evm::CodePtr code, uint64_t version);
    void evict();

    const size_t limit_bytes_;
    mutable std::mutex mutex_;
    // All below are guarded by mutex_.
    std::unordered_map<Hash256, Entry> entries_;
    std::list<Hash256> by_use_;  // latest first
    size_t bytes_ = 0;
};

}  // namespace mega::storage
