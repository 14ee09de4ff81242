#include "parallel/commit.hpp"

namespace mega::parallel {

namespace {

constexpr auto take_estimates = [](const auto& /*node*/) { return false; };

ResolvedAccount start_of(const MultiVersionMemory& memory, const AccountWrite& write, uint32_t tx) {
    if (write.node == nullptr) {
        return memory.read(*write.location, tx, take_estimates).resolved;
    }
    const auto* below = write.node->next.load(std::memory_order_acquire);
    return memory.committed_below(*write.location, below);
}

/// What the storage of an account that ends, or lives on without being a contract, leaves behind.
StorageVersion storage_marks(
    const MultiVersionMemory& memory,
    const state::AccountChange& change,
    bool has_slot_changes,
    uint32_t tx
) {
    StorageVersion marks;
    if (change.before && !change.after) {
        marks.is_cleared = change.before->has_code() || memory.has_storage(change.address, tx);
    }
    marks.is_bare =
        has_slot_changes && change.after && change.after->nonce == 0 && !change.after->has_code();
    return marks;
}

void add_code(state::StateDiff& diff, const Record& record, const state::AccountChange& change) {
    if (!change.after || !change.after->has_code() ||
        (change.before && change.before->code_hash == change.after->code_hash)) {
        return;
    }
    for (const state::CodeAdded& added : record.codes) {
        if (added.code_hash == change.after->code_hash) {
            diff.codes.push_back(added);
            return;
        }
    }
    MEGA_ASSERT(false);  // a code that changed was given by this very transaction
}

}  // namespace

state::StateDiff commit_writes(
    MultiVersionMemory& memory, Arena& arena, Record& record, uint32_t tx
) {
    state::StateDiff diff;
    diff.accounts.reserve(record.account_writes.size());
    for (const AccountWrite& write : record.account_writes) {
        const ResolvedAccount before = start_of(memory, write, tx);
        const ResolvedAccount after = apply(write.change, before, memory.sweeps_empty());
        state::AccountChange change{write.location->key, before.account, after.account, false};
        const StorageVersion marks = storage_marks(memory, change, write.has_slot_changes, tx);
        change.storage_cleared = marks.is_cleared;
        if (marks.is_cleared || marks.is_bare) {
            memory.set_storage_marks(arena, change.address, tx, marks);
        }
        if (write.node != nullptr) {
            write.node->publish(
                arena.make<AccountVersion>(AccountVersion::absolute(after.account, after.code))
            );
        }
        if (change.before == change.after && !write.has_slot_changes) {
            continue;
        }
        add_code(diff, record, change);
        diff.accounts.push_back(change);
    }
    diff.slots.reserve(record.slot_writes.size());
    for (const SlotWrite& write : record.slot_writes) {
        diff.slots.push_back(write.change);
    }
    if (diff.codes.size() > 1) {
        state::sort_canonically(diff);
    }
    return diff;
}

void withdraw_writes(Record& record) {
    record.mark_estimates();
    record.drop_stale_values();
}

}  // namespace mega::parallel
