// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// Draws without replacement, weighted by stake. Leaders, their standbys and committees come from
/// it; src/staking computes the same.
///
///   left = sum of weights
///   for i = 0, 1, ... count - 1, while left > 0:
///     point = uint256(keccak256(seed[32] || uint256(i))) mod left
///     take the first entry, in the table's order, whose running sum of weights is > point
///     left -= its weight; its weight becomes 0
library Draw {
    function order(uint96[] memory weights, bytes32 seed, uint256 count) internal pure returns (uint256[] memory picked) {
        uint256 left;
        uint256 positive;
        uint96[] memory rest = new uint96[](weights.length);
        for (uint256 i; i < weights.length; ++i) {
            rest[i] = weights[i];
            left += weights[i];
            if (weights[i] > 0) {
                ++positive;
            }
        }
        picked = new uint256[](count < positive ? count : positive);
        for (uint256 i; i < picked.length; ++i) {
            uint256 point = uint256(keccak256(abi.encode(seed, i))) % left;
            uint256 at;
            uint256 sum = rest[0];
            unchecked {
                while (sum <= point) {
                    sum += rest[++at];
                }
            }
            picked[i] = at;
            left -= rest[at];
            rest[at] = 0;
        }
    }
}
