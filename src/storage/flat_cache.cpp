#include "storage/flat_cache.hpp"

#include <random>

namespace mega::storage {
namespace {

// An insertion pays for the eviction of what it displaces; looking at a few keys at a time keeps
// both short.
constexpr size_t eviction_steps = 8;

uint64_t random_seed() {
    std::random_device device;
    return (uint64_t{device()} << 32) | device();
}

Err<Error> damaged(std::string_view what, BytesView key) {
    return Err{Error{"database: damaged " + std::string(what) + " record at " + to_hex(key)}};
}

Result<std::optional<Account>> load_account(const Database& database, const Address& address) {
    const auto record = database.get(Table::accounts, address);
    if (!record) {
        return Err{record.error()};
    }
    if (!*record) {
        return std::optional<Account>{};
    }
    const auto account = decode_account_record(**record);
    if (!account) {
        return damaged("account", address);
    }
    return account;
}

Result<u256> load_slot(const Database& database, const SlotKey& key) {
    const Bytes table_key = slot_table_key(key);
    const auto record = database.get(Table::slots, table_key);
    if (!record) {
        return Err{record.error()};
    }
    const auto value = decode_word(*record ? BytesView{**record} : BytesView{});
    if (!value) {
        return damaged("slot", table_key);
    }
    return *value;
}

}  // namespace

FlatCache::FlatCache(const Database& database, size_t limit_bytes)
    : database_(database),
      segment_limit_bytes_(limit_bytes / segment_count),
      hash_(random_seed()),
      segments_(segment_count) {}

EvictionLimits FlatCache::limits() const {
    return {
        .checkpointed = checkpointed_.load(),
        .oldest_live = oldest_live_.load(),
    };
}

void FlatCache::set_limits(StateVersion checkpointed, StateVersion oldest_live) {
    checkpointed_ = checkpointed;
    oldest_live_ = oldest_live;
}

// Reads look in the table, then in the database without the lock, then fill the table. A key that
// was written in between is in the table by then and wins: only there are its old versions told
// apart.

/// Under the segment's lock.
void FlatCache::evict(Segment& segment) {
    const size_t accounts = segment.accounts.bytes();
    const size_t slots = segment.slots.bytes();
    if (accounts + slots <= segment_limit_bytes_) {
        return;
    }
    const auto rest = [&](size_t other) {
        return segment_limit_bytes_ - std::min(segment_limit_bytes_, other);
    };
    segment.accounts.evict(rest(slots), eviction_steps, limits());
    segment.slots.evict(rest(segment.accounts.bytes()), eviction_steps, limits());
}

template <class Key, class Value>
void FlatCache::fill(
    Segment& segment,
    VersionedTable<Key, Value>& table,
    uint64_t hash,
    const Key& key,
    const Value& value
) {
    evict(segment);
    table.fill(hash, key, value);
}

Result<std::optional<Account>> FlatCache::account(const Address& address, StateVersion version) {
    const uint64_t hash = hash_(address);
    Segment& segment = segment_of(hash);
    {
        const std::lock_guard lock(segment.mutex);
        if (const auto value = segment.accounts.read(hash, address, version)) {
            return *value;
        }
    }
    auto loaded = load_account(database_, address);
    if (!loaded) {
        return loaded;
    }
    const std::lock_guard lock(segment.mutex);
    fill(segment, segment.accounts, hash, address, *loaded);
    return *segment.accounts.read(hash, address, version);
}

Result<u256> FlatCache::slot(const SlotKey& key, StateVersion version) {
    const uint64_t hash = hash_of(key);
    Segment& segment = segment_of(hash);
    {
        const std::lock_guard lock(segment.mutex);
        if (const auto value = segment.slots.read(hash, key, version)) {
            return *value;
        }
    }
    auto loaded = load_slot(database_, key);
    if (!loaded) {
        return loaded;
    }
    const std::lock_guard lock(segment.mutex);
    fill(segment, segment.slots, hash, key, *loaded);
    return *segment.slots.read(hash, key, version);
}

void FlatCache::apply(
    const state::StateDiff& diff, StateVersion version, std::span<const StateVersion> live
) {
    for (const state::AccountChange& change : diff.accounts) {
        if (change.before == change.after) {
            continue;
        }
        const uint64_t hash = hash_(change.address);
        Segment& segment = segment_of(hash);
        const std::lock_guard lock(segment.mutex);
        evict(segment);
        segment.accounts.write(hash, change.address, change.before, change.after, version, live);
    }
    for (const state::SlotChange& change : diff.slots) {
        if (change.before == change.after) {
            continue;
        }
        const SlotKey key{change.address, change.slot};
        const uint64_t hash = hash_of(key);
        Segment& segment = segment_of(hash);
        const std::lock_guard lock(segment.mutex);
        evict(segment);
        segment.slots.write(hash, key, change.before, change.after, version, live);
    }
}

Result<std::vector<SlotKey>> FlatCache::slots_of(const Address& address) {
    std::vector<SlotKey> keys;
    // The cache first: what a checkpoint moves to the database meanwhile is then seen twice rather
    // than not at all.
    for (Segment& segment : segments_) {
        const std::lock_guard lock(segment.mutex);
        segment.slots.for_each([&](const SlotKey& key, StateVersion) {
            if (key.address == address) {
                keys.push_back(key);
            }
        });
    }
    auto scanned = database_.scan(Table::slots, address, [&](BytesView key, BytesView) {
        if (key.size() != 52 || !equal(key.first(20), address)) {
            return false;
        }
        keys.push_back({address, u256::from_be(key.subspan(20))});
        return true;
    });
    if (!scanned) {
        return Err{scanned.error()};
    }
    std::ranges::sort(keys);
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    return keys;
}

size_t FlatCache::bytes() const {
    size_t total = 0;
    for (const Segment& segment : segments_) {
        const std::lock_guard lock(segment.mutex);
        total += segment.accounts.bytes() + segment.slots.bytes();
    }
    return total;
}

}  // namespace mega::storage
