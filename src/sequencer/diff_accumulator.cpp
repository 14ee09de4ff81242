#include "sequencer/diff_accumulator.hpp"

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
        const size_t first_slot = diff.slots.size();
        for (const auto& [slot, values] : entry.slots) {
            if (cleared || values.before != values.after) {
                diff.slots.push_back({address, slot, values.before, values.after});
            }
        }
        // An account whose slots changed is listed even when it is the same itself.
        const bool has_slots = diff.slots.size() > first_slot;
        if (entry.account &&
            (cleared || has_slots || entry.account->before != entry.account->after)) {
            diff.accounts.push_back(*entry.account);
        }
    }
    for (auto& [hash, code] : codes_) {
        diff.codes.push_back({hash, std::move(code)});
    }
    entries_.clear();
    codes_.clear();
    state::sort_canonically(diff);
    return diff;
}

}  // namespace mega::sequencer
