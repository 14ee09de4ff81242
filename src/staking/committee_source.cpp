#include "staking/committee_source.hpp"

namespace mega::staking {

Result<void> CommitteeSource::step() {
    if (!staking_) {
        auto opened = L1Staking::open(*client_, contracts_);
        if (!opened) {
            return Err{opened.error()};
        }
        staking_ = *std::move(opened);
    }
    const auto head = client_->block("latest");
    if (!head || !*head) {
        return Err{!head ? head.error() : Error{"L1 has no latest block"}};
    }
    const uint64_t epoch = staking_->clock().epoch_of((*head)->timestamp);
    gauges_.epoch = epoch;
    const auto opened = staking_->last_opened(epoch);
    if (!opened) {
        return Err{opened.error()};
    }
    if (*opened && drawn_ != **opened) {
        auto committee = staking_->committee(**opened);
        if (!committee) {
            return Err{committee.error()};
        }
        gauges_.committee_epoch = **opened;
        gauges_.committee_size = committee->members.size();
        board_->put(std::move(*committee));
        board_->set_clock(staking_->clock().genesis_time, staking_->clock().epoch_length);
        drawn_ = **opened;
    }
    // L2's clock is ahead of L1's blocks: the next epoch's members attest before L1 is in it.
    for (const uint64_t next : {epoch, epoch + 1}) {
        const bool is_drawn = drawn_ && *drawn_ >= next;
        if (!is_drawn && (!expected_ || *expected_ < next)) {
            if (auto expected = expect(next); !expected) {
                return expected;
            }
            expected_ = next;
        }
    }
    return {};
}

Result<void> CommitteeSource::expect(uint64_t epoch) {
    const auto table = staking_->stake_table(epoch);
    if (!table) {
        return Err{table.error()};
    }
    attestation::Committee candidates{.epoch = epoch, .members = {}};
    for (const StakeEntry& entry : table->entries) {
        const auto keys = staking_->keys_of(entry.id);
        if (!keys) {
            return Err{keys.error()};
        }
        candidates.members.push_back({keys->attester, entry.stake});
    }
    board_->expect(std::move(candidates));
    return {};
}

}  // namespace mega::staking
