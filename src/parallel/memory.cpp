#include "parallel/memory.hpp"

namespace mega::parallel {

namespace {

// Locations expected a transaction. More of them make chains longer, never results wrong.
constexpr size_t accounts_per_tx = 2;
constexpr size_t slots_per_tx = 4;

}  // namespace

void MultiVersionMemory::begin(const state::StateView& base, size_t tx_count, bool sweeps_empty) {
    base_ = &base;
    sweeps_empty_ = sweeps_empty;
    accounts_.reset(accounts_per_tx * tx_count);
    slots_.reset(slots_per_tx * tx_count);
    storages_.reset(0);
    has_marks_.store(false, std::memory_order_relaxed);  // nobody reads yet
}

AccountLocation& MultiVersionMemory::account(Arena& arena, const Address& address) {
    return *accounts_.find_or_add(arena, hash_(address), address, [&] {
        return AccountVersion::absolute(base_->account(address));
    });
}

SlotLocation& MultiVersionMemory::slot(Arena& arena, const Address& address, const u256& slot) {
    const SlotKey key{address, slot};
    return *slots_.find_or_add(arena, hash_of(key), key, [&] {
        return SlotVersion{base_->storage(address, slot)};
    });
}

void MultiVersionMemory::expect_accounts(std::span<const Address> addresses) const {
    for (const Address& address : addresses) {
        accounts_.expect(hash_(address));
    }
    base_->expect_accounts(addresses);
}

void MultiVersionMemory::expect_slots(std::span<const SlotKey> keys) const {
    for (const SlotKey& key : keys) {
        slots_.expect(hash_of(key));
    }
    base_->expect_slots(keys);
}

const AccountVersion* MultiVersionMemory::newest_version(
    const AccountLocation& location, uint32_t tx
) {
    if (const auto* node = location.newest_before(tx)) {
        // Null, where the writer takes it back just now, is no version that anybody has read.
        return Node<AccountVersion>::value_in(node->load());
    }
    return &location.base;
}

const AccountVersion& MultiVersionMemory::committed_below(
    const AccountLocation& location, const Node<AccountVersion>* from
) const {
    for (; from != nullptr; from = from->next.load(std::memory_order_acquire)) {
        if (const uintptr_t tagged = from->load()) {
            const auto* version = Node<AccountVersion>::value_in(tagged);
            MEGA_ASSERT(version->is_absolute);  // what commit leaves behind
            return *version;
        }
    }
    return location.base;
}

uint32_t MultiVersionMemory::last_clearing(const Address& address, uint32_t tx) const {
    const StorageLocation* location = storages_.find(hash_(address), address);
    if (location == nullptr) {
        return no_tx;
    }
    const auto* node = location->newest_before(tx);
    while (node != nullptr && !Node<StorageVersion>::value_in(node->load())->is_cleared) {
        node = location->newest_before(node->tx);
    }
    return node == nullptr ? no_tx : node->tx;
}

bool MultiVersionMemory::has_storage(const Address& address, uint32_t tx) const {
    if (has_marks_.load(std::memory_order_acquire)) {
        const StorageLocation* location = storages_.find(hash_(address), address);
        const auto* node = location == nullptr ? nullptr : location->newest_before(tx);
        for (; node != nullptr; node = location->newest_before(node->tx)) {
            const auto& marks = *Node<StorageVersion>::value_in(node->load());
            if (marks.is_bare || marks.is_cleared) {
                return marks.is_bare;
            }
        }
    }
    return base_->has_storage(address);
}

void MultiVersionMemory::set_storage_marks(
    Arena& arena, const Address& address, uint32_t tx, const StorageVersion& marks
) {
    StorageLocation& location =
        *storages_.find_or_add(arena, hash_(address), address, [] { return StorageVersion{}; });
    location.node_of(arena, tx)->publish(arena.make<StorageVersion>(marks));
    has_marks_.store(true, std::memory_order_release);
}

}  // namespace mega::parallel
