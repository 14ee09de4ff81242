#pragma once

// Multi-version memory: what every transaction of a round has written so far, over the state that
// the round began with. A location is (kind, address, slot): one table a kind, full keys compared.
//
//   accounts  fields set and balances moved (account_version.hpp)
//   slots     values, or changes of them that add up (origins.hpp)
//   storage   per account: its slots were all dropped, or it holds slots without nonce and code
//             (EIP-7610). Written at commit alone.
//
// A read at transaction t sees the newest writes before t, then the base. It tells where a value
// came from, so that the reader can ask later whether it still would. Readers hold no lock. The
// base view must allow reads from many threads at once.

#include "parallel/account_version.hpp"
#include "parallel/versions.hpp"
#include "state/hash.hpp"
#include "state/view.hpp"

namespace mega::parallel {

struct SlotVersion {
    u256 value;
    /// `value` is a difference modulo 2^256 to what stood before (origins.hpp).
    bool is_change = false;
};
struct StorageVersion {
    bool is_cleared = false;
    bool is_bare = false;  // holds slots without nonce and code, written after any clearing
};

using AccountLocation = Location<Address, AccountVersion>;
using SlotLocation = Location<SlotKey, SlotVersion>;
using StorageLocation = Location<Address, StorageVersion>;

struct AccountReading {
    /// The first version met, absolute or not.
    const AccountVersion* newest = nullptr;
    /// What all of them come to: an absolute version, of the memory's or the `sum` given to read().
    const AccountVersion* value = nullptr;
    uint32_t writer = no_tx;  // of the newest; none for the base
};
struct SlotReading {
    u256 value;
    uint32_t writer = no_tx;
};

class MultiVersionMemory {
  public:
    MultiVersionMemory() : hash_(state::SeededHash::from_place(this)) {}
    MultiVersionMemory(const MultiVersionMemory&) = delete;
    MultiVersionMemory& operator=(const MultiVersionMemory&) = delete;

    /// Starts a round over `base`, which must outlive it. No other thread may be inside.
    /// `sweeps_empty` is EIP-161.
    void begin(const state::StateView& base, size_t tx_count, bool sweeps_empty);

    [[nodiscard]] const state::StateView& base() const { return *base_; }
    [[nodiscard]] bool sweeps_empty() const { return sweeps_empty_; }

    /// These load the base value with the location: a key is asked of the base once a round, or a
    /// few times where several workers come to it first.
    [[nodiscard]] AccountLocation& account(Arena& arena, const Address& address);
    [[nodiscard]] SlotLocation& slot(Arena& arena, const Address& address, const u256& slot);

    /// Hints, as those of a view.
    void expect_accounts(std::span<const Address> addresses) const;
    void expect_slots(std::span<const SlotKey> keys) const;

    /// `on_estimate(node)` is called for each estimate met below `tx`: true to look again, false to
    /// take it as it is.
    /// The first version a reader at `tx` meets. Estimates count as what they are.
    [[nodiscard]] static const AccountVersion* newest_version(
        const AccountLocation& location, uint32_t tx
    );
    template <class OnEstimate>
    [[nodiscard]] AccountReading read(
        const AccountLocation& location, uint32_t tx, AccountVersion& sum, OnEstimate&& on_estimate
    ) const;
    template <class OnEstimate>
    [[nodiscard]] SlotReading read(
        const SlotLocation& location, uint32_t tx, OnEstimate&& on_estimate
    ) const;
    [[nodiscard]] bool has_storage(const Address& address, uint32_t tx) const;

    /// What stood before a node's transaction, all of them being committed; absolute.
    [[nodiscard]] const AccountVersion& committed_below(
        const AccountLocation& location, const Node<AccountVersion>* from
    ) const;
    void set_storage_marks(
        Arena& arena, const Address& address, uint32_t tx, const StorageVersion& marks
    );

  private:
    /// The last time before `tx` that the account's slots were dropped.
    [[nodiscard]] uint32_t last_clearing(const Address& address, uint32_t tx) const;
    [[nodiscard]] uint64_t hash_of(const SlotKey& key) const {
        return hash_(hash_(key.address), key.slot);
    }

    const state::StateView* base_ = nullptr;
    bool sweeps_empty_ = true;
    state::SeededHash hash_;
    LocationTable<Address, AccountVersion> accounts_;
    LocationTable<SlotKey, SlotVersion> slots_;
    LocationTable<Address, StorageVersion> storages_;
    /// False as long as `storages_` is empty, which is nearly always: no read looks there then.
    std::atomic<bool> has_marks_{false};
};

template <class OnEstimate>
AccountReading MultiVersionMemory::read(
    const AccountLocation& location, uint32_t tx, AccountVersion& sum, OnEstimate&& on_estimate
) const {
    while (true) {
        AccountFold fold;
        AccountReading reading;
        bool is_complete = false;
        bool starts_again = false;
        const auto* node = location.newest.load(std::memory_order_acquire);
        for (; node != nullptr && !is_complete && !starts_again;
             node = node->next.load(std::memory_order_acquire)) {
            const uintptr_t tagged = node->tx < tx ? node->load() : 0;
            if (tagged == 0) {
                continue;
            }
            if ((tagged & Node<AccountVersion>::estimate_bit) != 0 && on_estimate(*node)) {
                starts_again = true;
                continue;
            }
            const auto* version = Node<AccountVersion>::value_in(tagged);
            if (reading.newest == nullptr) {
                reading.newest = version;
                reading.writer = node->tx;
                if (version->is_absolute) {
                    reading.value = version;
                    return reading;
                }
            }
            is_complete = fold.add(*version);
        }
        if (starts_again) {
            continue;
        }
        if (!is_complete) {
            if (reading.newest == nullptr) {
                reading.newest = &location.base;
                reading.value = &location.base;
                return reading;
            }
            fold.add(location.base);
        }
        sum = fold.result(sweeps_empty_);
        reading.value = &sum;
        return reading;
    }
}

template <class OnEstimate>
SlotReading MultiVersionMemory::read(
    const SlotLocation& location, uint32_t tx, OnEstimate&& on_estimate
) const {
    const uint32_t cleared = has_marks_.load(std::memory_order_acquire)
                                 ? last_clearing(location.key.address, tx)
                                 : no_tx;
    while (true) {
        SlotReading reading;
        const auto* node = location.newest_before(tx);
        while (node != nullptr && (cleared == no_tx || node->tx >= cleared)) {
            const uintptr_t tagged = node->load();
            if (tagged == 0 ||
                ((tagged & Node<SlotVersion>::estimate_bit) != 0 && on_estimate(*node))) {
                break;  // the writer has taken its value back, or may have replaced it: once more
            }
            const auto* version = Node<SlotVersion>::value_in(tagged);
            reading.writer = reading.writer == no_tx ? node->tx : reading.writer;
            reading.value += version->value;
            if (!version->is_change) {
                return reading;
            }
            node = location.newest_before(node->tx);
        }
        if (node == nullptr || (cleared != no_tx && node->tx < cleared)) {
            reading.value += cleared == no_tx ? location.base.value : u256{};
            reading.writer = reading.writer == no_tx ? cleared : reading.writer;
            return reading;
        }
    }
}

}  // namespace mega::parallel
