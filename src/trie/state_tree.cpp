#include "trie/state_tree.hpp"

#include "trie/account_value.hpp"
#include "trie/eviction.hpp"
#include "trie/flush.hpp"
#include "trie/hasher.hpp"
#include "trie/lookup.hpp"
#include "trie/update.hpp"

#include <set>
#include <unordered_map>

namespace mega::trie {

namespace {

constexpr size_t max_slot_value_bytes = 33;
// What the table of storage tries takes for each, about.
constexpr size_t table_entry_bytes = 72;
// Storage tries are forgotten as if their roots lay this deep in the account trie: large ones keep
// their upper levels about as long as the accounts above them.
constexpr unsigned storage_level = 4;
// Idle memory that is not worth copying the tree for.
constexpr size_t tolerated_idle_bytes = 4u << 20;

size_t write_slot_value(uint8_t* out, const u256& value) {
    const Hash256 bytes = value.to_hash();
    const size_t size = value.byte_length();
    const BytesView digits = bytes.view().last(size);
    uint8_t* at = out;
    if (size != 1 || digits[0] >= 0x80) {
        *at++ = static_cast<uint8_t>(0x80 + size);
    }
    at = std::copy(digits.begin(), digits.end(), at);
    return static_cast<size_t>(at - out);
}

u256 read_slot_value(BytesView value) {
    return u256::from_be(value[0] < 0x80 ? value : value.subspan(1));
}

/// Values of many leaves in one buffer that does not move.
class ValueBuffer {
  public:
    ValueBuffer(size_t count, size_t max_value_bytes) { bytes_.reserve(count * max_value_bytes); }

    [[nodiscard]] BytesView add(BytesView value) {
        MEGA_ASSERT(bytes_.capacity() - bytes_.size() >= value.size());
        const size_t at = bytes_.size();
        append(bytes_, value);
        return {bytes_.data() + at, value.size()};
    }

  private:
    Bytes bytes_;
};

void check_order(std::span<const AccountUpdate> updates) {
    const auto is_after = [](const auto& a, const auto& b) {
        return a.hashed_address >= b.hashed_address;
    };
    MEGA_ASSERT(std::adjacent_find(updates.begin(), updates.end(), is_after) == updates.end());
    const auto is_slot_after = [](const auto& a, const auto& b) {
        return a.hashed_slot >= b.hashed_slot;
    };
    for (const AccountUpdate& update : updates) {
        MEGA_ASSERT(
            std::adjacent_find(update.slots.begin(), update.slots.end(), is_slot_after) ==
            update.slots.end()
        );
    }
}

std::vector<LeafUpdate> slot_leaf_updates(const AccountUpdate& update) {
    std::vector<LeafUpdate> leaves;
    leaves.reserve(update.slots.size());
    for (const SlotUpdate& slot : update.slots) {
        leaves.push_back({.key = &slot.hashed_slot, .is_deletion = slot.value.is_zero()});
    }
    return leaves;
}

}  // namespace

struct StateTree::Impl {
    Impl(const NodeSource& node_source, const Hash256& root) : source(&node_source) {
        accounts.top = make_top(arena, root);
    }

    [[nodiscard]] Result<void, MissingNode> resolve(
        std::span<const AccountUpdate> updates, std::span<LeafUpdate> leaves
    );
    [[nodiscard]] Result<void, MissingNode> resolve_slots(
        const AccountUpdate& update, const LeafUpdate& leaf
    );
    [[nodiscard]] Hash256 update_storage(const AccountUpdate& update, LeafUpdate& leaf);
    void update_slots(const AccountUpdate& update, const Hash256& root_before);
    void drop_storage(const Hash256& hashed_address);
    [[nodiscard]] Hash256 storage_root_before(const LeafUpdate& leaf) const;
    /// The storage trie with this root, loaded or not.
    [[nodiscard]] Trie open_storage(const Hash256& hashed_address, const Hash256& root);
    [[nodiscard]] Result<std::optional<Trie>, MissingNode> find_storage(
        const Hash256& hashed_address
    );
    void hash_storages();
    [[nodiscard]] Result<AccountProof::Slot, MissingNode> prove_slot(
        const Trie& storage, const Hash256& hashed_slot
    );
    void compact();

