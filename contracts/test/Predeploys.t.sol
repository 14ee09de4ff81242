// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Hashing} from "../src/common/Hashing.sol";
import {Predeploys} from "../src/common/Predeploys.sol";
import {WithdrawalTransaction} from "../src/common/Types.sol";
import {IL1Block} from "../src/interfaces/IL1Block.sol";
import {IL2ToL1MessagePasser} from "../src/interfaces/IL2ToL1MessagePasser.sol";
import {FeeVault} from "../src/l2/FeeVault.sol";
import {L1Block} from "../src/l2/L1Block.sol";
import {WrappedMega} from "../src/l2/WrappedMega.sol";
import {World} from "./support/World.sol";
import {Vm, vm, bounded} from "./support/Vm.sol";

contract PredeploysTest is World {
    L1Block private constant L1_BLOCK = L1Block(Predeploys.L1_BLOCK);
    WrappedMega private wrapped = WrappedMega(payable(Predeploys.WRAPPED_MEGA));
    FeeVault private vault = FeeVault(payable(Predeploys.FEE_VAULT));

    function setUp() public {
        _world();
    }

    function test_genesisGivesThemWhatTheyNeed() public view {
        vm.assertEq(l2Messenger.otherMessenger(), address(l1Messenger));
        vm.assertEq(l2Bridge.otherBridge(), address(l1Bridge));
        vm.assertEq(vault.recipient(), FEES);
        vm.assertEq(wrapped.symbol(), "WMEGA");
    }

    /// predeploys.json and Predeploys.sol name the same addresses; none has a second name.
    function test_addressesAgree() public view {
        address[11] memory expected = [
            Predeploys.WRAPPED_MEGA,
            Predeploys.L2_MESSENGER,
            Predeploys.L2_STANDARD_BRIDGE,
            Predeploys.L2_TOKEN_FACTORY,
            Predeploys.L1_BLOCK,
            Predeploys.MESSAGE_PASSER,
            Predeploys.FEE_VAULT,
            Predeploys.ATOMIC_SWAP,
            Predeploys.L2_ETH,
            Predeploys.L2_TOKEN_TEMPLATE,
            Predeploys.L2_CONFIG
        ];
        string memory json = vm.readFile("contracts/predeploys.json");
        for (uint256 i = 0; i < expected.length; ++i) {
            string memory key = string.concat("$[", vm.toString(i), "].address");
            vm.assertEq(vm.parseJsonAddress(json, key), expected[i]);
            vm.assertTrue(expected[i].code.length > 0);
        }
        vm.assertFalse(vm.keyExistsJson(json, "$[11]"));
    }

    // ------------------------------------------------------------------ L1Block

    function testFuzz_l1BlockKeepsItsLayout(
        uint64 number,
        uint64 timestamp,
        uint256 baseFee,
        uint256 blobBaseFee,
        bytes32 hash,
        uint64 cursor
    ) public {
        vm.prank(Predeploys.DEPOSITOR);
        L1_BLOCK.setL1BlockValues(number, timestamp, baseFee, blobBaseFee, hash, cursor);
        vm.assertEq(L1_BLOCK.number(), number);
        vm.assertEq(L1_BLOCK.timestamp(), timestamp);
        vm.assertEq(L1_BLOCK.depositCursor(), cursor);
        // What the node reads.
        vm.assertEq(
            uint256(vm.load(address(L1_BLOCK), 0)),
            uint256(cursor) << 128 | uint256(timestamp) << 64 | number
        );
        vm.assertEq(uint256(vm.load(address(L1_BLOCK), bytes32(uint256(1)))), baseFee);
        vm.assertEq(uint256(vm.load(address(L1_BLOCK), bytes32(uint256(2)))), blobBaseFee);
        vm.assertEq(vm.load(address(L1_BLOCK), bytes32(uint256(3))), hash);
    }

    function test_onlyTheDepositorWritesL1Block() public {
        vm.expectRevert(abi.encodeWithSelector(IL1Block.NotDepositor.selector, address(this)));
        L1_BLOCK.setL1BlockValues(1, 1, 1, 1, 0, 1);
    }

    function test_l1AttributesCostLessThanTheirGas() public {
        vm.prank(Predeploys.DEPOSITOR);
        uint256 before = gasleft();
        L1_BLOCK.setL1BlockValues(1, 2, 3, 4, bytes32(uint256(5)), 6);
        vm.assertLt(before - gasleft(), 200_000);
    }

    // ------------------------------------------------------------------ message passer

    function testFuzz_passerRecordsAndBurns(
        address target,
        uint256 value,
        uint256 gasLimit,
        bytes memory data
    ) public {
        value = bounded(value, 0, 100 ether);
        gasLimit = bounded(gasLimit, 0, 11_000_000);
        uint256 nonce = passer.messageNonce();
        vm.assertEq(nonce >> 240, 1);
        bytes32 hash = Hashing.withdrawal(
            WithdrawalTransaction(nonce, ALICE, target, value, gasLimit, data)
        );
        vm.prank(ALICE);
        vm.expectEmit();
        emit IL2ToL1MessagePasser.MessagePassed(
            nonce, ALICE, target, value, gasLimit, data, hash
        );
        passer.initiateWithdrawal{value: value}(target, gasLimit, data);
        vm.assertTrue(passer.sentMessages(hash));
        vm.assertEq(passer.messageNonce(), nonce + 1);
        vm.assertEq(address(passer).balance, 0);
        // Where proofs look.
        bytes32 slot = keccak256(abi.encode(hash, uint256(0)));
        vm.assertEq(uint256(vm.load(address(passer), slot)), 1);
    }

    function test_plainPaymentWithdraws() public {
        vm.recordLogs();
        vm.prank(ALICE);
        (bool success,) = address(passer).call{value: 3 ether}("");
        vm.assertTrue(success);
        WithdrawalTransaction memory w = _collect(vm.getRecordedLogs());
        vm.assertEq(w.target, ALICE);
        vm.assertEq(w.value, 3 ether);
        vm.assertEq(w.data.length, 0);
    }

    function test_passerRefusesWhatL1CouldNotFinalise() public {
        vm.expectPartialRevert(IL2ToL1MessagePasser.GasLimitTooHigh.selector);
        passer.initiateWithdrawal(ALICE, 11_000_001, "");
        vm.expectPartialRevert(IL2ToL1MessagePasser.DataTooLong.selector);
        passer.initiateWithdrawal(ALICE, 0, new bytes(100_001));
        passer.initiateWithdrawal(ALICE, 11_000_000, new bytes(100_000));
    }

    // ------------------------------------------------------------------ fee vault

    function test_feeVaultPaysItsRecipientOnL1() public {
        vm.deal(address(vault), 0.5 ether);
        vm.expectPartialRevert(FeeVault.TooLittle.selector);
        vault.withdraw();
        vm.deal(address(vault), 5 ether);
        vm.prank(ALICE);
        portal.fundEscrow(5 ether);
        vm.recordLogs();
        vault.withdraw();
        _exit(_collect(vm.getRecordedLogs()));
        vm.assertEq(mega.balanceOf(FEES), 5 ether);
        vm.store(address(vault), 0, 0);
        vm.deal(address(vault), 5 ether);
        vm.expectRevert(FeeVault.NoRecipient.selector);
        vault.withdraw();
    }

    // ------------------------------------------------------------------ wrapped MEGA

    function testFuzz_wrappedIsOneToOne(uint256 a, uint256 b) public {
        a = bounded(a, 0, 100 ether);
        b = bounded(b, 0, a);
        vm.startPrank(ALICE);
        (bool success,) = address(wrapped).call{value: a}("");
        vm.assertTrue(success);
        wrapped.transfer(BOB, b);
        vm.assertEq(wrapped.balanceOf(ALICE), a - b);
        vm.assertEq(wrapped.totalSupply(), a);
        uint256 before = ALICE.balance;
        wrapped.withdraw(a - b);
        vm.assertEq(ALICE.balance - before, a - b);
        vm.expectPartialRevert(WrappedMega.InsufficientBalance.selector);
        wrapped.withdraw(1);
        vm.expectPartialRevert(WrappedMega.InsufficientAllowance.selector);
        wrapped.transferFrom(BOB, ALICE, b + 1);
        vm.stopPrank();
        vm.prank(BOB);
        wrapped.approve(ALICE, b);
        vm.prank(ALICE);
        wrapped.transferFrom(BOB, ALICE, b);
        vm.assertEq(wrapped.allowance(BOB, ALICE), 0);
        vm.assertEq(wrapped.balanceOf(ALICE), b);
    }
}
