#include "sequencer/diff_accumulator.hpp"

#include <algorithm>

namespace mega::sequencer {

void DiffAccumulator::add(const state::StateDiff& later) {
    for (const auto& change : later.accounts) {
        Entry& entry = entries_[change.address];
        if (!entry.account) {
            entry.account = change;
        } else {
            entry.account->after = change.after;
            entry.account->storage_cleared |= change.storage_cleared;
        }
        if (change.storage_cleared) {
            for (auto& [slot, values] : entry.slots) {
                values.after = 0;
            }
        }
    }
    for (const auto& change : later.slots) {
        auto& slots = entries_[change.address].slots;
        const auto [at, is_new] =
            slots.try_emplace(change.slot, SlotValues{change.before, change.after});
        if (!is_new) {
            at->second.after = change.after;
        }
    }
    for (const auto& added : later.codes) {
        codes_.emplace(added.code_hash, added.code);
    }
}

state::StateDiff DiffAccumulator::take() {
    state::StateDiff diff;
    for (auto& [address, entry] : entries_) {
        const bool cleared = entry.account && entry.account->storage_cleared;
        if (entry.account && (cleared || entry.account->before != entry.account->after)) {
            diff.accounts.push_back(std::move(*entry.account));
        }
        for (const auto& [slot, values] : entry.slots) {
            if (cleared || values.before != values.after) {
                diff.slots.push_back({address, slot, values.before, values.after});
            }
        }
    }
    for (auto& [hash, code] : codes_) {
        diff.codes.push_back({hash, std::move(code)});
    }
    entries_.clear();
    codes_.clear();
    std::ranges::sort(diff.accounts, {}, &state::AccountChange::address);
    std::ranges::sort(diff.slots, [](const auto& a, const auto& b) {
        return a.address != b.address ? a.address < b.address : a.slot < b.slot;
    });
    std::ranges::sort(diff.codes, {}, &state::CodeAdded::code_hash);
    return diff;
}

}  // namespace mega::sequencer
