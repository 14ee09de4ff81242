#include "storage/state_store.hpp"

#include "crypto/keccak.hpp"
#include "storage/block_codec.hpp"
#include "storage/code_cache.hpp"
#include "storage/flat_cache.hpp"

#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <unordered_map>

namespace mega::storage {
namespace {

using DiffPtr = std::shared_ptr<const state::StateDiff>;

constexpr std::string_view state_block_key =
    "state block";  // up to where accounts and slots are written
constexpr std::string_view first_block_key = "first state block";  // history begins after it
constexpr uint64_t kept_block_hashes = 512;                        // twice what BLOCKHASH reaches

bool is_change(const state::AccountChange& change) { return change.before != change.after; }
bool is_change(const state::SlotChange& change) { return change.before != change.after; }

Bytes account_record(const std::optional<Account>& account) {
    return account ? encode_account_record(*account) : Bytes{};
}

void put_account(WriteBatch& batch, const Address& address, const std::optional<Account>& account) {
    if (account) {
        batch.put(Table::accounts, address, encode_account_record(*account));
    } else {
        batch.remove(Table::accounts, address);
    }
}

void put_slot(WriteBatch& batch, BytesView key, const u256& value) {
    if (value.is_zero()) {
        batch.remove(Table::slots, key);
    } else {
        batch.put(Table::slots, key, encode_word(value));
    }
}

const state::AccountChange* find_change(const state::StateDiff& diff, const Address& address) {
    const auto at =
        std::ranges::lower_bound(diff.accounts, address, {}, &state::AccountChange::address);
    return at != diff.accounts.end() && at->address == address && is_change(*at) ? &*at : nullptr;
}

bool clears_storage(const state::StateDiff& diff) {
    return std::ranges::any_of(diff.accounts, &state::AccountChange::storage_cleared);
}

SlotKey key_of(const state::SlotChange& change) { return {change.address, change.slot}; }

const state::SlotChange* find_change(const state::StateDiff& diff, const SlotKey& key) {
    const auto at = std::ranges::lower_bound(diff.slots, key, {}, key_of);
    return at != diff.slots.end() && key_of(*at) == key && is_change(*at) ? &*at : nullptr;
}

}  // namespace

// --------------------------------------------------------------------------------------------------------
// structure

struct StateStore::Impl {
    struct Sealed {
        uint64_t number = 0;
        DiffPtr diff;  // with the slots of cleared storage listed
    };
    /// What at_block falls back on: the state after the last sealed block. A new generation begins
    /// when blocks are taken back, and then counts for views of the old ones too.
    struct Base {
        Snapshot snapshot;
        uint64_t generation = 0;
    };

    Impl(Database& db, const StateStoreOptions& options);

    [[nodiscard]] std::optional<Account> account(const Address& address, StateVersion version);
    [[nodiscard]] u256 slot(const SlotKey& key, StateVersion version);
    [[nodiscard]] evm::CodePtr code(const Hash256& code_hash);
    [[nodiscard]] Hash256 block_hash(uint64_t number) const;

    [[nodiscard]] Snapshot open_snapshot();
    void close_snapshot(StateVersion version);
    void update_limits();
    [[nodiscard]] std::span<const StateVersion> live_versions();
    void move_base(bool is_new_generation);
    [[nodiscard]] Base base() const;

    [[nodiscard]] DiffPtr list_cleared_slots(const DiffPtr& diff, StateVersion before_version);
    [[nodiscard]] DiffPtr sealed_diff(uint64_t number) const;
    /// What `find` gives for the first uncheckpointed block after `number` where it gives
    /// something.
    template <class Find>
    [[nodiscard]] auto first_change_in_memory(uint64_t number, Find&& find) const;
    void restore_cleared_slots(WriteBatch& batch, uint64_t number, const Address& address);

    void note(const Error& error);
    [[nodiscard]] uint64_t number_in_meta(std::string_view key, uint64_t otherwise);

