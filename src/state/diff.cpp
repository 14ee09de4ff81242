#include "state/diff.hpp"

#include <algorithm>
#include <tuple>

namespace mega::state {

namespace {

bool before_in_order(const SlotChange& a, const SlotChange& b) {
    return std::tie(a.address, a.slot) < std::tie(b.address, b.slot);
}

/// Walks two sorted lists in step: `visit(a or null, b or null)` once per key, in order.
template <class Entry, class Less, class Visit>
void zip_sorted(
    const std::vector<Entry>& first, const std::vector<Entry>& second, Less less, Visit visit
) {
    size_t i = 0;
    size_t j = 0;
    while (i < first.size() || j < second.size()) {
        if (j == second.size() || (i < first.size() && less(first[i], second[j]))) {
            visit(&first[i++], static_cast<const Entry*>(nullptr));
        } else if (i == first.size() || less(second[j], first[i])) {
            visit(static_cast<const Entry*>(nullptr), &second[j++]);
        } else {
            visit(&first[i++], &second[j++]);
        }
    }
}

bool is_cleared(const std::vector<AccountChange>& accounts, const Address& address) {
    const auto found = std::lower_bound(
        accounts.begin(),
        accounts.end(),
        address,
        [](const AccountChange& change, const Address& wanted) { return change.address < wanted; }
    );
    return found != accounts.end() && found->address == address && found->storage_cleared;
}

/// Every account of either, changed or not.
std::vector<AccountChange> merge_accounts(const StateDiff& first, const StateDiff& second) {
    std::vector<AccountChange> merged;
    merged.reserve(first.accounts.size() + second.accounts.size());
    zip_sorted(
        first.accounts,
        second.accounts,
        [](const AccountChange& a, const AccountChange& b) { return a.address < b.address; },
        [&](const AccountChange* a, const AccountChange* b) {
            AccountChange change = a != nullptr ? *a : *b;
            if (a != nullptr && b != nullptr) {
                change.after = b->after;
                change.storage_cleared = a->storage_cleared || b->storage_cleared;
            }
            // What did not exist had nothing to clear.
            change.storage_cleared = change.storage_cleared && change.before.has_value();
            merged.push_back(change);
        }
    );
    return merged;
}

std::vector<SlotChange> merge_slots(
    const StateDiff& first, const StateDiff& second, const std::vector<AccountChange>& accounts
) {
    std::vector<SlotChange> merged;
    merged.reserve(first.slots.size() + second.slots.size());
    zip_sorted(
        first.slots,
        second.slots,
        before_in_order,
        [&](const SlotChange* a, const SlotChange* b) {
            SlotChange change = a != nullptr ? *a : *b;
            if (b != nullptr) {
                change.after = b->after;
            } else if (is_cleared(second.accounts, change.address)) {
                change.after = {};
            }
            // After a clearing an unchanged value has been written again and must stay listed.
            const bool is_rewritten =
                !change.after.is_zero() && is_cleared(accounts, change.address);
            if (change.before != change.after || is_rewritten) {
                merged.push_back(change);
            }
        }
    );
    return merged;
}

/// Drops accounts that nothing happened to. Both lists are sorted.
void drop_unchanged(std::vector<AccountChange>& accounts, const std::vector<SlotChange>& slots) {
    size_t next = 0;
    std::erase_if(accounts, [&](const AccountChange& change) {
        while (next < slots.size() && slots[next].address < change.address) {
            ++next;
        }
        const bool has_slots = next < slots.size() && slots[next].address == change.address;
        return change.before == change.after && !change.storage_cleared && !has_slots;
    });
}

}  // namespace

void sort_canonically(StateDiff& diff) {
    std::sort(diff.accounts.begin(), diff.accounts.end(), [](const auto& a, const auto& b) {
        return a.address < b.address;
    });
    std::sort(diff.slots.begin(), diff.slots.end(), before_in_order);
    std::sort(diff.codes.begin(), diff.codes.end(), [](const auto& a, const auto& b) {
        return a.code_hash < b.code_hash;
    });
    diff.codes.erase(std::unique(diff.codes.begin(), diff.codes.end()), diff.codes.end());
}

StateDiff merge(const StateDiff& first, const StateDiff& second) {
    StateDiff merged;
    merged.accounts = merge_accounts(first, second);
    merged.slots = merge_slots(first, second, merged.accounts);
    drop_unchanged(merged.accounts, merged.slots);
    zip_sorted(
        first.codes,
        second.codes,
        [](const CodeAdded& a, const CodeAdded& b) { return a.code_hash < b.code_hash; },
        [&](const CodeAdded* a, const CodeAdded* b) {
            merged.codes.push_back(a != nullptr ? *a : *b);
        }
    );
    return merged;
}

StateDiff merge_all(std::vector<StateDiff> diffs) {
    while (diffs.size() > 1) {
        const size_t half = (diffs.size() + 1) / 2;
        for (size_t i = 0; i < half; ++i) {
            StateDiff& first = diffs[2 * i];
            if (2 * i + 1 == diffs.size()) {
                diffs[i] = std::move(first);
                continue;
            }
            // Both go at once: many small diffs take more than their sum.
            const StateDiff earlier = std::move(first);
            const StateDiff later = std::move(diffs[2 * i + 1]);
            diffs[i] = merge(earlier, later);
        }
        diffs.resize(half);
    }
    return diffs.empty() ? StateDiff{} : std::move(diffs.front());
}

StateDiff invert(const StateDiff& diff) {
    StateDiff inverse;
    inverse.accounts = diff.accounts;
    for (AccountChange& change : inverse.accounts) {
        std::swap(change.before, change.after);
        change.storage_cleared = false;
    }
    inverse.slots = diff.slots;
    for (SlotChange& change : inverse.slots) {
        std::swap(change.before, change.after);
    }
    std::erase_if(inverse.slots, [](const SlotChange& change) {
        return change.before == change.after;
    });
    drop_unchanged(inverse.accounts, inverse.slots);
    return inverse;
}

}  // namespace mega::state
