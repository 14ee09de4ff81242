// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Hashing} from "../src/common/Hashing.sol";
import {Predeploys} from "../src/common/Predeploys.sol";
import {WithdrawalTransaction} from "../src/common/Types.sol";
import {ICrossDomainMessenger} from "../src/interfaces/ICrossDomainMessenger.sol";
import {IPortal} from "../src/interfaces/IPortal.sol";
import {World} from "./support/World.sol";
import {Vm, vm, bounded} from "./support/Vm.sol";

/// Writes down what it is told; may refuse, and may try to relay from inside.
contract Receiver {
    ICrossDomainMessenger private immutable _messenger;
    bool public refuses;
    uint256 public count;
    uint256 public got;
    uint256 public gasSeen;
    address public from;
    bytes private _inside;
    bool public insideSucceeded;

    constructor(ICrossDomainMessenger messenger) {
        _messenger = messenger;
    }

    function refuse(bool refuses_) external {
        refuses = refuses_;
    }

    function relayInside(bytes calldata call_) external {
        _inside = call_;
    }

    function hello(uint256 n) external payable {
        require(!refuses, "no");
        gasSeen = gasleft();
        from = _messenger.xDomainMessageSender();
        ++count;
        got = n;
        if (_inside.length > 0) {
            bytes memory call_ = _inside;
            delete _inside;
            (insideSucceeded,) = address(_messenger).call(call_);
        }
    }
}