    Database& database;
    FlatCache cache;
    CodeCache codes;
    std::unique_ptr<state::StateView> newest_view;

    mutable std::mutex
        versions_mutex;  // also held while a diff is applied: a snapshot sees all of it or nothing
    // Guarded by versions_mutex.
    StateVersion published = 1;
    StateVersion checkpointed = 1;
    std::map<StateVersion, uint64_t> live;  // version -> how many snapshots
    std::vector<StateVersion> listed_live;  // for apply, which should not allocate

    mutable std::shared_mutex history_mutex;
    // Guarded by history_mutex.
    std::deque<Sealed> sealed;  // not in the database yet, ascending
    uint64_t sealed_number = 0;
    uint64_t staged_number = 0;
    uint64_t first_number = 0;
    Base present;
    std::unordered_map<uint64_t, Hash256> block_hashes;

    std::atomic<bool> is_reverting{false};

    mutable std::mutex health_mutex;
    std::optional<Error> first_error;  // guarded by health_mutex
};

/// The state at one version.
class SnapshotView final : public state::StateView {
  public:
    SnapshotView(StateStore::Impl& store, StateVersion version)
        : store_(store), version_(version) {}
    ~SnapshotView() override {
        if (version_ != FlatCache::newest) {
            store_.close_snapshot(version_);
        }
    }
    SnapshotView(const SnapshotView&) = delete;
    SnapshotView& operator=(const SnapshotView&) = delete;

    [[nodiscard]] std::optional<Account> account(const Address& address) const override {
        return store_.account(address, version_);
    }
    [[nodiscard]] u256 storage(const Address& address, const u256& slot) const override {
        return store_.slot({address, slot}, version_);
    }
    [[nodiscard]] evm::CodePtr code(const Hash256& code_hash) const override {
        return store_.code(code_hash);
    }
    [[nodiscard]] Hash256 block_hash(uint64_t number) const override {
        return store_.block_hash(number);
    }
    [[nodiscard]] StateVersion version() const { return version_; }

  private:
    StateStore::Impl& store_;
    const StateVersion version_;
};

/// The state after a past block. Per key: the first change after the block, sought in memory before
/// the database, since blocks move from the one to the other; then the base. Any base from the
/// opening of the view to now will do, because a change in between would have been found.
class HistoricalView final : public state::StateView {
  public:
    HistoricalView(StateStore::Impl& store, uint64_t number, StateStore::Impl::Base base)
        : store_(store), number_(number), base_(std::move(base)) {}

    [[nodiscard]] std::optional<Account> account(const Address& address) const override {
        return read<std::optional<Account>>(
            [&](const state::StateDiff& diff) { return find_change(diff, address); },
            Table::account_history,
            address,
            [](BytesView record) -> std::optional<std::optional<Account>> {
                if (record.empty()) {
                    return std::optional<Account>{};
                }
                const auto account = decode_account_record(record);
                return account ? std::optional{account} : std::nullopt;
            },
            [&](const state::StateView& view) { return view.account(address); }
        );
    }
    [[nodiscard]] u256 storage(const Address& address, const u256& slot) const override {
        const SlotKey key{address, slot};
        return read<u256>(
            [&](const state::StateDiff& diff) { return find_change(diff, key); },
            Table::slot_history,
            slot_table_key(key),
            decode_word,
            [&](const state::StateView& view) { return view.storage(address, slot); }
        );
    }
    [[nodiscard]] evm::CodePtr code(const Hash256& code_hash) const override {
        return store_.code(code_hash);
    }
    [[nodiscard]] Hash256 block_hash(uint64_t number) const override {
        return number <= number_ ? store_.block_hash(number) : Hash256{};
    }

