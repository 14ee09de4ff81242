#include "attestation/committee.hpp"

#include <algorithm>

namespace mega::attestation {

using crypto::bls::PublicKey;

bool Committee::has(const PublicKey& key) const {
    return std::ranges::any_of(members, [&](const Member& member) { return member.key == key; });
}

Weight Committee::weigh(std::span<const PublicKey> keys) const {
    Weight weight;
    for (size_t i = 0; i < members.size(); ++i) {
        weight.total += members[i].stake;
        if (i < max_members && std::ranges::find(keys, members[i].key) != keys.end()) {
            weight.signed_stake += members[i].stake;
            weight.bitmap.limbs[i / 64] |= uint64_t{1} << (i % 64);
            ++weight.attesters;
        }
    }
    return weight;
}

void CommitteeBoard::set_clock(uint64_t genesis_time, uint64_t epoch_length) {
    const std::lock_guard lock(mutex_);
    genesis_time_ = genesis_time;
    epoch_length_ = epoch_length;
}

void CommitteeBoard::keep(Epochs& epochs, Committee committee) {
    const uint64_t epoch = committee.epoch;
    epochs[epoch] = std::make_shared<const Committee>(std::move(committee));
    while (epochs.size() > max_epochs) {
        epochs.erase(epochs.begin());
    }
}

void CommitteeBoard::put(Committee committee) {
    const std::lock_guard lock(mutex_);
    expected_.erase(committee.epoch);
    keep(drawn_, std::move(committee));
}

void CommitteeBoard::expect(Committee candidates) {
    const std::lock_guard lock(mutex_);
    if (!drawn_.contains(candidates.epoch)) {
        keep(expected_, std::move(candidates));
    }
}

uint64_t CommitteeBoard::epoch_of(uint64_t time) const {
    return time < genesis_time_ ? 0 : (time - genesis_time_) / epoch_length_;
}

std::shared_ptr<const Committee> CommitteeBoard::in_charge(uint64_t epoch) const {
    const auto after = drawn_.upper_bound(epoch);
    return after == drawn_.begin() ? nullptr : std::prev(after)->second;
}

std::shared_ptr<const Committee> CommitteeBoard::at(uint64_t time) const {
    const std::lock_guard lock(mutex_);
    return epoch_length_ == 0 ? nullptr : in_charge(epoch_of(time));
}

bool CommitteeBoard::admits(const PublicKey& key, uint64_t time) const {
    const std::lock_guard lock(mutex_);
    if (epoch_length_ == 0) {
        return true;
    }
    const uint64_t epoch = epoch_of(time);
    const auto committee = in_charge(epoch);
    if (committee == nullptr || committee->has(key)) {
        return true;
    }
    const auto expected = expected_.find(epoch);
    return expected != expected_.end() && expected->second->has(key);
}

}  // namespace mega::attestation
