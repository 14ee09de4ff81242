// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// What a validator's stake is from an epoch on, until the next checkpoint. One slot.
struct StakePoint {
    uint48 epoch;
    bool isJailed;
    uint96 stake; // own and delegated
    uint96 self; // the operator's own part
}

/// Stake by epoch: checkpoints in ascending order of epoch, those of epochs to come included.
/// Values of an epoch that has begun are never written again, so the table of an epoch is the same
/// for everyone who asks, at any time.
library StakeHistory {
    error EpochIsPast(uint48 epoch, uint48 last);

    function last(StakePoint[] storage points) internal view returns (StakePoint memory point) {
        if (points.length > 0) {
            point = points[points.length - 1];
        }
    }

    function at(StakePoint[] storage points, uint48 epoch) internal view returns (StakePoint memory point) {
        uint256 low;
        uint256 high = points.length;
        // Most questions are about the present: look at the last two first.
        while (low < high) {
            uint256 middle = high - low > 2 ? (low + high) / 2 : high - 1;
            if (points[middle].epoch <= epoch) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        if (low > 0) {
            point = points[low - 1];
        }
    }

    /// Sets what holds from `epoch` on, which is not before the last checkpoint's.
    function record(StakePoint[] storage points, StakePoint memory point) internal {
        uint256 count = points.length;
        if (count > 0 && points[count - 1].epoch >= point.epoch) {
            if (points[count - 1].epoch > point.epoch) {
                revert EpochIsPast(point.epoch, points[count - 1].epoch);
            }
            points[count - 1] = point;
        } else {
            points.push(point);
        }
    }

    /// Takes `ppm` millionths (rounded down) of the stake of `epoch` and of all epochs after it,
    /// and jails or frees. As many writes as checkpoints lie ahead, which the queues bound.
    function cut(StakePoint[] storage points, uint48 epoch, uint256 ppm, bool isJailed) internal {
        StakePoint memory opening = at(points, epoch);
        if (opening.epoch != epoch) {
            opening.epoch = epoch;
            insert(points, opening);
        }
        for (uint256 i = points.length; i > 0; --i) {
            StakePoint memory point = points[i - 1];
            if (point.epoch < epoch) {
                break;
            }
            point.stake -= uint96(uint256(point.stake) * ppm / 1e6);
            point.self -= uint96(uint256(point.self) * ppm / 1e6);
            point.isJailed = isJailed;
            points[i - 1] = point;
        }
    }

    function insert(StakePoint[] storage points, StakePoint memory point) private {
        points.push(point);
        for (uint256 i = points.length - 1; i > 0 && points[i - 1].epoch > point.epoch; --i) {
            points[i] = points[i - 1];
            points[i - 1] = point;
        }
    }
}
