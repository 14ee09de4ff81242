#include "parallel/commit.hpp"

namespace mega::parallel {

namespace {

constexpr auto take_estimates = [](const auto& /*node*/) { return false; };

const AccountVersion& start_of(
    const MultiVersionMemory& memory, const AccountWrite& write, uint32_t tx, AccountVersion& sum
) {
    if (write.node == nullptr) {
        return *memory.read(*write.location, tx, sum, take_estimates).value;
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

/// One transaction's way into its diff.
class Commit {
  public:
    Commit(MultiVersionMemory& memory, Arena& arena, const Record& record, uint32_t tx)
        : memory_(memory), arena_(arena), record_(record), tx_(tx) {
        diff_.accounts.reserve(record.account_writes.size() + record.fees.size());
    }

    void add(const AccountWrite& write) {
        AccountVersion sum;
        const AccountVersion& before = start_of(memory_, write, tx_, sum);
        const AccountVersion* after = &before;
        if (write.change != nullptr) {
            auto* made = arena_.make<AccountVersion>(before);
            apply(*write.change, memory_.sweeps_empty(), *made);
            after = made;
        }
        state::AccountChange& change = diff_.accounts.emplace_back();
        change.address = write.location->key;
        change.before = before.to_account();
        change.after = after->to_account();
        settle_last(write.has_slot_changes);
        if (write.node != nullptr) {
            write.node->publish(after);
        }
    }

    void add(FeeAccounts& fees, const Fee& fee) {
        fees.collect(arena_, fee, tx_, diff_.accounts.emplace_back());
        settle_last(false);
    }

    [[nodiscard]] state::StateDiff finish() {
        diff_.slots.reserve(record_.slot_writes.size());
        for (const SlotWrite& write : record_.slot_writes) {
            diff_.slots.push_back(write.is_sum ? settle_sum(write) : write.change);
        }
        if (diff_.codes.size() > 1) {
            state::sort_canonically(diff_);
        }
        return std::move(diff_);
    }

  private:
    /// The last account's change may say that its storage is gone, come with a code, or be none.
    void settle_last(bool has_slot_changes) {
        state::AccountChange& change = diff_.accounts.back();
        const StorageVersion marks = storage_marks(memory_, change, has_slot_changes, tx_);
        change.storage_cleared = marks.is_cleared;
        if (marks.is_cleared || marks.is_bare) {
            memory_.set_storage_marks(arena_, change.address, tx_, marks);
        }
        if (change.before == change.after && !has_slot_changes) {
            diff_.accounts.pop_back();
        } else {
            add_code(diff_, record_, change);
        }
    }

    /// The change that a sum comes to now, published as a value for those after it.
    [[nodiscard]] state::SlotChange settle_sum(const SlotWrite& write) {
        state::SlotChange change = write.change;
        change.before = memory_.read(*write.location, tx_, take_estimates).value;
        change.after = change.before + (write.change.after - write.change.before);
        write.node->publish(arena_.make<SlotVersion>(change.after));
        return change;
    }

    MultiVersionMemory& memory_;
    Arena& arena_;
    const Record& record_;
    uint32_t tx_;
    state::StateDiff diff_;
};

}  // namespace

state::StateDiff commit_writes(
    MultiVersionMemory& memory, Arena& arena, FeeAccounts& fees, Record& record, uint32_t tx
) {
    Commit commit{memory, arena, record, tx};
    auto fee = record.fees.begin();
    const auto add_fees_before = [&](const Address* end) {
        for (; fee != record.fees.end() && (end == nullptr || fee->address < *end); ++fee) {
            commit.add(fees, *fee);
        }
    };
    for (const AccountWrite& write : record.account_writes) {
        add_fees_before(&write.location->key);
        commit.add(write);
    }
    add_fees_before(nullptr);
    return commit.finish();
}

void withdraw_writes(Record& record) {
    record.mark_estimates();
    record.drop_stale_values();
}

}  // namespace mega::parallel
