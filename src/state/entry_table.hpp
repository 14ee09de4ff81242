#pragma once

// Values by key, one beside the other in the order in which the keys came, found through an
// IndexTable. No allocation per entry; references last until the next key is added.

#include "state/index_table.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace mega::state {

template <class Key, class Value>
class EntryTable {
  public:
    /// `hash` is the same function of the key in every call. Null when the key is not there.
    [[nodiscard]] const Value* find(uint64_t hash, const Key& key) const {
        const uint32_t index = index_of(hash, key);
        return index == IndexTable::none ? nullptr : &entries_[index].value;
    }
    // As in IndexTable: expect() many, approach() each of them, then find().
    void expect(uint64_t hash) const { table_.expect(hash); }
    void approach(uint64_t hash) const {
        if (const uint32_t index = table_.likely_index(hash); index != IndexTable::none) {
            const auto* entry = reinterpret_cast<const std::byte*>(&entries_[index]);
            __builtin_prefetch(entry);
            __builtin_prefetch(entry + sizeof(Entry) - 1);
        }
    }
    /// A hint: all of them will be looked for.
    template <size_t at_once, class Hash>
    void bring_closer(std::span<const Key> keys, Hash&& hash_of) const {
        std::array<uint64_t, at_once> hashes;
        for (size_t first = 0; first < keys.size(); first += at_once) {
            const auto group = keys.subspan(first, std::min(at_once, keys.size() - first));
            for (size_t i = 0; i < group.size(); ++i) {
                expect(hashes[i] = hash_of(group[i]));
            }
            for (size_t i = 0; i < group.size(); ++i) {
                approach(hashes[i]);
            }
        }
    }
    /// Made anew when it is not there.
    [[nodiscard]] Value& find_or_add(uint64_t hash, const Key& key) {
        uint32_t index = index_of(hash, key);
        if (index == IndexTable::none) {
            index = static_cast<uint32_t>(entries_.size());
            entries_.push_back({key, Value{}});
            table_.insert(hash, index);
        }
        return entries_[index].value;
    }
    void clear() {
        entries_.clear();
        table_.clear();
    }

  private:
    struct Entry {
        Key key;
        Value value;
    };

    [[nodiscard]] uint32_t index_of(uint64_t hash, const Key& key) const {
        return table_.find(hash, [&](uint32_t i) { return entries_[i].key == key; });
    }

    std::vector<Entry> entries_;
    IndexTable table_;
};

}  // namespace mega::state