  private:
    template <class Value, class Find, class Decode, class ReadBase>
    [[nodiscard]] Value read(
        Find&& find, Table table, BytesView table_key, Decode&& decode, ReadBase&& read_base
    ) const {
        while (true) {
            auto base = store_.base();
            const uint64_t generation = base.generation;
            const Snapshot& present =
                generation == base_.generation ? base_.snapshot : base.snapshot;
            const auto in_memory = store_.first_change_in_memory(number_, find);
            auto value = first_row<Value>(table, table_key, decode);
            if (!value) {
                value = in_memory ? in_memory->before : read_base(*present);
            }
            // Blocks taken back meanwhile: their rows may have vanished between two looks.
            if (store_.base().generation == generation) {
                return *value;
            }
        }
    }

    /// The value in the first history row after the block.
    template <class Value, class Decode>
    [[nodiscard]] std::optional<Value> first_row(Table table, BytesView table_key, Decode&& decode)
        const {
        std::optional<Value> value;
        const Bytes from = history_key(table_key, number_ + 1);
        const auto scanned =
            store_.database.scan(table, from, [&](BytesView key, BytesView record) {
                if (key.size() != from.size() || !equal(key.first(table_key.size()), table_key)) {
                    return false;
                }
                value = decode(record);
                if (!value) {
                    store_.note({"database: damaged history record at " + to_hex(key)});
                }
                return false;
            });
        if (!scanned) {
            store_.note(scanned.error());
        }
        return value;
    }

