#pragma once

// A mutable state on top of a view: applied diffs win over the base. Single-threaded.

#include "state/diff.hpp"
#include "state/view.hpp"

#include <unordered_map>
#include <unordered_set>

namespace mega::state {

class Overlay final : public StateView {
  public:
    /// `base` must outlive the overlay.
    explicit Overlay(const StateView& base) : base_(&base) {}

    void apply(const StateDiff& diff);
    void set_block_hash(uint64_t number, const Hash256& hash);
    void clear();

    [[nodiscard]] std::optional<Account> account(const Address& address) const override;
    [[nodiscard]] u256 storage(const Address& address, const u256& slot) const override;
    [[nodiscard]] evm::CodePtr code(const Hash256& code_hash) const override;
    [[nodiscard]] Hash256 block_hash(uint64_t number) const override;

  private:
    struct SlotKey {
        Address address;
        u256 slot;
        friend bool operator==(const SlotKey&, const SlotKey&) = default;
    };
    struct SlotKeyHash {
        size_t operator()(const SlotKey& key) const noexcept {
            return mix64(std::hash<Address>{}(key.address), std::hash<u256>{}(key.slot));
        }
    };

    const StateView* base_;
    std::unordered_map<Address, std::optional<Account>> accounts_;
    std::unordered_map<SlotKey, u256, SlotKeyHash> slots_;
    std::unordered_set<Address> storage_cleared_;
    std::unordered_map<Hash256, evm::CodePtr> codes_;
    std::unordered_map<uint64_t, Hash256> block_hashes_;
};

/// A state with nothing in it, for genesis and tests.
class EmptyState final : public StateView {
  public:
    [[nodiscard]] std::optional<Account> account(const Address&) const override { return std::nullopt; }
    [[nodiscard]] u256 storage(const Address&, const u256&) const override { return {}; }
    [[nodiscard]] evm::CodePtr code(const Hash256&) const override;
    [[nodiscard]] Hash256 block_hash(uint64_t) const override { return {}; }
};

}  // namespace mega::state
