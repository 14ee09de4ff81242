#include "staking/stake_table.hpp"

#include <algorithm>

namespace mega::staking {

std::vector<u256> StakeTable::stakes() const {
    std::vector<u256> all;
    all.reserve(entries.size());
    for (const StakeEntry& entry : entries) {
        all.push_back(entry.stake);
    }
    return all;
}

u256 StakeTable::total() const {
    u256 sum;
    for (const StakeEntry& entry : entries) {
        sum += entry.stake;
    }
    return sum;
}

const StakeEntry* StakeTable::find(uint32_t id) const {
    const auto found = std::ranges::lower_bound(entries, id, {}, &StakeEntry::id);
    return found != entries.end() && found->id == id ? &*found : nullptr;
}

uint64_t EpochClock::epoch_of(uint64_t time) const {
    return time < genesis_time ? 0 : (time - genesis_time) / epoch_length;
}

uint64_t EpochClock::epoch_start(uint64_t epoch) const {
    return genesis_time + epoch * epoch_length;
}

uint64_t EpochClock::slot_start_of(uint64_t time) const {
    const uint64_t start = epoch_start(epoch_of(time));
    return time < start ? start : time - (time - start) % slot_length();
}

uint64_t EpochClock::slot_index(uint64_t slot_start) const {
    const uint64_t start = epoch_start(epoch_of(slot_start));
    return slot_start < start ? 0 : (slot_start - start) / slot_length();
}

}  // namespace mega::staking
