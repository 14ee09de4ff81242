// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// Sizes of rewards. Every quotient is rounded down, so the parts never exceed the pot; what is not
/// earned stays in the reserve. `mega staking report` and the simulation compute the same.
library RewardMath {
    uint256 internal constant PPM = 1e6;
    uint256 internal constant BPS = 1e4;
    /// Of an epoch's pot, to those who sequenced its blocks.
    uint256 internal constant SEQUENCER_PPM = 200_000;

    /// An epoch's emission: a fixed part of what is left, so that the reserve is never empty, and
    /// never more than the cap.
    function emission(uint256 reserve, uint256 ratePpb, uint256 cap) internal pure returns (uint256) {
        uint256 amount = reserve * ratePpb / 1e9;
        return amount > cap ? cap : amount;
    }

    function sequencerPot(uint256 pot) internal pure returns (uint256) {
        return pot * SEQUENCER_PPM / PPM;
    }

    /// Of the sequencers' pot, by blocks.
    function sequencerReward(uint256 pot, uint256 blocks, uint256 allBlocks) internal pure returns (uint256) {
        return allBlocks == 0 ? 0 : sequencerPot(pot) * blocks / allBlocks;
    }

    /// Of the rest, by stake in the committee and by how many of its recorded batches a member
    /// attested. What others miss is nobody's gain.
    function attesterReward(uint256 pot, uint256 stake, uint256 totalStake, uint256 attested, uint256 recorded)
        internal
        pure
        returns (uint256)
    {
        if (totalStake == 0 || recorded == 0) {
            return 0;
        }
        return (pot - sequencerPot(pot)) * stake / totalStake * attested / recorded;
    }

    /// The operator's commission on a validator's reward.
    function commission(uint256 reward, uint256 commissionBps) internal pure returns (uint256) {
        return reward * commissionBps / BPS;
    }

    /// A holder of shares gets its part of what the commission leaves; the operator too.
    function shareOf(uint256 rest, uint256 shares, uint256 totalShares) internal pure returns (uint256) {
        return totalShares == 0 ? 0 : rest * shares / totalShares;
    }
}
