// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ChurnQueue} from "../../src/staking/lib/ChurnQueue.sol";
import {PenaltyMath} from "../../src/staking/lib/PenaltyMath.sol";
import {RewardMath} from "../../src/staking/lib/RewardMath.sol";
import {vm} from "../support/Vm.sol";

interface ArrayVm {
    function parseJsonUintArray(string calldata json, string calldata key) external pure returns (uint256[] memory);
}

/// The contracts against what tests/simulation/formulas.mjs computes (fixtures/make_economics.mjs):
/// the simulation's figures are those of L1.
contract FormulasTest {
    ChurnQueue.Cursor private cursor;
    string private json;

    function setUp() external {
        json = vm.readFile("contracts/test/fixtures/economics.json");
    }

    function test_penalties() external view {
        uint256[] memory v = _column("contradiction");
        for (uint256 i; i < v.length; i += 3) {
            vm.assertEq(PenaltyMath.contradictionPpm(v[i], v[i + 1]), v[i + 2]);
        }
        v = _column("remainder");
        for (uint256 i; i < v.length; i += 3) {
            vm.assertEq(PenaltyMath.remainderPpm(v[i], v[i + 1]), v[i + 2]);
        }
        v = _column("downtime");
        for (uint256 i; i < v.length; ++i) {
            vm.assertEq(PenaltyMath.downtimePpm(i), v[i]);
        }
    }

    function test_rewards() external view {
        uint256[] memory v = _column("emission");
        for (uint256 i; i < v.length; i += 4) {
            vm.assertEq(RewardMath.emission(v[i], v[i + 1], v[i + 2]), v[i + 3]);
        }
        v = _column("attester");
        for (uint256 i; i < v.length; i += 6) {
            vm.assertEq(RewardMath.attesterReward(v[i], v[i + 1], v[i + 2], v[i + 3], v[i + 4]), v[i + 5]);
        }
        v = _column("sequencer");
        for (uint256 i; i < v.length; i += 4) {
            vm.assertEq(RewardMath.sequencerReward(v[i], v[i + 1], v[i + 2]), v[i + 3]);
        }
        v = _column("commission");
        for (uint256 i; i < v.length; i += 3) {
            vm.assertEq(RewardMath.commission(v[i], v[i + 1]), v[i + 2]);
        }
        v = _column("share");
        for (uint256 i; i < v.length; i += 4) {
            vm.assertEq(RewardMath.shareOf(v[i], v[i + 1], v[i + 2]), v[i + 3]);
        }
    }

    function test_the_queue() external {
        uint256[] memory v = _column("queue");
        for (uint256 i; i < v.length; i += 5) {
            uint48 epoch = ChurnQueue.take(cursor, uint48(v[i]), uint48(v[i + 1]), v[i + 2], v[i + 3]);
            vm.assertEq(uint256(epoch), v[i + 4]);
        }
    }

    function _column(string memory name) private view returns (uint256[] memory) {
        return ArrayVm(address(vm)).parseJsonUintArray(json, string.concat(".", name));
    }
}
