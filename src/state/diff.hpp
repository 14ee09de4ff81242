#pragma once

// StateDiff: what a transaction, mini-block or block changed, with before and after. The one type that the tree, the feed,
// replicas, state-change subscriptions, witnesses and the database consume.
//
// Canonical: accounts sorted by address, slots by (address, slot), codes by hash; no entry whose before equals its after.

#include "evm/code.hpp"
#include "types/account.hpp"

#include <optional>
#include <vector>

namespace mega::state {

struct AccountChange {
    Address address;
    std::optional<Account> before;
    std::optional<Account> after;
    /// The account's storage was dropped (SELFDESTRUCT, or re-creation over old storage) before the slots below were
    /// written. Slot changes of such an account list every slot that the execution touched.
    bool storage_cleared = false;
    friend bool operator==(const AccountChange&, const AccountChange&) = default;
};

struct SlotChange {
    Address address;
    u256 slot;
    u256 before;
    u256 after;
    friend bool operator==(const SlotChange&, const SlotChange&) = default;
};

struct CodeAdded {
    Hash256 code_hash;
    evm::CodePtr code;
};

struct StateDiff {
    std::vector<AccountChange> accounts;
    std::vector<SlotChange> slots;
    std::vector<CodeAdded> codes;

    [[nodiscard]] bool is_empty() const { return accounts.empty() && slots.empty() && codes.empty(); }
};

/// The diff of `first` followed by `second`; entries that cancel out disappear.
[[nodiscard]] StateDiff merge(const StateDiff& first, const StateDiff& second);
/// The same change undone: before and after swapped, codes left out (they are content-addressed and harmless).
[[nodiscard]] StateDiff invert(const StateDiff& diff);

/// Our own encoding, drawn in diff.cpp; version byte first.
[[nodiscard]] Bytes encode(const StateDiff& diff);
[[nodiscard]] Result<StateDiff> decode_diff(BytesView encoded);

}  // namespace mega::state
