#include "staking/reward_math.hpp"

#include <algorithm>

namespace mega::staking {

u256 emission(const u256& reserve, const u256& rate_ppb, const u256& cap) {
    return std::min(reserve * rate_ppb / u256{1'000'000'000}, cap);
}

u256 sequencer_pot(const u256& pot) { return pot * u256{200'000} / u256{1'000'000}; }

u256 sequencer_reward(const u256& pot, const u256& blocks, const u256& all_blocks) {
    return all_blocks.is_zero() ? u256{} : sequencer_pot(pot) * blocks / all_blocks;
}

u256 attester_reward(
    const u256& pot,
    const u256& stake,
    const u256& total_stake,
    const u256& attested,
    const u256& recorded
) {
    if (total_stake.is_zero() || recorded.is_zero()) {
        return {};
    }
    return (pot - sequencer_pot(pot)) * stake / total_stake * attested / recorded;
}

u256 commission(const u256& reward, const u256& commission_bps) {
    return reward * commission_bps / u256{10'000};
}

u256 share_of(const u256& rest, const u256& shares, const u256& total_shares) {
    return total_shares.is_zero() ? u256{} : rest * shares / total_shares;
}

}  // namespace mega::staking