    StateStore::Impl& store_;
    const uint64_t number_;
    const StateStore::Impl::Base base_;
};

// ----------------------------------------------------------------------------------------------------------
// reading

StateStore::Impl::Impl(Database& db, const StateStoreOptions& options)
    : database(db), cache(db, options.cache_bytes), codes(options.code_cache_bytes) {
    newest_view = std::make_unique<SnapshotView>(*this, FlatCache::newest);
    sealed_number = number_in_meta(state_block_key, 0);
    staged_number = sealed_number;
    first_number = number_in_meta(first_block_key, 0);
    move_base(false);
}

uint64_t StateStore::Impl::number_in_meta(std::string_view key, uint64_t otherwise) {
    const auto row = database.get(Table::meta, as_bytes(key));
    if (!row) {
        note(row.error());
        return otherwise;
    }
    if (!*row) {
        return otherwise;
    }
    const auto number = decode_number_row(**row);
    if (!number) {
        note(number.error());
    }
    return number.value_or(otherwise);
}

void StateStore::Impl::note(const Error& error) {
    const std::lock_guard lock(health_mutex);
    if (!first_error) {
        first_error = error;
    }
}

std::optional<Account> StateStore::Impl::account(const Address& address, StateVersion version) {
    auto found = cache.account(address, version);
    if (!found) {
        note(found.error());
        return std::nullopt;
    }
    return *found;
}

u256 StateStore::Impl::slot(const SlotKey& key, StateVersion version) {
    const auto found = cache.slot(key, version);
    if (!found) {
        note(found.error());
        return {};
    }
    return *found;
}

evm::CodePtr StateStore::Impl::code(const Hash256& code_hash) {
    if (code_hash == crypto::keccak256_of_empty) {
        return {evm::CodePtr{}, &evm::Code::empty()};
    }
    if (auto found = codes.find(code_hash)) {
        return found;
    }
    const auto row = database.get(Table::codes, code_hash);
    if (!row || !*row) {
        note(row ? Error{"database: the code " + to_hex(code_hash) + " is missing"} : row.error());
        return {evm::CodePtr{}, &evm::Code::empty()};
    }
    auto code = std::make_shared<const evm::Code>(**row);
    codes.insert(code_hash, code);
    return code;
}

Hash256 StateStore::Impl::block_hash(uint64_t number) const {
    {
        const std::shared_lock lock(history_mutex);
        if (const auto at = block_hashes.find(number); at != block_hashes.end()) {
            return at->second;
        }
        if (number > sealed_number) {
            return {};
        }
    }
    const auto row = database.get(Table::headers, number_key(number));
    if (!row || !*row) {
        return {};
    }
    const auto header = decode_header_row(**row);
    return header ? header->hash : Hash256{};
}

// --------------------------------------------------------------------------------------------------------
// snapshots

Snapshot StateStore::Impl::open_snapshot() {
    const std::lock_guard lock(versions_mutex);
    auto snapshot = std::make_shared<const SnapshotView>(*this, published);
    ++live[published];
    return snapshot;
}

void StateStore::Impl::close_snapshot(StateVersion version) {
    const std::lock_guard lock(versions_mutex);
    const auto at = live.find(version);
    if (--at->second == 0) {
        live.erase(at);
        update_limits();
    }
}

/// Under versions_mutex.
void StateStore::Impl::update_limits() {
    cache.set_limits(checkpointed, live.empty() ? published : live.begin()->first);
}

/// Under versions_mutex; good until it is called again.
std::span<const StateVersion> StateStore::Impl::live_versions() {
    listed_live.clear();
    for (const auto& [version, count] : live) {
        listed_live.push_back(version);
    }
    return listed_live;
}

void StateStore::Impl::move_base(bool is_new_generation) {
    Snapshot snapshot = open_snapshot();
    const std::unique_lock lock(history_mutex);
    std::swap(present.snapshot, snapshot);  // the old one is closed after the lock
    present.generation += is_new_generation ? 1 : 0;
}

StateStore::Impl::Base StateStore::Impl::base() const {
    const std::shared_lock lock(history_mutex);
    return present;
}

template <class Find>
auto StateStore::Impl::first_change_in_memory(uint64_t number, Find&& find) const {
    using Change = std::remove_cvref_t<decltype(*find(std::declval<const state::StateDiff&>()))>;
    const std::shared_lock lock(history_mutex);
    for (const Sealed& block : sealed) {
        if (block.number <= number) {
            continue;
        }
        if (const auto* change = find(*block.diff)) {
            return std::optional<Change>{*change};
        }
    }
    return std::optional<Change>{};
}

// ----------------------------------------------------------------------------------------------------------
// writing

/// `diff` with every slot that it clears listed, and with what slots of cleared storage really held
/// before: a diff merged over a clearing does not know it. `before_version` is the state before the
/// diff.
DiffPtr StateStore::Impl::list_cleared_slots(const DiffPtr& diff, StateVersion before_version) {
    if (!clears_storage(*diff)) {
        return diff;
    }
    std::map<SlotKey, u256> after;  // of all storage that is cleared
    std::set<Address> cleared;
    for (const state::AccountChange& change : diff->accounts) {
        if (!change.storage_cleared) {
            continue;
        }
        cleared.insert(change.address);
        const auto keys = cache.slots_of(change.address);
        if (!keys) {
            note(keys.error());
            continue;
        }
        for (const SlotKey& key : *keys) {
            after[key] = {};
        }
    }
    auto listed = std::make_shared<state::StateDiff>(*diff);
    std::erase_if(listed->slots, [&](const state::SlotChange& change) {
        if (!cleared.contains(change.address)) {
            return false;
        }
        after[key_of(change)] = change.after;
        return true;
    });
    for (const auto& [key, value] : after) {
        const u256 before = slot(key, before_version);
        if (before != value) {
            listed->slots.push_back({key.address, key.slot, before, value});
        }
    }
    state::sort_canonically(*listed);
    return listed;
}

DiffPtr StateStore::Impl::sealed_diff(uint64_t number) const {
    const std::shared_lock lock(history_mutex);
    for (const Sealed& block : sealed) {
        if (block.number == number) {
            return block.diff;
        }
    }
    return nullptr;
}

StateStore::StateStore(Database& database, const StateStoreOptions& options)
    : impl_(std::make_unique<Impl>(database, options)) {}

StateStore::~StateStore() {
    impl_->present.snapshot.reset();
    MEGA_ASSERT(impl_->live.empty());  // a snapshot must not outlive its store
}

const state::StateView& StateStore::writer_view() const { return *impl_->newest_view; }

StateVersion StateStore::apply(const state::StateDiff& diff) {
    Impl& store = *impl_;
    // Not owned: the diff outlives this call.
    const DiffPtr listed = store.list_cleared_slots(DiffPtr{DiffPtr{}, &diff}, FlatCache::newest);
    StateVersion version = 0;
    {
        const std::lock_guard lock(store.versions_mutex);
        version = store.published + 1;
        for (const state::CodeAdded& added : listed->codes) {
            store.codes.pin(added.code_hash, added.code, version);
        }
        store.cache.apply(*listed, version, store.live_versions());
        store.published = version;
        store.update_limits();
    }
    if (store.is_reverting) {
        store.move_base(true);
    }
    return version;
}

void StateStore::set_block_hash(uint64_t number, const Hash256& hash) {
    const std::unique_lock lock(impl_->history_mutex);
    impl_->block_hashes[number] = hash;
    if (number >= kept_block_hashes) {
        impl_->block_hashes.erase(number - kept_block_hashes);
    }
}

void StateStore::seal_block(uint64_t number, DiffPtr diff) {
    Impl& store = *impl_;
    const Snapshot before = store.base().snapshot;
    if (clears_storage(*diff)) {
        // The state before the block is that of the base, which was taken when the block before was
        // sealed.
        diff = store.list_cleared_slots(diff, static_cast<const SnapshotView&>(*before).version());
    }
    // In one step: a view of this block must not fall back on the base before it.
    Snapshot base = store.open_snapshot();
    const std::unique_lock lock(store.history_mutex);
    MEGA_ASSERT(number == store.sealed_number + 1);
    store.sealed.push_back({number, std::move(diff)});
    store.sealed_number = number;
    std::swap(store.present.snapshot, base);  // the old one is closed after the lock
}

bool StateStore::has_code(const Hash256& code_hash) const {
    if (code_hash == crypto::keccak256_of_empty || impl_->codes.find(code_hash)) {
        return true;
    }
    const auto row = impl_->database.get(Table::codes, code_hash);
    return row && *row;
}

Snapshot StateStore::latest() const { return impl_->open_snapshot(); }

Result<Snapshot> StateStore::at_block(uint64_t number) const {
    const std::shared_lock lock(impl_->history_mutex);
    if (number > impl_->sealed_number) {
        return Err{Error{
            "block " + std::to_string(number) + " is not sealed yet; the last one is " +
            std::to_string(impl_->sealed_number)
        }};
    }
    if (number < impl_->first_number) {
        return Err{Error{
            "the state of block " + std::to_string(number) +
            " is not kept; the first one kept is " + std::to_string(impl_->first_number)
        }};
    }
    return Snapshot{std::make_shared<const HistoricalView>(*impl_, number, impl_->present)};
}

void StateStore::stage_genesis(WriteBatch& batch, const state::StateDiff& diff, uint64_t number) {
    for (const state::AccountChange& change : diff.accounts) {
        put_account(batch, change.address, change.after);
    }
    for (const state::SlotChange& change : diff.slots) {
        put_slot(batch, slot_table_key(key_of(change)), change.after);
    }
    for (const state::CodeAdded& added : diff.codes) {
        batch.put(Table::codes, added.code_hash, added.code->bytes());
    }
    batch.put(Table::meta, as_bytes(state_block_key), number_key(number));
    batch.put(Table::meta, as_bytes(first_block_key), number_key(number));
}

void StateStore::stage_block(WriteBatch& batch, uint64_t number, const state::StateDiff& diff) {
    const DiffPtr sealed = impl_->sealed_diff(number);
    MEGA_ASSERT(sealed != nullptr);
    MEGA_ASSERT(sealed->accounts.size() == diff.accounts.size());
    for (const state::AccountChange& change : sealed->accounts) {
        if (is_change(change)) {
            put_account(batch, change.address, change.after);
            batch.put(
                Table::account_history,
                history_key(change.address, number),
                account_record(change.before)
            );
        }
    }
    for (const state::SlotChange& change : sealed->slots) {
        if (is_change(change)) {
            const Bytes key = slot_table_key(key_of(change));
            put_slot(batch, key, change.after);
            batch.put(Table::slot_history, history_key(key, number), encode_word(change.before));
        }
    }
    for (const state::CodeAdded& added : sealed->codes) {
        batch.put(Table::codes, added.code_hash, added.code->bytes());
    }
    batch.put(Table::meta, as_bytes(state_block_key), number_key(number));
    const std::unique_lock lock(impl_->history_mutex);
    impl_->staged_number = number;
}

void StateStore::checkpointed(StateVersion version) {
    {
        const std::lock_guard lock(impl_->versions_mutex);
        MEGA_ASSERT(version <= impl_->published);
        impl_->checkpointed = std::max(impl_->checkpointed, version);
        impl_->update_limits();
    }
    impl_->codes.unpin(version);
    impl_->is_reverting = false;
    const std::unique_lock lock(impl_->history_mutex);
    while (!impl_->sealed.empty() && impl_->sealed.front().number <= impl_->staged_number) {
        impl_->sealed.pop_front();
    }
}

// ------------------------------------------------------------------------------------------------------
// taking back

/// Writes back every slot of `address` that block `number` changed, whether or not its diff lists
/// it.
void StateStore::Impl::restore_cleared_slots(
    WriteBatch& batch, uint64_t number, const Address& address
) {
    const auto scanned =
        database.scan(Table::slot_history, address, [&](BytesView key, BytesView record) {
            if (key.size() != 60 || !equal(key.first(20), address)) {
                return false;
            }
            if (!equal(key.subspan(52), number_key(number))) {
                return true;
            }
            if (const auto before = decode_word(record)) {
                put_slot(batch, key.first(52), *before);
            } else {
                note({"database: damaged history record at " + to_hex(key)});
            }
            batch.remove(Table::slot_history, key);
            return true;
        });
    if (!scanned) {
        note(scanned.error());
    }
}

void StateStore::unstage_block(WriteBatch& batch, uint64_t number, const state::StateDiff& diff) {
    Impl& store = *impl_;
    for (const state::AccountChange& change : diff.accounts) {
        if (change.storage_cleared) {
            store.restore_cleared_slots(batch, number, change.address);
        }
        if (is_change(change)) {
            put_account(batch, change.address, change.before);
            batch.remove(Table::account_history, history_key(change.address, number));
        }
    }
    for (const state::SlotChange& change : diff.slots) {
        if (is_change(change)) {
            const Bytes key = slot_table_key(key_of(change));
            put_slot(batch, key, change.before);
            batch.remove(Table::slot_history, history_key(key, number));
        }
    }
    batch.put(Table::meta, as_bytes(state_block_key), number_key(number - 1));
    {
        const std::unique_lock lock(store.history_mutex);
        MEGA_ASSERT(
            number == store.sealed_number && number <= store.staged_number &&
            number > store.first_number
        );
        store.sealed_number = number - 1;
        store.staged_number = number - 1;
        store.block_hashes.erase(number);
    }
    store.is_reverting = true;
    store.move_base(true);
}

uint64_t StateStore::sealed_block() const {
    const std::shared_lock lock(impl_->history_mutex);
    return impl_->sealed_number;
}

Result<void> StateStore::health() const {
    const std::lock_guard lock(impl_->health_mutex);
    return impl_->first_error ? Result<void>{Err{*impl_->first_error}} : Result<void>{};
}

size_t StateStore::cache_bytes() const { return impl_->cache.bytes() + impl_->codes.bytes(); }

}  // namespace mega::storage
