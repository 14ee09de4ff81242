#pragma once

// One segment's keys with their values by version. Open addressing over an array of entries; older
// values hang off an entry as a chain in a pool, so that a table in its stride allocates nothing.
// Not thread-safe: the owner's lock guards it.
//
// The newest value of a key is in its entry. An older value stays while a live snapshot needs it:
// value v of versions [v.version, next.version) is needed when a live snapshot lies in that range.
// A key that is absent was not changed since the oldest live snapshot: its value is the database's.

#include "base/assert.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace mega::storage {

using StateVersion = uint64_t;

/// What eviction may rely on. Both only grow, so a stale copy errs on the side of keeping.
struct EvictionLimits {
    StateVersion checkpointed = 0;  // the database has everything up to here
    StateVersion oldest_live = 0;   // no snapshot is older
};

template <class Key, class Value>
class VersionedTable {
  public:
    VersionedTable() : buckets_(initial_buckets, none) {}

    /// The value at `version`; nothing when the key is absent.
    [[nodiscard]] std::optional<Value> read(uint64_t hash, const Key& key, StateVersion version) {
        const size_t bucket = find(hash, key);
        if (buckets_[bucket] == none) {
            return std::nullopt;
        }
        Entry& entry = entries_[buckets_[bucket]];
        entry.is_referenced = true;
        if (entry.version <= version) {
            return entry.newest;
        }
        uint32_t at = entry.older;
        while (at != none && older_[at].version > version) {
            at = older_[at].next;
        }
        MEGA_ASSERT(at != none);  // a live snapshot's values are never dropped
        return older_[at].value;
    }

    /// Adds what the database holds for an absent key. A key that came meanwhile is left alone.
    void fill(uint64_t hash, const Key& key, const Value& value) {
        const size_t bucket = find(hash, key);
        if (buckets_[bucket] == none) {
            add(bucket, hash, key, value, 0);
        }
    }

    /// Sets the value from `version` on; `before` is the value until then. `live` is sorted.
    void write(
        uint64_t hash,
        const Key& key,
        const Value& before,
        const Value& after,
        StateVersion version,
        std::span<const StateVersion> live
    ) {
        const size_t bucket = find(hash, key);
        const bool is_absent = buckets_[bucket] == none;
        Entry& entry = is_absent ? add(bucket, hash, key, before, 0) : entries_[buckets_[bucket]];
        if (entry.version != version) {
            MEGA_ASSERT(entry.version < version);
            push_older(entry);
            entry.version = version;
            prune(entry, [&](StateVersion from, StateVersion to) {
                const auto at = std::lower_bound(live.begin(), live.end(), from);
                return at != live.end() && *at < to;
            });
        }
        entry.newest = after;
        entry.is_referenced = true;
    }

    /// Removes clean, unreferenced entries until at most `limit` bytes are in use, looking at no
    /// more than `steps`.
    void evict(size_t limit_bytes, size_t steps, const EvictionLimits& limits) {
        while (steps-- > 0 && bytes() > limit_bytes && !entries_.empty()) {
            hand_ = hand_ < entries_.size() ? hand_ : 0;
            Entry& entry = entries_[hand_];
            prune(entry, [&](StateVersion, StateVersion to) { return to > limits.oldest_live; });
            const bool is_clean = entry.version <= limits.checkpointed &&
                                  entry.version <= limits.oldest_live && entry.older == none;
            if (is_clean && !entry.is_referenced) {
                remove(hand_);
                continue;
            }
            entry.is_referenced = false;
            ++hand_;
        }
    }

    /// Calls `visit(key, version of the newest value)` for every key.
    template <class Visit>
    void for_each(Visit&& visit) const {
        for (const Entry& entry : entries_) {
            visit(entry.key, entry.version);
        }
    }

    [[nodiscard]] size_t size() const { return entries_.size(); }
    [[nodiscard]] size_t bytes() const {
        return entries_.size() * (sizeof(Entry) + 2 * sizeof(uint32_t)) +
               older_count_ * sizeof(Older);
    }