    NodeArena arena;
    const NodeSource* source;
    Jobs* jobs = nullptr;
    Trie accounts;
    std::unordered_map<Hash256, Ref>
        storages;  // hashed address -> top; those in use since they were last forgotten
    std::vector<Hash256> dirty_storages;  // repeats and dropped ones possible
    std::set<Hash256> unflushed_storages;
    std::set<Hash256> dropped_storages;  // since the last flush
    RemovedNodes removed;                // since the last flush
};

Trie StateTree::Impl::open_storage(const Hash256& hashed_address, const Hash256& root) {
    const auto [entry, is_new] = storages.try_emplace(hashed_address, 0);
    if (is_new) {
        entry->second = make_top(arena, root);
    }
    return {hashed_address, NodeKind::slot_leaf, entry->second};
}

Hash256 StateTree::Impl::storage_root_before(const LeafUpdate& leaf) const {
    return leaf.existing == 0 ? empty_trie_root
                              : storage_root_of(leaf_at(arena, leaf.existing).value());
}

Result<void, MissingNode> StateTree::Impl::resolve(
    std::span<const AccountUpdate> updates, std::span<LeafUpdate> leaves
) {
    if (auto resolved = Resolver(arena, *source, accounts).resolve(leaves); !resolved) {
        return resolved;
    }
    for (size_t i = 0; i < updates.size(); ++i) {
        const AccountUpdate& update = updates[i];
        if (!update.account || update.storage_cleared || update.slots.empty()) {
            continue;
        }
        if (auto resolved = resolve_slots(update, leaves[i]); !resolved) {
            return resolved;
        }
    }
    return {};
}

Result<void, MissingNode> StateTree::Impl::resolve_slots(
    const AccountUpdate& update, const LeafUpdate& leaf
) {
    std::vector<LeafUpdate> slots = slot_leaf_updates(update);
    const Trie storage = open_storage(update.hashed_address, storage_root_before(leaf));
    return Resolver(arena, *source, storage).resolve(slots);
}

void StateTree::Impl::drop_storage(const Hash256& hashed_address) {
    if (const auto entry = storages.find(hashed_address); entry != storages.end()) {
        release_subtree(arena, entry->second);
        storages.erase(entry);
    }
    // Removing the whole trie covers its nodes.
    const auto first = removed.lower_bound({hashed_address, {}});
    auto last = first;
    while (last != removed.end() && last->tree == hashed_address) {
        ++last;
    }
    removed.erase(first, last);
    dropped_storages.insert(hashed_address);
}

void StateTree::Impl::update_slots(const AccountUpdate& update, const Hash256& root_before) {
    std::vector<LeafUpdate> slots = slot_leaf_updates(update);
    ValueBuffer values(slots.size(), max_slot_value_bytes);
    for (size_t i = 0; i < slots.size(); ++i) {
        if (!slots[i].is_deletion) {
            std::array<uint8_t, max_slot_value_bytes> value;
            const size_t size = write_slot_value(value.data(), update.slots[i].value);
            slots[i].value = values.add({value.data(), size});
        }
    }
    const Trie storage = open_storage(update.hashed_address, root_before);
    const Ref top = Updater(arena, storage, removed).update(slots);
    storages[update.hashed_address] = top;
    if (inner_at(arena, top).header().dirty != 0) {
        dirty_storages.push_back(update.hashed_address);
    }
}

/// Updates the storage trie; gives what the account's leaf should say of it: the root, or a
/// stand-in for one that is not hashed yet.
Hash256 StateTree::Impl::update_storage(const AccountUpdate& update, LeafUpdate& leaf) {
    Hash256 root = storage_root_before(leaf);
    if (!update.account || update.storage_cleared) {
        if (root != empty_trie_root) {
            drop_storage(update.hashed_address);
        }
        root = empty_trie_root;
    }
    if (!update.account) {
        return root;
    }
    if (!update.slots.empty()) {
        update_slots(update, root);
    } else if (root == empty_trie_root) {
        return root;
    }
    const auto entry = storages.find(update.hashed_address);
    if (entry == storages.end()) {
        return root;
    }
    leaf.is_forced = inner_at(arena, entry->second).header().dirty != 0;
    return leaf.is_forced ? Hash256{} : root_at(arena, entry->second);
}

void StateTree::Impl::hash_storages() {
    std::sort(dirty_storages.begin(), dirty_storages.end());
    dirty_storages.erase(
        std::unique(dirty_storages.begin(), dirty_storages.end()), dirty_storages.end()
    );
    std::vector<Ref> tops;
    for (const Hash256& hashed_address : dirty_storages) {
        if (const auto entry = storages.find(hashed_address); entry != storages.end()) {
            tops.push_back(entry->second);
        }
    }
    Hasher(arena, jobs).hash(tops);
    for (const Hash256& hashed_address : dirty_storages) {
        const auto entry = storages.find(hashed_address);
        if (entry == storages.end() || inner_at(arena, entry->second).header().children == 0) {
            continue;
        }
        const auto leaf = Lookup(arena, *source, accounts).find(hashed_address);
        MEGA_ASSERT(leaf && *leaf != 0);
        set_storage_root(leaf_at(arena, *leaf).value(), root_at(arena, entry->second));
        unflushed_storages.insert(hashed_address);
    }
    dirty_storages.clear();
}

Result<std::optional<Trie>, MissingNode> StateTree::Impl::find_storage(const Hash256& hashed_address
) {
    const auto leaf = Lookup(arena, *source, accounts).find(hashed_address);
    if (!leaf) {
        return Err{leaf.error()};
    }
    const Hash256 root =
        *leaf == 0 ? empty_trie_root : storage_root_of(leaf_at(arena, *leaf).value());
    if (root == empty_trie_root) {
        return std::optional<Trie>{};
    }
    return std::optional<Trie>{open_storage(hashed_address, root)};
}

Result<AccountProof::Slot, MissingNode> StateTree::Impl::prove_slot(
    const Trie& storage, const Hash256& hashed_slot
) {
    AccountProof::Slot slot{hashed_slot, 0, {}};
    const auto leaf = Lookup(arena, *source, storage).prove(hashed_slot, slot.proof);
    if (!leaf) {
        return Err{leaf.error()};
    }
    if (*leaf != 0) {
        slot.value = read_slot_value(leaf_at(arena, *leaf).value());
    }
    return slot;
}

void StateTree::Impl::compact() {
    NodeArena fresh;
    accounts.top = copy_subtree(arena, accounts.top, fresh);
    for (auto& [hashed_address, top] : storages) {
        top = copy_subtree(arena, top, fresh);
    }
    arena = std::move(fresh);
}

StateTree::StateTree(const NodeSource& source, const Hash256& root)
    : impl_(std::make_unique<Impl>(source, root)) {}
StateTree::~StateTree() = default;
StateTree::StateTree(StateTree&&) noexcept = default;
StateTree& StateTree::operator=(StateTree&&) noexcept = default;

Result<void, MissingNode> StateTree::apply(std::span<const AccountUpdate> updates) {
    check_order(updates);
    std::vector<LeafUpdate> leaves;
    leaves.reserve(updates.size());
    for (const AccountUpdate& update : updates) {
        leaves.push_back({.key = &update.hashed_address, .is_deletion = !update.account});
    }
    if (auto resolved = impl_->resolve(updates, leaves); !resolved) {
        return resolved;
    }
    ValueBuffer values(updates.size(), max_account_value_bytes);
    for (size_t i = 0; i < updates.size(); ++i) {
        const Hash256 storage_root = impl_->update_storage(updates[i], leaves[i]);
        if (updates[i].account) {
            std::array<uint8_t, max_account_value_bytes> value;
            const size_t size =
                write_account_value(value.data(), *updates[i].account, storage_root);
            leaves[i].value = values.add({value.data(), size});
        }
    }
    impl_->accounts.top = Updater(impl_->arena, impl_->accounts, impl_->removed).update(leaves);
    return {};
}

Hash256 StateTree::root() {
    impl_->hash_storages();
    const std::array tops{impl_->accounts.top};
    Hasher(impl_->arena, impl_->jobs).hash(tops);
    return root_at(impl_->arena, impl_->accounts.top);
}

void StateTree::lend(Jobs* jobs) { impl_->jobs = jobs; }

Result<std::optional<Account>, MissingNode> StateTree::account(const Hash256& hashed_address) {
    const auto leaf = Lookup(impl_->arena, *impl_->source, impl_->accounts).find(hashed_address);
    if (!leaf) {
        return Err{leaf.error()};
    }
    return *leaf == 0 ? std::optional<Account>{}
                      : read_account_value(leaf_at(impl_->arena, *leaf).value()).account;
}

Result<u256, MissingNode> StateTree::storage(
    const Hash256& hashed_address, const Hash256& hashed_slot
) {
    const auto storage = impl_->find_storage(hashed_address);
    if (!storage || !*storage) {
        return storage ? Result<u256, MissingNode>{u256{}} : Err{storage.error()};
    }
    const auto leaf = Lookup(impl_->arena, *impl_->source, **storage).find(hashed_slot);
    if (!leaf) {
        return Err{leaf.error()};
    }
    return *leaf == 0 ? u256{} : read_slot_value(leaf_at(impl_->arena, *leaf).value());
}

Result<bool, MissingNode> StateTree::has_storage(const Hash256& hashed_address) {
    const auto storage = impl_->find_storage(hashed_address);
    if (!storage) {
        return Err{storage.error()};
    }
    return *storage && inner_at(impl_->arena, (*storage)->top).header().children != 0;
}

Result<AccountProof, MissingNode> StateTree::prove(
    const Hash256& hashed_address, std::span<const Hash256> hashed_slots
) {
    static_cast<void>(root());
    AccountProof proof;
    const auto leaf = Lookup(impl_->arena, *impl_->source, impl_->accounts)
                          .prove(hashed_address, proof.account_proof);
    if (!leaf) {
        return Err{leaf.error()};
    }
    proof.exists = *leaf != 0;
    if (proof.exists) {
        proof.leaf = read_account_value(leaf_at(impl_->arena, *leaf).value());
    }
    for (const Hash256& hashed_slot : hashed_slots) {
        if (proof.leaf.storage_root == empty_trie_root) {
            proof.slots.push_back({hashed_slot, 0, {}});
            continue;
        }
        const Trie storage = impl_->open_storage(hashed_address, proof.leaf.storage_root);
        auto slot = impl_->prove_slot(storage, hashed_slot);
        if (!slot) {
            return Err{slot.error()};
        }
        proof.slots.push_back(std::move(*slot));
    }
    return proof;
}

std::optional<Bytes> StateTree::node(const TreeId& tree, BytesView path) {
    static_cast<void>(root());
    if (!tree) {
        return Lookup(impl_->arena, *impl_->source, impl_->accounts).node(path);
    }
    const auto storage = impl_->find_storage(*tree);
    if (!storage || !*storage) {
        return std::nullopt;
    }
    return Lookup(impl_->arena, *impl_->source, **storage).node(path);
}

void StateTree::flush(NodeSink& sink) {
    static_cast<void>(root());
    for (const Hash256& hashed_address : impl_->dropped_storages) {
        sink.remove_tree(hashed_address);
    }
    Flusher flusher(impl_->arena, sink, impl_->removed);
    flusher.flush(impl_->accounts);
    for (const Hash256& hashed_address : impl_->unflushed_storages) {
        if (const auto entry = impl_->storages.find(hashed_address);
            entry != impl_->storages.end()) {
            flusher.flush({hashed_address, NodeKind::slot_leaf, entry->second});
        }
    }
    for (const RemovedNode& node : impl_->removed) {
        sink.remove(node.tree, node.path);
    }
    impl_->removed.clear();
    impl_->dropped_storages.clear();
    impl_->unflushed_storages.clear();
}

size_t StateTree::memory_bytes() const {
    return impl_->arena.live_bytes() + impl_->storages.size() * table_entry_bytes;
}

void StateTree::evict(size_t limit_bytes) {
    const size_t before = memory_bytes();
    if (before <= limit_bytes) {
        return;
    }
    // Some more than asked, so that the next call finds nothing to do for a while.
    const size_t target = limit_bytes - limit_bytes / 8;
    Evictor evictor(impl_->arena);
    evictor.survey(impl_->accounts.top, 0);
    for (const auto& [hashed_address, top] : impl_->storages) {
        evictor.survey(top, storage_level);
    }
    evictor.plan(before - target, limit_bytes);
    evictor.evict(impl_->accounts.top, 0);
    for (auto entry = impl_->storages.begin(); entry != impl_->storages.end();) {
        evictor.evict(entry->second, storage_level);
        if (is_idle(impl_->arena, entry->second)) {
            release_node(impl_->arena, entry->second);
            entry = impl_->storages.erase(entry);
        } else {
            ++entry;
        }
    }
    if (impl_->arena.capacity_bytes() > 2 * impl_->arena.live_bytes() + tolerated_idle_bytes) {
        impl_->compact();
    }
}

}  // namespace mega::trie
