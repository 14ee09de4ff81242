#pragma once

// A mutable state on top of a view: applied diffs win over the base. Single-threaded.

#include "state/diff.hpp"
#include "state/entry_table.hpp"
#include "state/hash.hpp"
#include "state/view.hpp"

#include <unordered_map>
#include <unordered_set>

namespace mega::state {

class Overlay final : public StateView {
  public:
    /// `base` must outlive the overlay.
    explicit Overlay(const StateView& base) : base_(&base), hash_(SeededHash::from_place(this)) {}

    void apply(const StateDiff& diff);
    void set_block_hash(uint64_t number, const Hash256& hash);
    void clear();

    // Overrides of single parts, for simulation. The account comes to exist.
    void set_account(const Address& address, const Account& account);
    void set_balance(const Address& address, const u256& balance);
    void set_nonce(const Address& address, uint64_t nonce);
    void set_code(const Address& address, BytesView code);
    void set_storage(const Address& address, const u256& slot, const u256& value);
    /// All slots become zero; what is set afterwards is all there is.
    void clear_storage(const Address& address);

    [[nodiscard]] std::optional<Account> account(const Address& address) const override;
    void load_accounts(std::span<const Address> addresses, std::span<std::optional<Account>> found)
        const override;
    [[nodiscard]] u256 storage(const Address& address, const u256& slot) const override;
    void expect_accounts(std::span<const Address> addresses) const override;
    void expect_slots(std::span<const SlotKey> keys) const override;
    [[nodiscard]] bool has_storage(const Address& address) const override;
    [[nodiscard]] evm::CodePtr code(const Hash256& code_hash) const override;
    [[nodiscard]] Hash256 block_hash(uint64_t number) const override;

  private:
    static constexpr size_t group_size = 16;  // that are looked for at once
    void find_group(std::span<const Address> addresses, std::span<std::optional<Account>> found)
        const;

    /// A slot counts when it was written after the last time its account's storage was cleared.
    struct SlotValue {
        u256 value;
        uint32_t times_cleared = 0;
    };

    [[nodiscard]] uint32_t times_cleared(const Address& address) const;
    [[nodiscard]] Account account_or_empty(const Address& address) const;
    void note_bare_storage(const Address& address);

    [[nodiscard]] std::optional<Account>& account_at(const Address& address) {
        return accounts_.find_or_add(hash_(address), address);
    }
    [[nodiscard]] uint64_t hash_of(const SlotKey& key) const {
        return hash_(hash_(key.address), key.slot);
    }

    const StateView* base_;
    SeededHash hash_;
    EntryTable<Address, std::optional<Account>> accounts_;
    EntryTable<SlotKey, SlotValue> slots_;
    std::unordered_map<Address, uint32_t> times_cleared_;
    // Accounts given storage while they had neither nonce nor code: what has_storage is asked
    // about.
    std::unordered_set<Address> bare_storage_;
    std::unordered_map<Hash256, evm::CodePtr> codes_;
    std::unordered_map<uint64_t, Hash256> block_hashes_;
};

/// A state with nothing in it, for genesis and tests.
class EmptyState final : public StateView {
  public:
    [[nodiscard]] std::optional<Account> account(const Address&) const override {
        return std::nullopt;
    }
    [[nodiscard]] u256 storage(const Address&, const u256&) const override { return {}; }
    [[nodiscard]] evm::CodePtr code(const Hash256&) const override;
    [[nodiscard]] Hash256 block_hash(uint64_t) const override { return {}; }
};

}  // namespace mega::state
