// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Draw} from "../../src/staking/lib/Draw.sol";
import {vm} from "../support/Vm.sol";
import {Members} from "../../src/staking/Committee.sol";
import {StakingWorld} from "./StakingWorld.sol";

interface ArrayVm {
    function parseJsonUintArray(string calldata json, string calldata key) external pure returns (uint256[] memory);
}

contract DrawTest is StakingWorld {
    function setUp() external {
        _deploy(100_000_000 ether);
    }

    /// test/fixtures/leader_schedule.json is what src/staking is held against, too.
    function test_vectors_of_leaders_and_committees() external {
        string memory json = vm.readFile("contracts/test/fixtures/leader_schedule.json");
        for (uint256 n; n < 12; ++n) {
            _checkCase(json, string.concat(".cases[", vm.toString(n), "]."));
        }
    }

    function _checkCase(string memory json, string memory at) private {
        bytes32 seed = vm.parseJsonBytes32(json, string.concat(at, "seed"));
        vm.assertEq(
            seed,
            keccak256(
                abi.encode(
                    "mega.epoch",
                    vm.parseJsonUint(json, string.concat(at, "l1ChainId")),
                    vm.parseJsonUint(json, string.concat(at, "l2ChainId")),
                    vm.parseJsonUint(json, string.concat(at, "epoch")),
                    vm.parseJsonBytes32(json, string.concat(at, "prevRandao")),
                    vm.parseJsonBytes32(json, string.concat(at, "blockHash"))
                )
            )
        );
        uint256[] memory rawIds = _uints(json, string.concat(at, "ids"));
        uint256[] memory rawStakes = _uints(json, string.concat(at, "stakes"));
        uint32[] memory ids = new uint32[](rawIds.length);
        uint96[] memory stakes = new uint96[](rawIds.length);
        for (uint256 i; i < ids.length; ++i) {
            (ids[i], stakes[i]) = (uint32(rawIds[i]), uint96(rawStakes[i]));
        }
        for (uint256 i; i < 4; ++i) {
            string memory slot = string.concat(at, "slots[", vm.toString(i), "].");
            bytes32 word = schedule.drawSlot(seed, vm.parseJsonUint(json, string.concat(slot, "slot")), ids, stakes);
            uint256[] memory leaders = _uints(json, string.concat(slot, "leaders"));
            for (uint256 rank; rank < 8; ++rank) {
                uint256 expected = rank < leaders.length ? leaders[rank] : 0;
                vm.assertEq(uint256(uint32(uint256(word) >> (32 * (7 - rank)))), expected);
            }
        }
        _checkCommittee(json, at, seed, ids, stakes);
    }

    function _checkCommittee(string memory json, string memory at, bytes32 seed, uint32[] memory ids, uint96[] memory stakes)
        private
        pure
    {
        uint256 size = vm.parseJsonUint(json, string.concat(at, "committeeSize"));
        uint256[] memory expected = _uints(json, string.concat(at, "committee"));
        if (ids.length <= size) {
            vm.assertEq(expected.length, ids.length);
            return;
        }
        uint256[] memory picked = Draw.order(stakes, keccak256(abi.encode("mega.committee", seed)), size);
        vm.assertEq(picked.length, expected.length);
        for (uint256 i; i < picked.length; ++i) {
            vm.assertEq(uint256(ids[picked[i]]), expected[i]);
        }
    }

    function _uints(string memory json, string memory key) private pure returns (uint256[] memory) {
        return ArrayVm(address(vm)).parseJsonUintArray(json, key);
    }

    function testFuzz_draws_each_once_and_none_without_weight(uint96[9] memory raw, bytes32 seed, uint8 count) external pure {
        uint96[] memory weights = new uint96[](9);
        uint256 positive;
        for (uint256 i; i < 9; ++i) {
            weights[i] = i % 3 == 0 ? 0 : raw[i];
            positive += weights[i] > 0 ? 1 : 0;
        }
        uint256[] memory picked = Draw.order(weights, seed, count);
        vm.assertEq(picked.length, count < positive ? count : positive);
        uint256 seen;
        for (uint256 i; i < picked.length; ++i) {
            vm.assertTrue(weights[picked[i]] > 0);
            vm.assertTrue(seen >> picked[i] & 1 == 0);
            seen |= 1 << picked[i];
        }
    }

    /// Of 2,000 draws the one with half of the weight is first in about half.
    function test_stake_decides_how_often() external pure {
        uint96[] memory weights = new uint96[](4);
        (weights[0], weights[1], weights[2], weights[3]) = (10 ether, 20 ether, 50 ether, 20 ether);
        uint256[4] memory firsts;
        for (uint256 i; i < 2_000; ++i) {
            ++firsts[Draw.order(weights, keccak256(abi.encode(i)), 1)[0]];
        }
        vm.assertGt(firsts[2], 930);
        vm.assertLt(firsts[2], 1_070);
        vm.assertGt(firsts[0], 150);
        vm.assertLt(firsts[0], 250);
    }
}