contract MessengerTest is World {
    Receiver private onL1;
    Receiver private onL2;

    function setUp() public {
        _world();
        onL1 = new Receiver(l1Messenger);
        onL2 = new Receiver(l2Messenger);
        vm.startPrank(ALICE);
        mega.approve(address(l1Messenger), type(uint256).max);
        portal.fundEscrow(100_000 ether);
        vm.stopPrank();
    }

    struct Message {
        uint256 nonce;
        address sender;
        address target;
        uint256 value;
        uint256 gasLimit;
        bytes data;
    }

    /// The message among `logs`.
    function _message(Vm.Log[] memory logs) internal pure returns (Message memory m) {
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] == ICrossDomainMessenger.SentMessage.selector) {
                m.target = address(uint160(uint256(logs[i].topics[1])));
                (m.sender, m.data, m.nonce, m.gasLimit) =
                    abi.decode(logs[i].data, (address, bytes, uint256, uint256));
            } else if (logs[i].topics[0] == ICrossDomainMessenger.SentMessageExtension1.selector) {
                m.value = abi.decode(logs[i].data, (uint256));
            }
        }
    }

    function _hash(Message memory m) internal pure returns (bytes32) {
        return Hashing.message(m.nonce, m.sender, m.target, m.value, m.gasLimit, m.data);
    }

    function _relay(ICrossDomainMessenger messenger, Message memory m) internal {
        messenger.relayMessage(m.nonce, m.sender, m.target, m.value, m.gasLimit, m.data);
    }

    function _sendToL2(address target, bytes memory data, uint32 gas_, uint256 value)
        internal
        returns (Message memory m, bool success)
    {
        vm.recordLogs();
        vm.prank(ALICE, ALICE);
        l1Messenger.sendMessageWithValue{value: 1 ether}(target, data, gas_, value);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        m = _message(logs);
        success = _runDeposits(logs);
    }

    function _sendToL1(address target, bytes memory data, uint32 gas_, uint256 value)
        internal
        returns (Message memory m, WithdrawalTransaction memory w)
    {
        vm.recordLogs();
        vm.prank(ALICE);
        l2Messenger.sendMessage{value: value}(target, data, gas_);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        m = _message(logs);
        w = _collect(logs);
    }

    // ------------------------------------------------------------------ L1 -> L2

    function test_messageArrivesOnL2() public {
        uint256 before = ALICE.balance;
        (Message memory m, bool success) =
            _sendToL2(address(onL2), abi.encodeCall(onL2.hello, (7)), 100_000, 3 ether);
        vm.assertTrue(success);
        vm.assertEq(onL2.got(), 7);
        vm.assertEq(onL2.from(), ALICE);
        vm.assertEq(address(onL2).balance, 3 ether);
        vm.assertTrue(l2Messenger.successfulMessages(_hash(m)));
        vm.assertEq(portal.escrowed(), 100_003 ether);
        vm.assertEq(mega.allowance(address(l1Messenger), address(portal)), 0);
        vm.assertEq(before - ALICE.balance, l1Messenger.messageFee(36, 100_000));
        vm.expectRevert(
            abi.encodeWithSelector(ICrossDomainMessenger.AlreadyRelayed.selector, _hash(m))
        );
        _relay(l2Messenger, m);
    }

    /// The promise of minGasLimit, for any length and limit: with the deposit's gas the relay reaches
    /// the target with what was promised.
    function testFuzz_depositGasReachesTheTarget(uint256 length, uint32 gas_) public {
        length = bounded(length, 0, 4_000);
        gas_ = uint32(bounded(gas_, 100_000, 5_000_000));
        bytes memory data = abi.encodePacked(abi.encodeCall(onL2.hello, (7)), new bytes(length));
        (, bool success) = _sendToL2(address(onL2), data, gas_, 1 ether);
        vm.assertTrue(success);
        vm.assertEq(onL2.count(), 1);
        vm.assertGe(onL2.gasSeen() + 300, gas_);
    }

    function test_failedMessageIsKeptAndRetried() public {
        onL2.refuse(true);
        (Message memory m, bool success) =
            _sendToL2(address(onL2), abi.encodeCall(onL2.hello, (7)), 100_000, 3 ether);
        vm.assertTrue(success, "the deposit itself succeeds");
        vm.assertTrue(l2Messenger.failedMessages(_hash(m)));
        vm.assertEq(address(l2Messenger).balance, 3 ether);
        _relay(l2Messenger, m); // still refuses: still kept
        vm.assertFalse(l2Messenger.successfulMessages(_hash(m)));
        onL2.refuse(false);
        vm.prank(BOB);
        _relay(l2Messenger, m);
        vm.assertEq(onL2.count(), 1);
        vm.assertEq(address(onL2).balance, 3 ether);
        vm.expectPartialRevert(ICrossDomainMessenger.AlreadyRelayed.selector);
        _relay(l2Messenger, m);
    }

    function testFuzz_nobodyMakesMessagesUp(uint256 field, uint256 delta) public {
        onL2.refuse(true);
        (Message memory m,) =
            _sendToL2(address(onL2), abi.encodeCall(onL2.hello, (7)), 100_000, 3 ether);
        onL2.refuse(false);
        field = bounded(field, 0, 5);
        delta = bounded(delta, 1, 1 << 40);
        if (field == 0) m.nonce += delta;
        if (field == 1) m.sender = address(uint160(m.sender) + uint160(delta));
        if (field == 2) m.target = address(uint160(m.target) + uint160(delta));
        if (field == 3) m.value += delta;
        if (field == 4) m.gasLimit += delta;
        if (field == 5) m.data = abi.encodePacked(m.data, delta);
        vm.expectPartialRevert(ICrossDomainMessenger.NotRelayable.selector);
        _relay(l2Messenger, m);
    }

    function test_retryBringsNoValue() public {
        onL2.refuse(true);
        (Message memory m,) =
            _sendToL2(address(onL2), abi.encodeCall(onL2.hello, (7)), 100_000, 3 ether);
        vm.expectRevert(
            abi.encodeWithSelector(ICrossDomainMessenger.WrongValue.selector, 1, 0)
        );
        l2Messenger.relayMessage{value: 1}(
            m.nonce, m.sender, m.target, m.value, m.gasLimit, m.data
        );
    }

    function test_otherVersionsAreRefused() public {
        vm.expectRevert(
            abi.encodeWithSelector(ICrossDomainMessenger.WrongVersion.selector, 0)
        );
        l2Messenger.relayMessage(0, ALICE, BOB, 0, 0, "");
        vm.expectRevert(
            abi.encodeWithSelector(ICrossDomainMessenger.WrongVersion.selector, 2)
        );
        l2Messenger.relayMessage(2 << 240, ALICE, BOB, 0, 0, "");
    }

    /// A message that relays another from inside: that one is kept for later, not run nested.
    function test_nestedRelayIsKept() public {
        onL2.refuse(true);
        (Message memory first,) =
            _sendToL2(address(onL2), abi.encodeCall(onL2.hello, (1)), 400_000, 0);
        onL2.refuse(false);
        onL2.relayInside(
            abi.encodeCall(
                l2Messenger.relayMessage,
                (first.nonce, first.sender, first.target, first.value, first.gasLimit, first.data)
            )
        );
        _sendToL2(address(onL2), abi.encodeCall(onL2.hello, (2)), 900_000, 0);
        vm.assertTrue(onL2.insideSucceeded());
        vm.assertEq(onL2.count(), 1);
        vm.assertFalse(l2Messenger.successfulMessages(_hash(first)));
        _relay(l2Messenger, first);
        vm.assertEq(onL2.count(), 2);
    }

    function test_messageCannotRelayItself() public {
        onL2.refuse(true);
        (Message memory m,) =
            _sendToL2(address(onL2), abi.encodeCall(onL2.hello, (1)), 900_000, 2 ether);
        onL2.refuse(false);
        onL2.relayInside(
            abi.encodeCall(
                l2Messenger.relayMessage,
                (m.nonce, m.sender, m.target, m.value, m.gasLimit, m.data)
            )
        );
        _relay(l2Messenger, m);
        vm.assertEq(onL2.count(), 1);
        vm.assertEq(address(onL2).balance, 2 ether);
        vm.assertTrue(l2Messenger.successfulMessages(_hash(m)));
        vm.expectPartialRevert(ICrossDomainMessenger.AlreadyRelayed.selector);
        _relay(l2Messenger, m);
    }

    /// What the L1 messenger says on L2 only the L1 messenger can say: its address without the offset
    /// is nobody there.
    function test_onlyTheAliasSpeaksForL1() public {
        uint256 nonce = uint256(1) << 240 | 99;
        vm.prank(address(l1Messenger));
        vm.expectPartialRevert(ICrossDomainMessenger.NotRelayable.selector);
        l2Messenger.relayMessage(nonce, ALICE, address(onL2), 0, 0, "");
    }

    function test_refusesTargetsThatTrustTheMessenger() public {
        vm.startPrank(ALICE, ALICE);
        address[2] memory l2 = [Predeploys.L2_MESSENGER, Predeploys.MESSAGE_PASSER];
        for (uint256 i = 0; i < l2.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(ICrossDomainMessenger.BadTarget.selector, l2[i])
            );
            l1Messenger.sendMessage{value: 1 ether}(l2[i], "", 0);
        }
        vm.stopPrank();
        address[3] memory l1 = [address(portal), address(l1Messenger), address(mega)];
        for (uint256 i = 0; i < l1.length; ++i) {
            (Message memory m, WithdrawalTransaction memory w) = _sendToL1(
                l1[i], abi.encodeCall(mega.transfer, (ALICE, 1)), 100_000, 0
            );
            _exit(w);
            vm.assertFalse(l1Messenger.successfulMessages(_hash(m)));
            vm.assertFalse(l1Messenger.failedMessages(_hash(m)));
        }
    }

    /// Should L1 ever send one: on L2 they are refused as well.
    function test_refusesThemOnArrival() public {
        uint256 nonce = uint256(1) << 240 | 99;
        address[2] memory targets = [Predeploys.L2_MESSENGER, Predeploys.MESSAGE_PASSER];
        for (uint256 i = 0; i < 2; ++i) {
            vm.prank(
                address(
                    uint160(address(l1Messenger))
                        + uint160(0x1111000000000000000000000000000000001111)
                )
            );
            vm.expectRevert(
                abi.encodeWithSelector(ICrossDomainMessenger.BadTarget.selector, targets[i])
            );
            l2Messenger.relayMessage(nonce, ALICE, targets[i], 0, 0, "");
        }
    }

    function test_refusesLongMessagesAndSmallFees() public {
        vm.startPrank(ALICE, ALICE);
        vm.expectRevert(
            abi.encodeWithSelector(
                ICrossDomainMessenger.MessageTooLong.selector, 90_001, 90_000
            )
        );
        l1Messenger.sendMessage{value: 1 ether}(BOB, new bytes(90_001), 0);
        uint256 due = l1Messenger.messageFee(90_000, 0);
        vm.expectRevert(abi.encodeWithSelector(IPortal.FeeNotPaid.selector, due, due - 1));
        l1Messenger.sendMessage{value: due - 1}(BOB, new bytes(90_000), 0);
        l1Messenger.sendMessage{value: due}(BOB, new bytes(90_000), 0);
        vm.stopPrank();
    }

    // ------------------------------------------------------------------ L2 -> L1

    function test_messageArrivesOnL1() public {
        (Message memory m, WithdrawalTransaction memory w) =
            _sendToL1(address(onL1), abi.encodeCall(onL1.hello, (7)), 100_000, 3 ether);
        vm.assertEq(Predeploys.MESSAGE_PASSER.balance, 0); // burned
        _exit(w);
        vm.assertEq(onL1.got(), 7);
        vm.assertEq(onL1.from(), ALICE);
        vm.assertEq(mega.balanceOf(address(onL1)), 3 ether);
        vm.assertGe(onL1.gasSeen(), 99_000);
        vm.assertTrue(l1Messenger.successfulMessages(_hash(m)));
        vm.assertEq(portal.escrowed(), 99_997 ether);
    }

    function test_failedMessageIsKeptWithItsValueOnL1() public {
        onL1.refuse(true);
        (Message memory m, WithdrawalTransaction memory w) =
            _sendToL1(address(onL1), abi.encodeCall(onL1.hello, (7)), 100_000, 3 ether);
        _exit(w);
        vm.assertTrue(l1Messenger.failedMessages(_hash(m)));
        vm.assertEq(mega.balanceOf(address(onL1)), 0);
        vm.assertEq(mega.balanceOf(address(l1Messenger)), 3 ether);
        onL1.refuse(false);
        vm.prank(BOB);
        _relay(l1Messenger, m);
        vm.assertEq(onL1.count(), 1);
        vm.assertEq(mega.balanceOf(address(onL1)), 3 ether);
        vm.expectPartialRevert(ICrossDomainMessenger.AlreadyRelayed.selector);
        _relay(l1Messenger, m);
    }

    /// Whoever finalises chooses the gas of the transaction; the message either has what it was
    /// promised or can be tried again.
    function testFuzz_starvedMessageIsNotLost(uint256 gas_, bool hasValue) public {
        (Message memory m, WithdrawalTransaction memory w) = _sendToL1(
            address(onL1), abi.encodeCall(onL1.hello, (7)), 200_000, hasValue ? 3 ether : 0
        );
        Published memory p = _publish();
        _prove(w, p);
        _finalizeClaim(p);
        gas_ = bounded(gas_, 100_000, 1_500_000);
        try portal.finalizeWithdrawalTransaction{gas: gas_}(w) {}
        catch {
            portal.finalizeWithdrawalTransaction(w);
        }
        if (onL1.count() == 0) {
            vm.assertTrue(l1Messenger.failedMessages(_hash(m)), "kept");
            _relay(l1Messenger, m);
        }
        vm.assertEq(onL1.count(), 1);
        vm.assertGe(onL1.gasSeen(), 199_000);
        vm.assertEq(mega.balanceOf(address(onL1)), m.value);
    }

    /// The gas that sendMessage asks the Portal for is enough by itself: a relayer that gives no more
    /// than it must still delivers.
    function testFuzz_withdrawalGasReachesTheTarget(uint256 length, bool hasValue) public {
        length = bounded(length, 0, 4_000);
        bytes memory data = abi.encodePacked(abi.encodeCall(onL1.hello, (7)), new bytes(length));
        (, WithdrawalTransaction memory w) =
            _sendToL1(address(onL1), data, 200_000, hasValue ? 3 ether : 0);
        _withdrawalIsRelayedWith(w);
        vm.assertEq(onL1.count(), 1);
        vm.assertGe(onL1.gasSeen() + 300, 200_000);
    }

    /// As the Portal calls it, with exactly the gas limit of the withdrawal.
    function _withdrawalIsRelayedWith(WithdrawalTransaction memory w) private {
        vm.prank(TREASURY);
        mega.transfer(address(l1Messenger), w.value);
        // Slot-free: the Portal's answer to l2Sender() while it finalises.
        vm.mockCall(
            address(portal),
            abi.encodeCall(portal.l2Sender, ()),
            abi.encode(Predeploys.L2_MESSENGER)
        );
        vm.prank(address(portal));
        (bool success,) = w.target.call{gas: w.gasLimit}(w.data);
        vm.assertTrue(success);
        vm.clearMockedCalls();
    }

    function test_strangersDoNotSpeakForL2() public {
        uint256 nonce = uint256(1) << 240 | 99;
        // Not the L2 messenger but ALICE, through the same Portal.
        WithdrawalTransaction memory w = _withdraw(
            ALICE,
            address(l1Messenger),
            0,
            500_000,
            abi.encodeCall(
                l1Messenger.relayMessage,
                (nonce, BOB, address(onL1), 0, 100_000, abi.encodeCall(onL1.hello, (7)))
            )
        );
        _exit(w);
        vm.assertEq(onL1.count(), 0);
        vm.expectPartialRevert(ICrossDomainMessenger.NotRelayable.selector);
        l1Messenger.relayMessage(nonce, BOB, address(onL1), 0, 100_000, "");
    }

    function test_deliverIsForItselfAlone() public {
        vm.expectRevert(ICrossDomainMessenger.OnlySelf.selector);
        l1Messenger.deliver(ALICE, 1, 0, "");
    }

    function test_nobodySpeaksOutsideAMessage() public {
        vm.expectRevert(ICrossDomainMessenger.NoMessageRunning.selector);
        l1Messenger.xDomainMessageSender();
        vm.expectRevert(ICrossDomainMessenger.NoMessageRunning.selector);
        l2Messenger.xDomainMessageSender();
    }
}
