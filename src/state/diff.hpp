#pragma once

// StateDiff: what a transaction, mini-block or block changed, with before and after. The one type
// that the tree, the feed, replicas, state-change subscriptions, witnesses and the database
// consume.
//
// Canonical: accounts sorted by address, slots by (address, slot), codes by hash; no repeats; no
// slot whose before equals its after (unless its account's storage was cleared in between); an
// account whose slots changed is listed even when its own fields did not (before == after then), so
// that a consumer finds the fields of every account whose leaf changes.

#include "evm/code.hpp"
#include "types/account.hpp"

#include <optional>
#include <vector>

namespace mega::state {

struct AccountChange {
    Address address;
    std::optional<Account> before;
    std::optional<Account> after;
    /// The account's storage was dropped (SELFDESTRUCT, or re-creation over old storage) before the
    /// slots below were written. Slot changes of such an account list every slot that the execution
    /// touched.
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
    evm::CodePtr code;  // never null
    friend bool operator==(const CodeAdded& a, const CodeAdded& b) {
        return a.code_hash == b.code_hash;
    }
};

struct StateDiff {
    std::vector<AccountChange> accounts;
    std::vector<SlotChange> slots;
    std::vector<CodeAdded> codes;

    [[nodiscard]] bool is_empty() const {
        return accounts.empty() && slots.empty() && codes.empty();
    }
    friend bool operator==(const StateDiff&, const StateDiff&) = default;
};

/// Sorts and drops repeated codes; accounts and slots must not repeat.
void sort_canonically(StateDiff& diff);

/// The diff of `first` followed by `second`; entries that cancel out disappear.
[[nodiscard]] StateDiff merge(const StateDiff& first, const StateDiff& second);
/// Many diffs in order, merged two by two so that the cost stays n log n.
[[nodiscard]] StateDiff merge_all(std::vector<StateDiff> diffs);
/// The same change undone: before and after swapped, codes left out (they are content-addressed and
/// harmless). Storage that was cleared comes back only as far as the diff lists its slots.
[[nodiscard]] StateDiff invert(const StateDiff& diff);

/// Our own encoding, drawn in diff_encoding.cpp; version byte first. Decoding accepts canonical
/// diffs only.
[[nodiscard]] Bytes encode(const StateDiff& diff);
[[nodiscard]] Result<StateDiff> decode_diff(BytesView encoded);

}  // namespace mega::state
