#pragma once

// Many values of one location, by the transaction that wrote them.
//
//   LocationTable: bucket -> Location -> Location -> ...      found by its full key
//                               |
//                               +-> newest -> node of tx 9 -> node of tx 4 -> ...   descending
//                               `-> base: the value before the round, read once, when it is added
//
// A node belongs to one (location, transaction) for the whole round and is never removed: what
// changes is the value it points to, which is immutable once published. A transaction that no
// longer writes a location leaves its node without a value; one that has been aborted leaves its
// value marked as an estimate. So readers walk without locks, adders need one compare-and-swap, and
// the address of a value names its version.
//
// Everything lives in arenas until the round is over; locations are spread by the top bits of a
// keyed hash, so that a bucket range is a segment and nobody can prepare keys that collide.

#include "base/assert.hpp"
#include "parallel/arena.hpp"

#include <bit>

namespace mega::parallel {

inline constexpr uint32_t no_tx = UINT32_MAX;

template <class Value>
struct Node {
    uint32_t tx = 0;
    /// Pointer to the value, null when there is none; the low bit marks an estimate.
    std::atomic<uintptr_t> tagged{0};
    std::atomic<Node*> next{nullptr};

    static constexpr uintptr_t estimate_bit = 1;
    /// What load() gave, without its mark.
    [[nodiscard]] static const Value* value_in(uintptr_t tagged_value) {
        // A number, because the low bit of the pointer is ours.
        return reinterpret_cast<const Value*>(  // NOLINT(performance-no-int-to-ptr)
            tagged_value & ~estimate_bit
        );
    }

    // Release and acquire: who sees the pointer must see what it points to.
    void publish(const Value* value) {
        tagged.store(reinterpret_cast<uintptr_t>(value), std::memory_order_release);
    }
    void mark_estimate() { tagged.fetch_or(estimate_bit, std::memory_order_release); }
    [[nodiscard]] bool is_estimate() const {
        return (tagged.load(std::memory_order_acquire) & estimate_bit) != 0;
    }
    [[nodiscard]] uintptr_t load() const { return tagged.load(std::memory_order_acquire); }
};

template <class Key, class Value>
struct Location {
    Key key;
    uint64_t hash = 0;
    // Fixed before the location becomes visible, as the two above:
    Location* next = nullptr;  // in the bucket
    Value base{};

    std::atomic<Node<Value>*> newest{nullptr};
    /// That a committed transaction asked for it is known (accesses.hpp). Whoever commits alone.
    bool is_noted = false;

    /// The node of `tx`, added when it is missing. One thread at a time per transaction.
    [[nodiscard]] Node<Value>* node_of(Arena& arena, uint32_t tx) {
        std::atomic<Node<Value>*>* link = &newest;
        Node<Value>* fresh = nullptr;
        while (true) {
            Node<Value>* at = link->load(std::memory_order_acquire);
            while (at != nullptr && at->tx > tx) {
                link = &at->next;
                at = link->load(std::memory_order_acquire);
            }
            if (at != nullptr && at->tx == tx) {
                return at;
            }
            if (fresh == nullptr) {
                fresh = arena.make<Node<Value>>(tx);
            }
            fresh->next.store(at, std::memory_order_relaxed);  // published by the exchange below
            if (link->compare_exchange_strong(at, fresh, std::memory_order_acq_rel)) {
                return fresh;
            }
        }
    }

    /// The newest node before `tx` that holds a value; null when the base is what counts.
    [[nodiscard]] const Node<Value>* newest_before(uint32_t tx) const {
        const Node<Value>* node = newest.load(std::memory_order_acquire);
        while (node != nullptr && (node->tx >= tx || node->load() == 0)) {
            node = node->next.load(std::memory_order_acquire);
        }
        return node;
    }
};

template <class Key, class Value>
class LocationTable {
  public:
    using Place = Location<Key, Value>;

    /// Forgets all locations. No other thread may be in the table.
    void reset(size_t expected_locations) {
        const size_t wanted = std::bit_ceil(expected_locations < 256 ? 256 : expected_locations);
        if (wanted > capacity_) {
            buckets_ = std::make_unique<std::atomic<Place*>[]>(wanted);
            capacity_ = wanted;
        }
        const size_t dirty = wanted > used_ ? wanted : used_;
        for (size_t i = 0; i < dirty; ++i) {
            buckets_[i].store(nullptr, std::memory_order_relaxed);
        }
        used_ = wanted;
        shift_ = 64 - std::countr_zero(wanted);
    }

    [[nodiscard]] Place* find(uint64_t hash, const Key& key) const {
        return walk(bucket(hash).load(std::memory_order_acquire), nullptr, hash, key);
    }

    /// A hint: it will be looked for.
    void expect(uint64_t hash) const { __builtin_prefetch(&bucket(hash)); }

    /// The one location of `key`, whoever adds it first; `load_base()` is asked when it is missing.
    template <class LoadBase>
    [[nodiscard]] Place* find_or_add(
        Arena& arena, uint64_t hash, const Key& key, LoadBase&& load_base
    ) {
        std::atomic<Place*>& head = bucket(hash);
        Place* first = head.load(std::memory_order_acquire);
        Place* known_end = nullptr;
        Place* fresh = nullptr;
        while (true) {
            if (Place* found = walk(first, known_end, hash, key)) {
                return found;
            }
            if (fresh == nullptr) {
                // Reading takes a while: whoever added it meanwhile has read the same.
                fresh = arena.make<Place>(key, hash, nullptr, load_base());
                first = head.load(std::memory_order_acquire);
                known_end = nullptr;
                if (Place* found = walk(first, known_end, hash, key)) {
                    return found;
                }
            }
            known_end = first;
            fresh->next = first;
            if (head.compare_exchange_strong(first, fresh, std::memory_order_acq_rel)) {
                return fresh;
            }
        }
    }

  private:
    [[nodiscard]] std::atomic<Place*>& bucket(uint64_t hash) const {
        return buckets_[hash >> shift_];
    }
    [[nodiscard]] static Place* walk(Place* from, const Place* end, uint64_t hash, const Key& key) {
        for (; from != end; from = from->next) {
            if (from->hash == hash && from->key == key) {
                return from;
            }
        }
        return nullptr;
    }

    std::unique_ptr<std::atomic<Place*>[]> buckets_;
    size_t capacity_ = 0;
    size_t used_ = 0;
    int shift_ = 63;
};

}  // namespace mega::parallel
