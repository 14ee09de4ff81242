#include "parallel/profiles.hpp"

#include <algorithm>

namespace mega::parallel {

namespace {

constexpr size_t ways = 4;                       // of a set of profiles
constexpr uint32_t remembered_executions = 256;  // then old habits fade
// From so many on, one in a few is enough to see a habit change.
constexpr uint32_t well_known = 32;
constexpr uint32_t few = 4;

uint32_t selector_of(const Transaction& tx) {
    uint32_t selector = 0;
    if (tx.data.size() >= sizeof(selector)) {
        std::memcpy(&selector, tx.data.data(), sizeof(selector));
    }
    return selector;
}

uint32_t weight_of(const Profiles::Place& place) { return place.hits + 8 * place.conflicts; }

/// The place, or one that gives way to it: null when none does, this time.
Profiles::Place* place_for(Profiles::Profile& profile, const Address& address, const u256& slot) {
    Profiles::Place* least = &profile.places.front();
    for (Profiles::Place& place : profile.places) {
        if (weight_of(place) != 0 && place.slot == slot && place.address == address) {
            return &place;
        }
        if (weight_of(place) < weight_of(*least)) {
            least = &place;
        }
    }
    // What comes up once in a while gives way to what may come up always.
    if (least->hits > 1) {
        --least->hits;
        return nullptr;
    }
    *least = {address, slot};
    return least;
}

void note_write(Profiles::Profile& profile, const SlotWrite& write, bool is_tracked) {
    if (auto* place = place_for(profile, write.change.address, write.change.slot)) {
        ++place->hits;
        place->tracked += is_tracked ? 1 : 0;
        place->sums += write.is_sum ? 1 : 0;
    }
}

bool writes(const Record& record, const SlotKey& key) {
    return std::ranges::any_of(record.slot_writes, [&](const SlotWrite& write) {
        return write.change.slot == key.slot && write.change.address == key.address;
    });
}

void learn_preimages(PreimageRules& rules, const SignedTransaction& tx, const Record& record) {
    constexpr size_t most = 32;
    std::array<SlotKey, most> slots;
    size_t count = 0;
    if (!record.hashed.empty()) {
        for (; count < std::min(most, record.slot_reads.size()); ++count) {
            slots[count] = record.slot_reads[count].location->key;
        }
    }
    rules.learn(tx, record.hashed, std::span{slots}.first(count));
}

void fade(Profiles::Profile& profile) {
    profile.executions /= 2;
    for (Profiles::Place& place : profile.places) {
        place.hits /= 2;
        place.conflicts /= 2;
        place.tracked /= 2;
        place.sums /= 2;
    }
}

}  // namespace

uint64_t Profiles::hash_of(const Transaction& tx) const {
    return mix64(hash_(*tx.to), selector_of(tx));
}

std::span<Profiles::Profile> Profiles::set_of(uint64_t hash) {
    return {profiles_.data() + (hash % (size / ways)) * ways, ways};
}

const Profiles::Profile* Profiles::find(const Transaction& tx) const {
    if (!tx.to) {
        return nullptr;
    }
    const uint32_t selector = selector_of(tx);
    const auto set = const_cast<Profiles*>(this)->set_of(hash_of(tx));  // NOLINT: reads only
    for (const Profile& profile : set) {
        if (profile.executions != 0 && profile.selector == selector && profile.contract == *tx.to) {
            return &profile;
        }
    }
    return nullptr;
}

bool Profiles::share_one(const Transaction& a, const Transaction& b) {
    return a.to == b.to && selector_of(a) == selector_of(b);
}

const Profiles::Profile* Profiles::learn(const SignedTransaction& signed_tx, const Record& record) {
    const Transaction& tx = signed_tx.tx;
    if (!tx.to) {
        return nullptr;
    }
    const uint64_t gas_used = record.result.gas_used;
    auto* profile = const_cast<Profile*>(find(tx));  // NOLINT: our own
    if (profile == nullptr) {
        const auto set = set_of(hash_of(tx));
        profile = &*std::min_element(set.begin(), set.end(), [](const auto& a, const auto& b) {
            return a.executions < b.executions;
        });
        *profile = {};
        profile->contract = *tx.to;
        profile->selector = selector_of(tx);
        profile->average_gas = gas_used;
    }
    if (record.notes_hashes) {
        learn_preimages(profile->preimages, signed_tx, record);
    }
    if (profile->executions >= well_known && ++profile->passed_over % few != 0) {
        return profile;
    }
    if (++profile->executions == remembered_executions) {
        fade(*profile);
    }
    profile->average_gas = (7 * profile->average_gas + gas_used) / 8;
    const size_t count = std::min<size_t>(record.slot_writes.size(), 16);
    for (const SlotWrite& write : std::span{record.slot_writes}.first(count)) {
        note_write(*profile, write, record.is_tracked);
    }
    if (const auto& met = record.conflict_before; met && !writes(record, *met)) {
        if (auto* place = place_for(*profile, met->address, met->slot)) {
            ++place->conflicts;
        }
    }
    return profile;
}

}  // namespace mega::parallel
