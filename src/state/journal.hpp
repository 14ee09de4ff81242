#pragma once

// Journal: the mutable state of one transaction over a StateView, with undo.
//
// Accounts and slots are loaded from the view when they are first asked for and stay in arrays that
// are reused from transaction to transaction; begin() empties everything in constant time. Every
// change appends to an undo log, and a snapshot is a position in it. Existence is kept as the forks
// before EIP-161 need it; finish() applies EIP-161 when told.
//
// The journal knows no gas and no fork: what a rule means is decided by its caller.
// Not thread-safe. The view must outlive the work between begin() and finish().

#include "state/diff.hpp"
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
    Journal() : hash_(SeededHash::from_place(this)) {}
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;

    void begin(const StateView& view);

    // --- accounts ---
    /// There is an entry in the state, be it empty. Empty accounts that EIP-161 will remove still
    /// count.
    [[nodiscard]] bool exists(const Address& address) { return loaded(address).has(Flag::exists); }
    /// Neither existing nor anything in it (EIP-161).
    [[nodiscard]] bool is_empty(const Address& address) {
        return loaded(address).current.is_empty();
    }
    [[nodiscard]] u256 balance(const Address& address) { return loaded(address).current.balance; }
    [[nodiscard]] uint64_t nonce(const Address& address) { return loaded(address).current.nonce; }
    [[nodiscard]] Hash256 code_hash(const Address& address) {
        return loaded(address).current.code_hash;
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

    /// The canonical diff since begin(). `delete_touched_empty` is EIP-161.
    [[nodiscard]] StateDiff finish(bool delete_touched_empty);

  private:
    enum class Flag : uint8_t { exists = 1, touched = 2, warm = 4, created = 8, destructed = 16 };

    struct AccountEntry {
        Address address;
        uint8_t flags = 0;
        bool is_loaded = false;
        bool existed = false;
        bool was_warm = false;          // at any time
        bool has_slot_changes = false;  // known at finish()
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
};

}  // namespace mega::state
