// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {vm} from "../support/Vm.sol";
import {StakingWorld} from "./StakingWorld.sol";

interface ArrayVm {
    function parseJsonUintArray(string calldata json, string calldata key) external pure returns (uint256[] memory);
}

/// Replays a run of the simulation's model (fixtures/make_staking_trace.mjs) against the contract:
/// after each step both have the same totals, slashes, payments and stake table, to the wei.
contract StakingTraceTest is StakingWorld {
    uint256 private constant WIDTH = 11;
    uint256[] private rows;

    function setUp() external {
        _deploy(150_000 ether);
        for (uint256 i = 1; i <= 4; ++i) {
            _register(i, SELF, 1000);
        }
        for (uint256 i; i < 3; ++i) {
            _fund(_person(i), 100_000_000 ether);
        }
        _toEpoch(6);
        rows = ArrayVm(address(vm)).parseJsonUintArray(
            vm.readFile("contracts/test/fixtures/staking_trace.json"), ".rows"
        );
    }

    function test_the_model_and_the_contract_agree() external {
        vm.assertGt(rows.length, 300 * WIDTH);
        for (uint256 at; at < rows.length; at += WIDTH) {
            (bool ok, uint256 taken, uint256 paid) = _step(at);
            string memory where = vm.toString(at / WIDTH);
            vm.assertEq(ok ? 0 : 1, rows[at + 5], where);
            vm.assertEq(staking.totalBonded(), rows[at + 6], where);
            vm.assertEq(staking.totalUnbonding(), rows[at + 7], where);
            vm.assertEq(taken, rows[at + 8], where);
            vm.assertEq(paid, rows[at + 9], where);
            (uint32[] memory ids, uint96[] memory stakes) = staking.stakeTable(staking.currentEpoch() + 4);
            vm.assertEq(uint256(keccak256(abi.encode(ids, stakes))), rows[at + 10], where);
        }
    }

    function _step(uint256 at) private returns (bool ok, uint256 taken, uint256 paid) {
        uint256 kind = rows[at];
        (uint256 a, uint256 b, uint256 c, uint256 d) = (rows[at + 1], rows[at + 2], rows[at + 3], rows[at + 4]);
        bytes memory result;
        if (kind == 0) {
            (ok,) = _as(_person(a), abi.encodeCall(staking.delegate, (uint32(b), uint96(c))));
        } else if (kind == 1) {
            address account = a == 3 ? _operator(b) : _person(a);
            (ok,) = _as(account, abi.encodeCall(staking.undelegate, (uint32(b), uint128(c))));
        } else if (kind == 2) {
            (address account,,,) = staking.requests(a);
            (ok, result) = _as(account, abi.encodeCall(staking.withdraw, (a)));
            if (ok) paid = abi.decode(result, (uint256));
        } else if (kind == 3) {
            uint48 jail = d == 1 ? type(uint48).max : 3;
            (ok, result) = _as(
                address(slasher), abi.encodeCall(staking.slash, (uint32(a), uint48(b), c, REPORTER, jail))
            );
            (taken, paid) = abi.decode(result, (uint256, uint256));
        } else if (kind == 4) {
            _toEpoch(staking.currentEpoch() + uint48(a));
            ok = true;
        } else if (kind == 5) {
            (ok,) = _as(_operator(a), abi.encodeCall(staking.unjail, ()));
        } else {
            (ok,) = _as(_operator(a), abi.encodeCall(staking.retire, ()));
        }
    }

    function _as(address who, bytes memory data) private returns (bool, bytes memory) {
        vm.prank(who);
        return address(staking).call(data);
    }

    function _person(uint256 i) private pure returns (address) {
        return address(uint160(0xBEEF00 + i));
    }
}
