// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Memory} from "@openzeppelin/contracts/utils/Memory.sol";
import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";
import {IDepositQueue} from "../src/interfaces/IDepositQueue.sol";
import {IPortal} from "../src/interfaces/IPortal.sol";
import {ISystemConfig} from "../src/interfaces/ISystemConfig.sol";
import {Configured} from "../src/l1/Configured.sol";
import {Deployed} from "./support/Deployed.sol";
import {Vm, vm, bounded} from "./support/Vm.sol";

/// A contract that deposits, also while it is being created.
contract Depositor {
    constructor(IPortal portal, bool now_) payable {
        if (now_) deposit(portal);
    }

    function deposit(IPortal portal) public payable {
        portal.depositTransaction{value: address(this).balance}(
            address(1), 0, 0, 100_000, false, ""
        );
    }

    receive() external payable {}
}

contract DepositQueueTest is Deployed {
    using Memory for *;
    using RLP for *;

    function setUp() public {
        _deploy();
    }

    struct Seen {
        uint64 index;
        address from;
        bytes envelope;
        bytes32 rollingHash;
    }

    function _deposit(
        address who,
        address to,
        uint256 mint,
        uint256 value,
        uint64 gasLimit,
        bytes memory data
    ) internal returns (Seen memory seen) {
        vm.recordLogs();
        vm.prank(who, who);
        portal.depositTransaction{value: 10 ether}(to, mint, value, gasLimit, false, data);
        return _last();
    }

    function _last() internal returns (Seen memory seen) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].emitter != address(queue)) continue;
            seen.index = uint64(uint256(logs[i].topics[1]));
            seen.from = address(uint160(uint256(logs[i].topics[2])));
            (seen.envelope, seen.rollingHash) = abi.decode(logs[i].data, (bytes, bytes32));
        }
    }

    function test_envelopeIsTheL2Transaction() public {
        Seen memory s = _deposit(ALICE, BOB, 7 ether, 3 ether, 200_000, hex"c0ffee");
        vm.assertEq(uint8(s.envelope[0]), 0x7e);
        Memory.Slice[] memory f = s.envelope.asSlice().slice(1).readList();
        vm.assertEq(f.length, 7);
        vm.assertEq(
            f[0].readBytes32(),
            keccak256(
                abi.encode(keccak256("mega.deposit"), L2_CHAIN_ID, address(queue), uint64(0))
            )
        );
        vm.assertEq(f[1].readAddress(), ALICE);
        vm.assertEq(f[2].readAddress(), BOB);
        vm.assertEq(f[3].readUint256(), 7 ether);
        vm.assertEq(f[4].readUint256(), 3 ether);
        vm.assertEq(f[5].readUint256(), 200_000);
        vm.assertEq(f[6].readBytes(), hex"c0ffee");
    }

    function test_creationHasEmptyTarget() public {
        vm.recordLogs();
        vm.prank(ALICE, ALICE);
        portal.depositTransaction{value: 1 ether}(address(0), 0, 0, 100_000, true, hex"00");
        Memory.Slice[] memory f = _last().envelope.asSlice().slice(1).readList();
        vm.assertEq(f[2].readBytes().length, 0);
    }

    function test_refusesCreationWithTarget() public {
        vm.prank(ALICE, ALICE);
        vm.expectRevert(abi.encodeWithSelector(IPortal.CreationWithTarget.selector, BOB));
        portal.depositTransaction{value: 1 ether}(BOB, 0, 0, 100_000, true, "");
    }

    /// Entries stand in the order they came, each hash continues the one before.
    function testFuzz_rollingHashChainsEntries(uint256 seed) public {
        bytes32 expected;
        uint256 count = bounded(seed, 1, 12);
        for (uint256 i = 0; i < count; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            uint8 kind;
            Seen memory s;
            if (seed % 3 == 0) {
                kind = 1;
                bytes memory envelope = _legacy(uint64(bounded(seed, 21_000, 400_000)));
                vm.recordLogs();
                vm.prank(BOB);
                forced.forceTransaction{value: 1 ether}(envelope);
                s = _last();
                vm.assertEq(s.envelope, envelope);
                vm.assertEq(s.from, BOB);
            } else {
                s = _deposit(ALICE, BOB, seed % 1 ether, 0, 100_000, abi.encode(seed));
            }
            expected = keccak256(abi.encodePacked(expected, kind, keccak256(s.envelope)));
            vm.assertEq(s.index, i);
            vm.assertEq(s.rollingHash, expected);
            vm.assertEq(queue.rollingHash(uint64(i + 1)), expected);
            if (seed % 2 == 0) _mine(seed % 5);
        }
        vm.assertEq(queue.length(), count);
    }

    function test_accountIsItself() public {
        vm.assertEq(_deposit(ALICE, BOB, 0, 0, 50_000, "").from, ALICE);
    }

    function test_contractIsItsAlias() public {
        Depositor d = new Depositor(portal, false);
        vm.deal(address(d), 1 ether);
        vm.recordLogs();
        d.deposit(portal);
        vm.assertEq(_last().from, _alias(address(d)));
    }

    /// It has no code yet, and is a contract all the same.
    function test_contractUnderConstructionIsItsAlias() public {
        vm.deal(address(this), 1 ether);
        vm.recordLogs();
        Depositor d = new Depositor{value: 1 ether}(portal, true);
        vm.assertEq(_last().from, _alias(address(d)));
    }

    /// EIP-7702: a delegation is 0xef0100 || address.
    function test_delegatedAccountIsItself() public {
        vm.etch(ALICE, abi.encodePacked(hex"ef0100", address(new Depositor(portal, false))));
        vm.recordLogs();
        vm.prank(ALICE, BOB);
        portal.depositTransaction{value: 1 ether}(BOB, 0, 0, 100_000, false, "");
        vm.assertEq(_last().from, ALICE);
    }

    function test_codeOf23BytesIsNoDelegation() public {
        vm.etch(ALICE, abi.encodePacked(hex"600000", address(mega)));
        vm.recordLogs();
        vm.prank(ALICE, BOB);
        portal.depositTransaction{value: 1 ether}(BOB, 0, 0, 100_000, false, "");
        vm.assertEq(_last().from, _alias(ALICE));
    }

    function test_aliasWrapsAround() public {
        address high = address(type(uint160).max);
        vm.etch(high, hex"00");
        vm.deal(high, 1 ether);
        vm.recordLogs();
        vm.prank(high, ALICE);
        portal.depositTransaction{value: 1 ether}(BOB, 0, 0, 100_000, false, "");
        vm.assertEq(_last().from, address(uint160(0x1111000000000000000000000000000000001111) - 1));
    }

    function test_refusesStrangers() public {
        vm.expectRevert(abi.encodeWithSelector(IDepositQueue.NotSender.selector, address(this)));
        queue.appendForced(ALICE, hex"c0", 21_000);
    }

    function test_onlyOwnerNamesSenders() public {
        vm.expectRevert(abi.encodeWithSelector(Configured.NotOwner.selector, address(this)));
        queue.setSender(address(this), true);
        _asOwner();
        queue.setSender(address(this), true);
        vm.assertTrue(queue.isSender(address(this)));
    }

    function testFuzz_minimumGasGrowsWithData(uint256 length) public {
        length = bounded(length, 0, 2_000);
        bytes memory data = new bytes(length);
        uint64 least = uint64(21_000 + 40 * length);
        vm.prank(ALICE, ALICE);
        vm.expectRevert(
            abi.encodeWithSelector(IDepositQueue.GasLimitTooLow.selector, least - 1, least)
        );
        portal.depositTransaction{value: 1 ether}(BOB, 0, 0, least - 1, false, data);
        _deposit(ALICE, BOB, 0, 0, least, data);
        vm.assertEq(queue.minimumGas(length, true), least + 32_000);
    }

    function test_refusesTooMuchDataAndGas() public {
        vm.startPrank(ALICE, ALICE);
        vm.expectRevert(
            abi.encodeWithSelector(IDepositQueue.DataTooLong.selector, 120_001, 120_000)
        );
        portal.depositTransaction{value: 1 ether}(
            BOB, 0, 0, 10_000_000, false, new bytes(120_001)
        );
        vm.expectRevert(
            abi.encodeWithSelector(IDepositQueue.GasLimitTooHigh.selector, 16_777_217, 16_777_216)
        );
        portal.depositTransaction{value: 1 ether}(BOB, 0, 0, 16_777_217, false, "");
        vm.stopPrank();
        _deposit(ALICE, BOB, 0, 0, 16_777_216, new bytes(120_000));
    }

    // ------------------------------------------------------------------ the market

    function test_blockSellsOnlySoMuchGas() public {
        _deposit(ALICE, BOB, 0, 0, 15_000_000, "");
        vm.prank(ALICE, ALICE);
        vm.expectRevert(
            abi.encodeWithSelector(IDepositQueue.BlockGasExhausted.selector, 5_000_001, 5_000_000)
        );
        portal.depositTransaction{value: 1 ether}(BOB, 0, 0, 5_000_001, false, "");
        _deposit(ALICE, BOB, 0, 0, 5_000_000, "");
        _mine(1);
        _deposit(ALICE, BOB, 0, 0, 5_000_001, "");
    }

    function test_priceFollowsDemand() public {
        vm.assertEq(queue.gasPrice(), 1 gwei);
        _deposit(ALICE, BOB, 0, 0, 15_000_000, "");
        _deposit(ALICE, BOB, 0, 0, 5_000_000, "");
        vm.assertEq(queue.gasPrice(), 1 gwei); // the block goes on at its price
        _mine(1);
        vm.assertEq(queue.gasPrice(), 1.125 gwei + 1); // full: up by 1/8
        _deposit(ALICE, BOB, 0, 0, 10_000_000, "");
        _mine(1);
        vm.assertEq(queue.gasPrice(), 1.125 gwei + 1); // on target: stays
        _mine(1);
        uint256 price = queue.gasPrice();
        vm.assertEq(price, 1 gwei); // empty: down, not below the minimum
    }

    function testFuzz_priceStaysWithinAnEighth(uint256 seed) public {
        uint256 before = queue.gasPrice();
        for (uint256 i = 0; i < 20; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            if (seed % 4 != 0) {
                _deposit(ALICE, BOB, 0, 0, uint64(bounded(seed, 21_000, 16_777_216)), "");
            }
            _mine(1);
            uint256 price = queue.gasPrice();
            vm.assertLe(price, before + before / 8 + 1);
            vm.assertGe(price + 1, before - before / 8);
            vm.assertGe(price, 1 gwei);
            before = price;
        }
        _mine(1_000);
        vm.assertEq(queue.gasPrice(), 1 gwei);
    }

    function test_paysExactlyAndReturnsTheRest() public {
        uint256 before = ALICE.balance;
        uint256 due = portal.depositFee(100_000);
        _deposit(ALICE, BOB, 0, 0, 100_000, "");
        vm.assertEq(due, 100_000 gwei);
        vm.assertEq(before - ALICE.balance, due);
        vm.prank(ALICE, ALICE);
        vm.expectRevert(abi.encodeWithSelector(IPortal.FeeNotPaid.selector, due, due - 1));
        portal.depositTransaction{value: due - 1}(BOB, 0, 0, 100_000, false, "");
        queue.collectFees();
        vm.assertEq(FEES.balance, due);
        vm.assertEq(address(queue).balance, 0);
    }

    // ------------------------------------------------------------------ searches

    function testFuzz_searchesEqualScans(uint256 seed) public {
        uint256 count = bounded(seed, 1, 24);
        for (uint256 i = 0; i < count; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            _mine(bounded(seed, 1, 3));
            _deposit(ALICE, BOB, 0, 0, uint64(bounded(seed, 21_000, 5_000_000)), "");
        }
        for (uint256 i = 0; i < 8; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            uint64 from = uint64(bounded(seed, 0, count));
            uint64 time = uint64(bounded(seed >> 8, GENESIS_TIME, block.timestamp + 10));
            uint128 gas_ = uint128(bounded(seed >> 16, 0, 30_000_000));
            uint64 number = uint64(bounded(seed >> 24, 1_000, block.number));
            uint64 overdue = from;
            uint64 within = from;
            uint256 sum;
            for (uint64 j = from; j < count; ++j) {
                (uint64 t,,) = queue.entry(j);
                if (t <= time) overdue = j + 1;
            }
            for (uint64 j = from; j < count; ++j) {
                (, uint64 b, uint128 upTo) = queue.entry(j);
                uint128 start;
                if (j > 0) (,, start) = queue.entry(j - 1);
                sum += upTo - start;
                if (sum > gas_ || b > number) break;
                within = j + 1;
            }
            vm.assertEq(queue.overdueCursor(from, time), overdue, "overdue");
            vm.assertEq(queue.cursorWithin(from, gas_, number), within, "within");
        }
    }

    function test_refusesUnknownEntry() public {
        vm.expectRevert(abi.encodeWithSelector(IDepositQueue.NoSuchEntry.selector, 0, 0));
        queue.entry(0);
    }

    function _alias(address a) private pure returns (address) {
        unchecked {
            return address(uint160(a) + uint160(0x1111000000000000000000000000000000001111));
        }
    }

    function _legacy(uint64 gasLimit) private pure returns (bytes memory) {
        bytes[] memory f = new bytes[](9);
        for (uint256 i = 0; i < 9; ++i) f[i] = RLP.encode(i);
        f[2] = RLP.encode(uint256(gasLimit));
        return RLP.encode(f);
    }
}
