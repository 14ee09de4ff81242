#pragma once

// An open-addressing table from a 64-bit hash to an index into the owner's entry array. Emptied in
// constant time: a bucket counts only when it carries the present stamp. The owner compares full
// keys; nothing is ever removed singly.

#include "base/assert.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace mega::state {

class IndexTable {
  public:
    static constexpr uint32_t none = UINT32_MAX;

    IndexTable() : buckets_(initial_buckets) {}

    void clear() {
        used_ = 0;
        if (++stamp_ == 0) {
            buckets_.assign(buckets_.size(), Bucket{});
            stamp_ = 1;
        }
    }

    /// The index whose entry satisfies `is_key(index)`, or `none`.
    template <class IsKey>
    [[nodiscard]] uint32_t find(uint64_t hash, IsKey&& is_key) const {
        const size_t mask = buckets_.size() - 1;
        for (size_t i = hash & mask; buckets_[i].stamp == stamp_; i = (i + 1) & mask) {
            if (buckets_[i].hash == hash && is_key(buckets_[i].index)) {
                return buckets_[i].index;
            }
        }
        return none;
    }

    // For who looks for many, and has the memory work on all of them at once: expect() each, then
    // fetch what likely_index() gives for each, then find().
    void expect(uint64_t hash) const {
        __builtin_prefetch(&buckets_[hash & (buckets_.size() - 1)]);
    }
    /// The first index with this hash, whatever its key; or `none`.
    [[nodiscard]] uint32_t likely_index(uint64_t hash) const {
        return find(hash, [](uint32_t) { return true; });
    }

    /// Puts `index` in the place of the one that find() would give, which is returned; inserts it
    /// where there is none.
    template <class IsKey>
    uint32_t exchange(uint64_t hash, uint32_t index, IsKey&& is_key) {
        const size_t mask = buckets_.size() - 1;
        for (size_t i = hash & mask; buckets_[i].stamp == stamp_; i = (i + 1) & mask) {
            if (buckets_[i].hash == hash && is_key(buckets_[i].index)) {
                return std::exchange(buckets_[i].index, index);
            }
        }
        insert(hash, index);
        return none;
    }

    /// The key must be absent.
    void insert(uint64_t hash, uint32_t index) {
        if (2 * (used_ + 1) > buckets_.size()) {
            grow();
        }
        place(hash, index);
        ++used_;
    }

  private:
    struct Bucket {
        uint64_t hash = 0;
        uint32_t index = 0;
        uint32_t stamp = 0;
    };
    static constexpr size_t initial_buckets = 64;  // a power of two

    void place(uint64_t hash, uint32_t index) {
        const size_t mask = buckets_.size() - 1;
        size_t i = hash & mask;
        while (buckets_[i].stamp == stamp_) {
            i = (i + 1) & mask;
        }
        buckets_[i] = {hash, index, stamp_};
    }

    void grow() {
        std::vector<Bucket> old(buckets_.size() * 2);
        old.swap(buckets_);
        for (const Bucket& bucket : old) {
            if (bucket.stamp == stamp_) {
                place(bucket.hash, bucket.index);
            }
        }
    }

    std::vector<Bucket> buckets_;
    size_t used_ = 0;
    uint32_t stamp_ = 1;
};

}  // namespace mega::state