  private:
    static constexpr uint32_t none = UINT32_MAX;
    static constexpr size_t initial_buckets = 16;  // a power of two

    struct Entry {
        Key key;
        Value newest;
        uint64_t hash;
        StateVersion version;
        uint32_t older;  // into older_, newest first
        bool is_referenced;
    };
    struct Older {
        Value value;
        StateVersion version;
        uint32_t next;
    };

    /// The bucket of the key, or the empty one where it belongs.
    [[nodiscard]] size_t find(uint64_t hash, const Key& key) const {
        const size_t mask = buckets_.size() - 1;
        size_t bucket = hash & mask;
        while (buckets_[bucket] != none) {
            const Entry& entry = entries_[buckets_[bucket]];
            if (entry.hash == hash && entry.key == key) {
                break;
            }
            bucket = (bucket + 1) & mask;
        }
        return bucket;
    }

    Entry& add(
        size_t bucket, uint64_t hash, const Key& key, const Value& value, StateVersion version
    ) {
        if (2 * (entries_.size() + 1) > buckets_.size()) {
            grow();
            bucket = find(hash, key);
        }
        MEGA_ASSERT(entries_.size() < none);
        buckets_[bucket] = static_cast<uint32_t>(entries_.size());
        return entries_.emplace_back(Entry{key, value, hash, version, none, true});
    }

    void grow() {
        buckets_.assign(buckets_.size() * 2, none);
        const size_t mask = buckets_.size() - 1;
        for (uint32_t i = 0; i < entries_.size(); ++i) {
            size_t bucket = entries_[i].hash & mask;
            while (buckets_[bucket] != none) {
                bucket = (bucket + 1) & mask;
            }
            buckets_[bucket] = i;
        }
    }

    void push_older(Entry& entry) {
        uint32_t place = free_older_;
        if (place != none) {
            free_older_ = older_[place].next;
        } else {
            place = static_cast<uint32_t>(older_.size());
            older_.emplace_back();
        }
        older_[place] = {entry.newest, entry.version, entry.older};
        entry.older = place;
        ++older_count_;
    }

    /// Drops older values for which `is_needed(from version, to version)` is false.
    template <class IsNeeded>
    void prune(Entry& entry, IsNeeded&& is_needed) {
        uint32_t* link = &entry.older;
        StateVersion next_version = entry.version;
        while (*link != none) {
            const uint32_t place = *link;
            Older& older = older_[place];
            const StateVersion version = older.version;
            if (is_needed(version, next_version)) {
                link = &older.next;
            } else {
                *link = older.next;
                older.next = free_older_;
                free_older_ = place;
                --older_count_;
            }
            next_version = version;
        }
    }

    /// The last entry takes the place of the removed one.
    void remove(size_t index) {
        close_gap(find(entries_[index].hash, entries_[index].key));
        const size_t last = entries_.size() - 1;
        if (index != last) {
            buckets_[find(entries_[last].hash, entries_[last].key)] = static_cast<uint32_t>(index);
            entries_[index] = std::move(entries_[last]);
        }
        entries_.pop_back();
    }

    /// Empties a bucket and moves up the ones that were pushed past it.
    void close_gap(size_t gap) {
        const size_t mask = buckets_.size() - 1;
        size_t bucket = gap;
        while (true) {
            bucket = (bucket + 1) & mask;
            if (buckets_[bucket] == none) {
                break;
            }
            const size_t home = entries_[buckets_[bucket]].hash & mask;
            if (((bucket - home) & mask) >= ((bucket - gap) & mask)) {
                buckets_[gap] = buckets_[bucket];
                gap = bucket;
            }
        }
        buckets_[gap] = none;
    }

    std::vector<Entry> entries_;
    std::vector<uint32_t> buckets_;  // into entries_
    std::vector<Older> older_;
    uint32_t free_older_ = none;
    size_t older_count_ = 0;
    size_t hand_ = 0;
};

}  // namespace mega::storage
