#pragma once

// Values by key, one beside the other in the order in which the keys came, found through an
// IndexTable. No allocation per entry; references last until the next key is added.

#include "state/index_table.hpp"

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
