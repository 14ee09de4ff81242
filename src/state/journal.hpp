#pragma once

// Journal: the mutable state of one transaction over a StateView, with undo.
//
// Accounts and slots are loaded from the view when they are first asked for and stay in arrays that
// are reused from transaction to transaction; begin() empties everything in constant time. Every
// change appends to an undo log, and a snapshot is a position in it. Existence is kept as the forks
// before EIP-161 need it; finish() applies EIP-161 when told.
//
// The journal knows no gas and no fork: what a rule means is decided by its caller.
// A tracking journal also notes which parts of each account the execution depended on. It gives no
// diff but effects (effects.hpp), for an executor that runs on a guess of the state and must know
// later whether the result stands.
//
// Not thread-safe. The view must outlive the work between begin() and finish().

#include "state/diff.hpp"
#include "state/effects.hpp"
#include "state/hash.hpp"
#include "state/index_table.hpp"
#include "state/view.hpp"
#include "types/receipt.hpp"

namespace mega::state {

struct Snapshot {
    size_t undo_count = 0;
    size_t log_count = 0;
};

/// Everything that was accessed since begin(), in reverted frames too, in order of first access.
struct AccessedAccount {
    Address address;
    std::vector<u256> slots;
};

class Journal {
  public:
    enum class Mode : uint8_t { plain, tracking };
    explicit Journal(Mode mode = Mode::plain)
        : hash_(SeededHash::from_place(this)), is_tracking_(mode == Mode::tracking) {}
    [[nodiscard]] bool is_tracking() const { return is_tracking_; }
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;

    void begin(const StateView& view);

    // --- accounts ---
    /// There is an entry in the state, be it empty. Empty accounts that EIP-161 will remove still
    /// count.
    [[nodiscard]] bool exists(const Address& address) {
        AccountEntry& entry = loaded(address);
        see_existence(entry);
        return entry.has(Flag::exists);
    }
    /// Neither existing nor anything in it (EIP-161).
    [[nodiscard]] bool is_empty(const Address& address) {
        AccountEntry& entry = loaded(address);
        if (is_tracking_) {
            see_emptiness(entry);
        }
        return entry.current.is_empty();
    }
    [[nodiscard]] u256 balance(const Address& address) {
        return seen(address, Seen::balance).current.balance;
    }
    /// balance(address) >= amount, for who does not need to know more.
    [[nodiscard]] bool covers(const Address& address, const u256& amount) {
        AccountEntry& entry = loaded(address);
        const bool is_enough = entry.current.balance >= amount;
        if (is_tracking_) {
            see_comparison(entry, amount, is_enough);
        }
        return is_enough;
    }
    [[nodiscard]] uint64_t nonce(const Address& address) {
        return seen(address, Seen::nonce).current.nonce;
    }
    [[nodiscard]] Hash256 code_hash(const Address& address) {
        return seen(address, Seen::code).current.code_hash;
    }
    /// Never null; valid until the next begin().
    [[nodiscard]] const evm::Code* code(const Address& address);
    /// Storage that was there before this transaction. Meaningful for accounts without nonce and
    /// code (EIP-7610).
    [[nodiscard]] bool had_storage(const Address& address) const;

    /// Marks for removal if empty (EIP-161) and makes the account exist.
    void touch(const Address& address);
    /// Both touch, zero amounts too. A balance wraps at 2^256 and must not go negative.
    void add_balance(const Address& address, const u256& amount);
    void subtract_balance(const Address& address, const u256& amount);
    /// add_balance as the last change before finish(): a tracking journal does not ask the view for
    /// the account.
    void credit(const Address& address, const u256& amount);
    void set_balance(const Address& address, const u256& balance);
    void set_nonce(const Address& address, uint64_t nonce);
    void set_code(const Address& address, const Hash256& code_hash, evm::CodePtr code);
    /// Starts a contract at an address without nonce, code and storage; keeps its balance.
    void create_contract(const Address& address, uint64_t nonce);
    [[nodiscard]] bool is_created(const Address& address) {
        return account_at(address).has(Flag::created);
    }
    /// The account goes at finish(). False when it was marked already.
    bool mark_destructed(const Address& address);

    // --- storage ---
    struct SlotValues {
        u256 original;
        u256 current;
    };
    [[nodiscard]] u256 storage(const Address& address, const u256& slot) {
        return loaded_slot(address, slot).current;
    }
    /// What stood there before.
    SlotValues set_storage(const Address& address, const u256& slot, const u256& value);
    [[nodiscard]] u256 transient_storage(const Address& address, const u256& slot);
    void set_transient_storage(const Address& address, const u256& slot, const u256& value);

    // --- EIP-2929: true when it was warm already ---
    bool warm_account(const Address& address);
    bool warm_slot(const Address& address, const u256& slot);
    [[nodiscard]] std::vector<AccessedAccount> accessed() const;

    void add_log(Log log) { logs_.push_back(std::move(log)); }
    [[nodiscard]] std::vector<Log> take_logs() { return std::move(logs_); }

    [[nodiscard]] Snapshot snapshot() const { return {undo_.size(), logs_.size()}; }
    void revert_to(const Snapshot& snapshot);

    /// The canonical diff since begin(). `delete_touched_empty` is EIP-161. Nothing of a tracking
    /// journal.
    [[nodiscard]] StateDiff finish(bool delete_touched_empty);

    // --- what a tracking journal knows, until the next begin(); finish() need not have come ---
    /// Slots that changed, by first access, and the how-manieth each was that was asked of the view
    /// (not_loaded: none); then accounts that were loaded, changed or credited.
    static constexpr uint32_t not_loaded = UINT32_MAX;
    template <class VisitSlot, class VisitAccount>
    void visit_effects(
        bool delete_touched_empty, VisitSlot&& visit_slot, VisitAccount&& visit_account
    );
    /// The code that this execution gave to an account; null when it gave none.
    [[nodiscard]] evm::CodePtr code_given(const Address& address);

