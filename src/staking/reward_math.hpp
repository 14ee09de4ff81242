#pragma once

// Sizes of rewards as contracts/src/staking/lib/RewardMath.sol has them: multiply before dividing,
// round down. Pure. Amounts are below 2^96 and rates below 2^32, so no product overflows.

#include "types/u256.hpp"

namespace mega::staking {

/// An epoch's emission out of what is left in the reserve.
[[nodiscard]] u256 emission(const u256& reserve, const u256& rate_ppb, const u256& cap);
/// The part of an epoch's pot that goes to those who sequenced its blocks.
[[nodiscard]] u256 sequencer_pot(const u256& pot);
[[nodiscard]] u256 sequencer_reward(const u256& pot, const u256& blocks, const u256& all_blocks);
[[nodiscard]] u256 attester_reward(
    const u256& pot,
    const u256& stake,
    const u256& total_stake,
    const u256& attested,
    const u256& recorded
);
[[nodiscard]] u256 commission(const u256& reward, const u256& commission_bps);
[[nodiscard]] u256 share_of(const u256& rest, const u256& shares, const u256& total_shares);

}  // namespace mega::staking
