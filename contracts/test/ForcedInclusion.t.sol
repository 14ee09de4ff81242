// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";
import {IDepositQueue} from "../src/interfaces/IDepositQueue.sol";
import {IForcedInclusion} from "../src/interfaces/IForcedInclusion.sol";
import {Deployed} from "./support/Deployed.sol";
import {vm, bounded} from "./support/Vm.sol";

contract ForcedInclusionTest is Deployed {
    function setUp() public {
        _deploy();
    }

    function _envelope(uint8 type_, uint256 fields, uint256 position, uint256 gasLimit)
        internal
        pure
        returns (bytes memory)
    {
        bytes[] memory f = new bytes[](fields);
        for (uint256 i = 0; i < fields; ++i) f[i] = RLP.encode(i + 1);
        f[position] = RLP.encode(gasLimit);
        bytes memory list = RLP.encode(f);
        return type_ == 0 ? list : bytes.concat(bytes1(type_), list);
    }

    function testFuzz_readsTheGasLimitOfEveryType(uint64 gasLimit) public view {
        vm.assertEq(forced.gasLimitOf(_envelope(0, 9, 2, gasLimit)), gasLimit);
        vm.assertEq(forced.gasLimitOf(_envelope(1, 11, 3, gasLimit)), gasLimit);
        vm.assertEq(forced.gasLimitOf(_envelope(2, 12, 4, gasLimit)), gasLimit);
        vm.assertEq(forced.gasLimitOf(_envelope(4, 13, 4, gasLimit)), gasLimit);
    }

    function test_refusesWhatIsNoTransaction() public {
        bytes memory envelope = _envelope(3, 14, 4, 21_000);
        vm.expectRevert(abi.encodeWithSelector(IForcedInclusion.TypeNotAllowed.selector, 3));
        forced.gasLimitOf(envelope);
        // Nobody forces a deposit, which L2 would mint for.
        envelope = _envelope(0x7e, 7, 5, 21_000);
        vm.expectRevert(abi.encodeWithSelector(IForcedInclusion.TypeNotAllowed.selector, 0x7e));
        forced.gasLimitOf(envelope);
        envelope = _envelope(2, 11, 4, 21_000);
        vm.expectRevert(IForcedInclusion.NotATransaction.selector);
        forced.gasLimitOf(envelope);
        envelope = _envelope(2, 12, 4, uint256(type(uint64).max) + 1);
        vm.expectRevert(IForcedInclusion.NotATransaction.selector);
        forced.gasLimitOf(envelope);
        vm.expectRevert(IForcedInclusion.NotATransaction.selector);
        forced.gasLimitOf("");
        vm.expectRevert(IForcedInclusion.NotATransaction.selector);
        forced.gasLimitOf(hex"02");
        vm.expectRevert(); // cut short
        forced.gasLimitOf(hex"02f8ff01");
    }

    function testFuzz_garbageNeverGetsAGasLimitItLacks(bytes memory garbage) public view {
        try forced.gasLimitOf(garbage) returns (uint64) {
            vm.assertTrue(uint8(garbage[0]) >= 0xc0 || uint8(garbage[0]) <= 4);
        } catch {}
    }

    function test_refusesGasOutOfBounds() public {
        bytes memory low = _envelope(2, 12, 4, 20_999);
        bytes memory high = _envelope(2, 12, 4, 16_777_217);
        vm.startPrank(ALICE);
        vm.expectRevert(
            abi.encodeWithSelector(IDepositQueue.GasLimitTooLow.selector, 20_999, 21_000)
        );
        forced.forceTransaction{value: 1 ether}(low);
        vm.expectRevert(
            abi.encodeWithSelector(IDepositQueue.GasLimitTooHigh.selector, 16_777_217, 16_777_216)
        );
        forced.forceTransaction{value: 1 ether}(high);
        vm.stopPrank();
    }

    function test_feeRisesWithTheQueue() public {
        bytes memory envelope = _envelope(2, 12, 4, 21_000);
        uint256 gasFee = 21_000 gwei;
        for (uint256 i = 0; i < 40; ++i) {
            uint256 due = 0.0005 ether + 0.0005 ether * i / 16 + gasFee;
            vm.assertEq(forced.fee(21_000), due);
            uint256 before = ALICE.balance;
            vm.startPrank(ALICE);
            vm.expectRevert(
                abi.encodeWithSelector(IDepositQueue.FeeNotPaid.selector, due, due - 1)
            );
            forced.forceTransaction{value: due - 1}(envelope);
            forced.forceTransaction{value: 1 ether}(envelope);
            vm.stopPrank();
            vm.assertEq(before - ALICE.balance, due);
        }
        // And falls when the queue is worked off.
        _skip(12 hours);
        inbox.submitForced();
        vm.assertEq(forced.fee(21_000), 0.0005 ether + gasFee);
    }

    function test_takesTheLongestEnvelope() public {
        bytes[] memory f = new bytes[](9);
        for (uint256 i = 0; i < 9; ++i) f[i] = RLP.encode(uint256(100_000));
        f[5] = RLP.encode(new bytes(120_000 - 8 * 4 - 8));
        bytes memory envelope = RLP.encode(f);
        vm.assertEq(envelope.length, 120_000);
        vm.startPrank(ALICE);
        forced.forceTransaction{value: 1 ether}(envelope);
        f[5] = RLP.encode(new bytes(120_000 - 8 * 4 - 7));
        envelope = RLP.encode(f);
        vm.expectRevert(
            abi.encodeWithSelector(IDepositQueue.DataTooLong.selector, 120_001, 120_000)
        );
        forced.forceTransaction{value: 1 ether}(envelope);
        vm.stopPrank();
    }
}
