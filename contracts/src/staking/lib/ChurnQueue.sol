// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// A queue in which so much stake may pass in a step. It holds no entries: all it needs to know is
/// how far it reaches and how full its last step is.
library ChurnQueue {
    struct Cursor {
        uint48 epoch;
        uint96 used; // of the budget of `epoch`
    }

    /// The epoch in which the last part of `amount` passes: a multiple of `stride`, not before
    /// `earliest`, nor before what came first.
    function take(Cursor storage cursor, uint48 earliest, uint48 stride, uint256 amount, uint256 budget)
        internal
        returns (uint48)
    {
        uint48 epoch = roundUp(earliest, stride);
        uint256 used = amount;
        if (cursor.epoch >= epoch) {
            epoch = cursor.epoch;
            used += cursor.used;
        }
        if (used > budget) {
            uint256 steps = (used - 1) / budget;
            epoch += uint48(steps) * stride;
            used -= steps * budget;
        }
        cursor.epoch = epoch;
        cursor.used = uint96(used);
        return epoch;
    }

    function roundUp(uint48 epoch, uint48 stride) internal pure returns (uint48) {
        return (epoch + stride - 1) / stride * stride;
    }
}
