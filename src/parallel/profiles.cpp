#include "parallel/profiles.hpp"

#include <algorithm>

namespace mega::parallel {

namespace {

constexpr size_t ways = 4;
constexpr uint32_t remembered_executions = 256;  // then old habits fade

uint32_t selector_of(const Transaction& tx) {
    uint32_t selector = 0;
    if (tx.data.size() >= sizeof(selector)) {
        std::memcpy(&selector, tx.data.data(), sizeof(selector));
    }
    return selector;
}

bool is_place(const Profiles::Place& place, const state::SlotChange& change) {
    return place.hits != 0 && place.slot == change.slot && place.address == change.address;
}

void note_hit(Profiles::Place& place, const SlotWrite& write, bool is_tracked) {
    ++place.hits;
    place.tracked += is_tracked ? 1 : 0;
    place.sums += write.is_sum ? 1 : 0;
}

void note_write(Profiles::Profile& profile, const SlotWrite& write, bool is_tracked) {
    const state::SlotChange& change = write.change;
    Profiles::Place* least = &profile.places.front();
    for (Profiles::Place& place : profile.places) {
        if (is_place(place, change)) {
            note_hit(place, write, is_tracked);
            return;
        }
        if (place.hits < least->hits) {
            least = &place;
        }
    }
    // A place that comes up once in a while gives way to one that may come up always.
    if (least->hits > 1) {
        --least->hits;
    } else {
        *least = {change.address, change.slot};
        note_hit(*least, write, is_tracked);
    }
}

}  // namespace

std::span<Profiles::Profile> Profiles::set_of(const Address& contract, uint32_t selector) {
    const uint64_t hash = mix64(hash_(contract), selector);
    return {profiles_.data() + (hash % (size / ways)) * ways, ways};
}

const Profiles::Profile* Profiles::find(const Transaction& tx) const {
    if (!tx.to) {
        return nullptr;
    }
    const uint32_t selector = selector_of(tx);
    const auto set = const_cast<Profiles*>(this)->set_of(*tx.to, selector);  // NOLINT: reads only
    for (const Profile& profile : set) {
        if (profile.executions != 0 && profile.selector == selector && profile.contract == *tx.to) {
            return &profile;
        }
    }
    return nullptr;
}

void Profiles::learn(const Transaction& tx, const Record& record) {
    if (!tx.to) {
        return;
    }
    const uint64_t gas_used = record.result.gas_used;
    auto* profile = const_cast<Profile*>(find(tx));  // NOLINT: our own
    if (profile == nullptr) {
        const uint32_t selector = selector_of(tx);
        const auto set = set_of(*tx.to, selector);
        profile = &*std::min_element(set.begin(), set.end(), [](const auto& a, const auto& b) {
            return a.executions < b.executions;
        });
        *profile = {};
        profile->contract = *tx.to;
        profile->selector = selector;
        profile->average_gas = gas_used;
    }
    if (++profile->executions == remembered_executions) {
        profile->executions /= 2;
        for (Place& place : profile->places) {
            place.hits /= 2;
            place.tracked /= 2;
            place.sums /= 2;
        }
    }
    profile->average_gas = (7 * profile->average_gas + gas_used) / 8;
    const size_t count = std::min<size_t>(record.slot_writes.size(), 16);
    for (const SlotWrite& write : std::span{record.slot_writes}.first(count)) {
        note_write(*profile, write, record.is_tracked);
    }
}

}  // namespace mega::parallel