  private:
    enum class Flag : uint8_t { exists = 1, touched = 2, warm = 4, created = 8, destructed = 16 };

    static constexpr uint32_t no_range = UINT32_MAX;

    struct AccountEntry {
        Address address;
        uint8_t flags = 0;
        bool is_loaded = false;
        bool existed = false;
        bool was_warm = false;          // at any time
        bool has_slot_changes = false;  // known at finish()
        uint8_t seen = 0;               // Seen, while tracking
        uint32_t load_order = 0;
        uint32_t range = no_range;  // index into ranges_
        Account original;
        Account current;
        evm::CodePtr code;  // of `current`; null until asked for

        [[nodiscard]] bool has(Flag flag) const {
            return (flags & static_cast<uint8_t>(flag)) != 0;
        }
    };
    struct SlotEntry {
        u256 slot;
        u256 original;
        u256 current;
        uint32_t account = 0;
        uint32_t load_order = not_loaded;  // while tracking
        bool is_loaded = false;
        bool is_warm = false;
        bool was_warm = false;
    };
    struct TransientEntry {
        u256 slot;
        u256 value;
        uint32_t account = 0;
    };
    struct OldCode {
        Hash256 code_hash;
        evm::CodePtr code;
    };
    struct Undo {
        enum class Kind : uint8_t { flag, balance, nonce, code, slot, slot_warm, transient };
        u256 value;  // the old one; for code, an index into old_codes_
        uint32_t index = 0;
        Kind kind = Kind::flag;
        uint8_t flag = 0;
    };

    [[nodiscard]] uint32_t account_index(const Address& address);
    [[nodiscard]] AccountEntry& account_at(const Address& address) {
        return accounts_[account_index(address)];
    }
    AccountEntry& load(AccountEntry& entry);
    [[nodiscard]] AccountEntry& loaded(const Address& address) { return load(account_at(address)); }
    AccountEntry& seen(const Address& address, uint8_t parts) {
        AccountEntry& entry = loaded(address);
        entry.seen |= parts;
        return entry;
    }
    /// Existence is the execution's own doing once it has touched the account.
    static void see_existence(AccountEntry& entry) {
        if (!entry.has(Flag::touched)) {
            entry.seen |= Seen::existence;
        }
    }
    void see_emptiness(AccountEntry& entry);
    void see_comparison(AccountEntry& entry, const u256& amount, bool is_enough);
    [[nodiscard]] BalanceRange& range_of(AccountEntry& entry);
    void see_what_the_end_depends_on(AccountEntry& entry, bool delete_touched_empty);
    [[nodiscard]] AccountEffect effect_of(const AccountEntry& entry) const;
    [[nodiscard]] uint32_t slot_index(const Address& address, const u256& slot);
    [[nodiscard]] SlotEntry& loaded_slot(const Address& address, const u256& slot);
    [[nodiscard]] uint32_t transient_index(uint32_t account, const u256& slot);
    [[nodiscard]] uint32_t index_of(const AccountEntry& entry) const {
        return static_cast<uint32_t>(&entry - accounts_.data());
    }
    void raise(AccountEntry& entry, Flag flag);
    void change_balance(AccountEntry& entry, const u256& balance);
    void undo(const Undo& record);
    [[nodiscard]] std::optional<Account> final_account(
        const AccountEntry& entry, bool delete_touched_empty
    ) const;
    void collect_slots(StateDiff& diff, bool delete_touched_empty);
    void collect_account(StateDiff& diff, const AccountEntry& entry, bool delete_touched_empty)
        const;

    SeededHash hash_;
    const StateView* view_ = nullptr;
    std::vector<AccountEntry> accounts_;
    std::vector<SlotEntry> slots_;
    std::vector<TransientEntry> transients_;
    std::vector<Undo> undo_;
    std::vector<OldCode> old_codes_;
    std::vector<Log> logs_;
    IndexTable account_table_;
    IndexTable slot_table_;
    IndexTable transient_table_;
    // The last ones found: the interpreter asks for the same account and slot several times in a
    // row.
    uint32_t last_account_ = IndexTable::none;
    uint32_t last_slot_ = IndexTable::none;
    bool is_tracking_ = false;
    uint32_t load_count_ = 0;
    uint32_t slot_load_count_ = 0;
    std::vector<BalanceRange> ranges_;  // while tracking
};

template <class VisitSlot, class VisitAccount>
void Journal::visit_effects(
    bool delete_touched_empty, VisitSlot&& visit_slot, VisitAccount&& visit_account
) {
    MEGA_ASSERT(is_tracking_);
    for (const SlotEntry& slot : slots_) {
        if (!slot.is_loaded || (slot.original.is_zero() && slot.current.is_zero())) {
            continue;
        }
        AccountEntry& account = load(accounts_[slot.account]);
        see_what_the_end_depends_on(account, delete_touched_empty);
        const bool survives = final_account(account, delete_touched_empty).has_value();
        const u256 after = survives ? slot.current : u256{};
        if (slot.original != after) {
            account.has_slot_changes = true;
            visit_slot(
                SlotChange{account.address, slot.slot, slot.original, after}, slot.load_order
            );
        }
    }
    for (const AccountEntry& entry : accounts_) {
        if (entry.is_loaded || entry.has(Flag::touched)) {
            visit_account(effect_of(entry));
        }
    }
}

}  // namespace mega::state
