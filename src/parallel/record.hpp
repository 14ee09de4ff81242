#pragma once

// What is known of one transaction between its execution and its commit: what it read, what it
// wrote, what came of it. Owned by whoever holds its phase (round.hpp); its vectors keep their
// capacity from transaction to transaction.

#include "evm/hash_cache.hpp"
#include "execution/block.hpp"
#include "parallel/memory.hpp"

#include <algorithm>

namespace mega::parallel {

struct AccountRead {
    AccountLocation* location = nullptr;
    const AccountVersion* newest = nullptr;  // as read
    const AccountVersion* value = nullptr;   // as read; absolute
    uint8_t seen = 0;                        // state::Seen
    bool has_range = false;
    state::BalanceRange range;
};
/// Values of a slot, both ends included, for which an execution is the same.
struct SlotRange {
    u256 least = 0;
    u256 most = u256::max();
    friend bool operator==(const SlotRange&, const SlotRange&) = default;
};
struct SlotRead {
    SlotLocation* location = nullptr;
    u256 value;
    bool has_range = false;  // else the value is what counts
    SlotRange range{};

    [[nodiscard]] bool holds_for(const u256& now) const {
        return has_range ? range.least <= now && now <= range.most : now == value;
    }
};
struct StorageRead {
    Address address;
    bool has_storage = false;
};

struct AccountWrite {
    AccountLocation* location = nullptr;
    Node<AccountVersion>* node = nullptr;  // once published
    /// Null: nothing to publish, the account is only listed in the diff, for its slots.
    const AccountVersion* change = nullptr;
    bool has_slot_changes = false;
};
struct SlotWrite {
    state::SlotChange change;  // as executed
    /// Its difference is what counts: of a slot whose read has a range.
    bool is_sum = false;
    SlotLocation* location = nullptr;
    Node<SlotVersion>* node = nullptr;
};

struct Fee {
    Address address;
    u256 amount;
};

/// Which read would come out differently now.
struct Conflict {
    Address address;
    std::optional<u256> slot;  // none: the account itself
    uint32_t writer = no_tx;
};

struct Record {
    std::vector<AccountRead> account_reads;
    std::vector<SlotRead> slot_reads;
    std::vector<StorageRead> storage_reads;
    std::vector<Hash256> code_reads;            // that the round did not give
    std::optional<uint64_t> lowest_block_hash;  // that was asked for
    std::vector<AccountWrite> account_writes;   // by address
    std::vector<SlotWrite> slot_writes;         // by address and slot
    std::vector<state::CodeAdded> codes;
    std::vector<evm::HashCache::Hashed> hashed;  // of two words, where that was to be noted
    // Nodes of the execution before, when there was one.
    std::vector<Node<AccountVersion>*> old_account_nodes;
    std::vector<Node<SlotVersion>*> old_slot_nodes;

    /// Why it cannot be part of the block, as far as one transaction can tell; the rest is empty
    /// then.
    std::optional<execution::TxError> refusal;
    execution::TxResult result;  // its diff is made at commit
    Receipt receipt;             // its gas is added up at commit
    bool is_native = false;      // did not enter the interpreter
    bool is_tracked = false;     // with an OriginTracker
    bool notes_hashes = false;
    /// All before it were committed when it began: what it read was final.
    bool began_as_head = false;
    /// Why the execution before this one did not stand, when a slot was why.
    std::optional<SlotKey> conflict_before;

    /// What those who live on fees get, where that is all that happens to them: not published, but
    /// collected at commit (fee_account.hpp). By address.
    std::vector<Fee> fees;
    /// One of them is among the accounts read.
    bool meets_fee_account = false;

    void clear_outcome();
    /// Lets go of what only an extraordinary transaction needs; its outcome with it.
    void trim();
    static constexpr size_t most_kept = 512;  // of each list
    /// Takes leave of an execution that does not stand: its values become estimates.
    void mark_estimates();
    /// After the next execution has published: what it did not write again is gone.
    void drop_stale_values();
};

inline void sort_account_writes(Record& record) {
    std::sort(
        record.account_writes.begin(),
        record.account_writes.end(),
        [](const AccountWrite& a, const AccountWrite& b) {
            return a.location->key < b.location->key;
        }
    );
}

/// Nothing when all reads of `tx` still stand. Estimates count as what they are.
[[nodiscard]] std::optional<Conflict> find_conflict(
    const MultiVersionMemory& memory, const Record& record, uint32_t tx
);

}  // namespace mega::parallel
