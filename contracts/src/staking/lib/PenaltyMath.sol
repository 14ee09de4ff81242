// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// Sizes of penalties, in millionths of the stake. The simulation computes the same.
library PenaltyMath {
    uint256 internal constant PPM = 1e6;
    /// At once, for a contradiction.
    uint256 internal constant INITIAL_PPM = 100_000;
    /// Times the share of stake that contradicted itself in the same period: a third takes all.
    uint256 internal constant CORRELATION = 3;
    uint256 internal constant DOWNTIME_PPM = 1_000;
    uint256 internal constant MAX_DOUBLINGS = 4;

    /// All that is taken for a contradiction when `guilty` of `total` stake was in it.
    function contradictionPpm(uint256 guilty, uint256 total) internal pure returns (uint256) {
        if (total == 0) {
            return INITIAL_PPM;
        }
        uint256 ppm = INITIAL_PPM + CORRELATION * guilty * PPM / total;
        return ppm > PPM ? PPM : ppm;
    }

    /// What to take of the rest, so that `target` is taken of the whole when `taken` is gone.
    function remainderPpm(uint256 target, uint256 taken) internal pure returns (uint256) {
        return target <= taken ? 0 : (target - taken) * PPM / (PPM - taken);
    }

    /// 0.1 %, doubled with each time before, up to 1.6 %.
    function downtimePpm(uint256 timesBefore) internal pure returns (uint256) {
        return DOWNTIME_PPM << (timesBefore > MAX_DOUBLINGS ? MAX_DOUBLINGS : timesBefore);
    }
}
