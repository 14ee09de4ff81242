#pragma once

// The versioned flat state in memory: 256 segments, each behind a lock held for one lookup, over
// the database's tables accounts and slots. StateStore adds snapshots, history and checkpoints.
// Thread-safe where said.

#include "state/diff.hpp"
#include "state/hash.hpp"
#include "storage/database.hpp"
#include "storage/state_records.hpp"
#include "storage/versioned_table.hpp"

#include <atomic>
#include <mutex>

namespace mega::storage {

class FlatCache {
  public:
    static constexpr size_t segment_count = 256;
    /// Reads the newest values.
    static constexpr StateVersion newest = UINT64_MAX;

    FlatCache(const Database& database, size_t limit_bytes);

    /// Any thread whose `version` is live (or `newest`, while nothing is applied).
    [[nodiscard]] Result<std::optional<Account>> account(
        const Address& address, StateVersion version
    );
    [[nodiscard]] Result<u256> slot(const SlotKey& key, StateVersion version);

    /// Writer only, and no snapshot may be opened meanwhile. Storage that `diff` clears must be
    /// listed slot by slot.
    void apply(
        const state::StateDiff& diff, StateVersion version, std::span<const StateVersion> live
    );
    void set_limits(StateVersion checkpointed, StateVersion oldest_live);

    /// The slots of `address` that may be other than zero in the newest state or in a live
    /// snapshot: a superset.
    [[nodiscard]] Result<std::vector<SlotKey>> slots_of(const Address& address);
    [[nodiscard]] size_t bytes() const;

  private:
    struct alignas(64) Segment {
        mutable std::mutex mutex;
        // Guarded by mutex.
        VersionedTable<Address, std::optional<Account>> accounts;
        VersionedTable<SlotKey, u256> slots;
    };

    [[nodiscard]] uint64_t hash_of(const SlotKey& key) const {
        return hash_(hash_(key.address), key.slot);
    }
    [[nodiscard]] Segment& segment_of(uint64_t hash) { return segments_[hash >> 56]; }
    [[nodiscard]] EvictionLimits limits() const;
    void evict(Segment& segment);
    template <class Key, class Value>
    void fill(
        Segment& segment,
        VersionedTable<Key, Value>& table,
        uint64_t hash,
        const Key& key,
        const Value& value
    );

    const Database& database_;
    const size_t segment_limit_bytes_;
    const state::SeededHash hash_;
    std::vector<Segment> segments_;
    std::atomic<StateVersion> checkpointed_{0};
    std::atomic<StateVersion> oldest_live_{0};
};

}  // namespace mega::storage
