// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Hashing} from "../src/common/Hashing.sol";
import {Predeploys} from "../src/common/Predeploys.sol";
import {WithdrawalTransaction} from "../src/common/Types.sol";
import {ICrossDomainMessenger} from "../src/interfaces/ICrossDomainMessenger.sol";
import {IFastExit} from "../src/interfaces/IFastExit.sol";
import {SixDecimals} from "./support/Tokens.sol";
import {World} from "./support/World.sol";
import {Vm, vm, bounded} from "./support/Vm.sol";

contract FastExitTest is World {
    address private constant PROVIDER = address(0x9407);
    address private constant RECIPIENT = address(0x4EC1);

    function setUp() public {
        _world();
        _fund(PROVIDER);
        vm.prank(PROVIDER);
        mega.approve(address(fastExit), type(uint256).max);
        vm.prank(ALICE);
        portal.fundEscrow(100_000 ether);
    }

    function _order(uint256 fee) internal view returns (IFastExit.Order memory) {
        return IFastExit.Order(RECIPIENT, fee, uint64(block.timestamp + 1 days));
    }

    function _offer(uint256 value, uint256 fee, uint256 gas_)
        internal
        returns (WithdrawalTransaction memory)
    {
        return _withdraw(
            ALICE,
            address(fastExit),
            value,
            gas_,
            abi.encodeCall(fastExit.onWithdrawal, (_order(fee)))
        );
    }

    function _fill(WithdrawalTransaction memory w) internal {
        vm.prank(PROVIDER);
        fastExit.fillWithdrawal(w);
    }

    function test_providerPaysAndTakesOver() public {
        WithdrawalTransaction memory w = _offer(100 ether, 1 ether, 200_000);
        _fill(w);
        vm.assertEq(mega.balanceOf(RECIPIENT), 99 ether);
        uint256 before = mega.balanceOf(PROVIDER);
        _exit(w);
        vm.assertEq(mega.balanceOf(PROVIDER) - before, 100 ether);
        vm.assertEq(mega.balanceOf(RECIPIENT), 99 ether);
        vm.assertEq(mega.balanceOf(address(fastExit)), 0);
        bytes32 id = Hashing.withdrawal(w);
        vm.expectRevert(abi.encodeWithSelector(IFastExit.AlreadySettled.selector, id));
        fastExit.settleWithdrawal(w);
    }

    function test_withoutProviderTheRecipientWaits() public {
        WithdrawalTransaction memory w = _offer(100 ether, 1 ether, 200_000);
        _exit(w);
        vm.assertEq(mega.balanceOf(RECIPIENT), 100 ether);
        bytes32 id = Hashing.withdrawal(w);
        vm.prank(PROVIDER);
        vm.expectRevert(abi.encodeWithSelector(IFastExit.AlreadySettled.selector, id));
        fastExit.fillWithdrawal(w);
    }

    /// The sender gave the call too little gas: the tokens are here and are paid out by anyone.
    function testFuzz_settlesWhenTheCallFailed(bool isFilled, uint256 gas_) public {
        WithdrawalTransaction memory w = _offer(100 ether, 1 ether, bounded(gas_, 0, 20_000));
        vm.expectPartialRevert(IFastExit.NotFinalized.selector);
        fastExit.settleWithdrawal(w);
        if (isFilled) _fill(w);
        Published memory p = _publish();
        _prove(w, p);
        _finalizeClaim(p);
        portal.finalizeWithdrawalTransaction{gas: 250_000}(w);
        bytes32 id = Hashing.withdrawal(w);
        if (!fastExit.settled(id)) {
            vm.prank(PROVIDER);
            vm.expectRevert(); // filled already, or too late
            fastExit.fillWithdrawal(w);
            vm.prank(BOB);
            fastExit.settleWithdrawal(w);
        }
        vm.assertEq(mega.balanceOf(RECIPIENT), isFilled ? 99 ether : 100 ether);
        vm.assertEq(mega.balanceOf(PROVIDER), isFilled ? 1_000_001 ether : 1_000_000 ether);
        vm.assertEq(mega.balanceOf(address(fastExit)), 0);
    }

    function test_fillsOnce() public {
        WithdrawalTransaction memory w = _offer(100 ether, 1 ether, 200_000);
        _fill(w);
        bytes32 id = Hashing.withdrawal(w);
        vm.prank(BOB);
        vm.expectRevert(abi.encodeWithSelector(IFastExit.AlreadyFilled.selector, id, PROVIDER));
        fastExit.fillWithdrawal(w);
    }

    /// Equal orders are different withdrawals: each provider gets its own.
    function test_equalOrdersAreKeptApart() public {
        WithdrawalTransaction memory a = _offer(100 ether, 1 ether, 200_000);
        WithdrawalTransaction memory b = _offer(100 ether, 1 ether, 200_000);
        _fill(b);
        _exit(a);
        vm.assertEq(mega.balanceOf(RECIPIENT), 199 ether);
        vm.assertEq(mega.balanceOf(PROVIDER), 1_000_000 ether - 99 ether);
        _exit(b);
        vm.assertEq(mega.balanceOf(PROVIDER), 1_000_001 ether);
    }

    function test_refusesLateFillsHighFeesAndForeignWithdrawals() public {
        WithdrawalTransaction memory w = _offer(100 ether, 101 ether, 200_000);
        vm.startPrank(PROVIDER);
        vm.expectRevert(
            abi.encodeWithSelector(IFastExit.FeeTooHigh.selector, 101 ether, 100 ether)
        );
        fastExit.fillWithdrawal(w);
        vm.stopPrank();
        w = _offer(100 ether, 1 ether, 200_000);
        vm.startPrank(PROVIDER);
        vm.warp(block.timestamp + 1 days);
        vm.expectPartialRevert(IFastExit.OrderExpired.selector);
        fastExit.fillWithdrawal(w);
        w.target = BOB;
        vm.expectRevert(IFastExit.NotForFastExit.selector);
        fastExit.fillWithdrawal(w);
        w.target = address(fastExit);
        w.data = hex"01020304";
        vm.expectRevert(IFastExit.NotForFastExit.selector);
        fastExit.fillWithdrawal(w);
        vm.stopPrank();
    }

    function test_onlyPortalAndBridgeCallBack() public {
        IFastExit.Order memory order = _order(0);
        vm.expectRevert(IFastExit.NotPortal.selector);
        fastExit.onWithdrawal(order);
        vm.expectRevert(IFastExit.NotBridge.selector);
        fastExit.onBridged(address(mega), 1, abi.encode(order));
    }

    // ------------------------------------------------------------------ over the bridges

    struct Offer {
        WithdrawalTransaction withdrawal;
        uint256 nonce;
        uint256 gasLimit;
        bytes message;
    }

    function _offerBridged(address l2Token, uint256 amount, uint256 fee)
        internal
        returns (Offer memory o)
    {
        vm.recordLogs();
        vm.prank(ALICE);
        l2Bridge.bridgeERC20To(l2Token, address(fastExit), amount, 0, abi.encode(_order(fee)));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] != ICrossDomainMessenger.SentMessage.selector) continue;
            (, o.message, o.nonce, o.gasLimit) =
                abi.decode(logs[i].data, (address, bytes, uint256, uint256));
        }
        o.withdrawal = _collect(logs);
    }

    function _etherOnL2() internal {
        vm.recordLogs();
        vm.prank(ALICE, ALICE);
        l1Bridge.bridgeETH{value: 11 ether}(10 ether, 0, "");
        vm.assertTrue(_runDeposits(vm.getRecordedLogs()));
    }

    function test_providerPaysEther() public {
        _etherOnL2();
        Offer memory o = _offerBridged(Predeploys.L2_ETH, 4 ether, 0.1 ether);
        vm.startPrank(PROVIDER);
        vm.expectRevert(
            abi.encodeWithSelector(IFastExit.WrongValue.selector, 4 ether, 3.9 ether)
        );
        fastExit.fillMessage{value: 4 ether}(o.nonce, o.gasLimit, o.message);
        fastExit.fillMessage{value: 3.9 ether}(o.nonce, o.gasLimit, o.message);
        vm.stopPrank();
        vm.assertEq(RECIPIENT.balance, 3.9 ether);
        uint256 before = PROVIDER.balance;
        _exit(o.withdrawal);
        vm.assertEq(PROVIDER.balance - before, 4 ether);
        vm.assertEq(address(fastExit).balance, 0);
    }

    function test_recipientWaitsForEther() public {
        _etherOnL2();
        Offer memory o = _offerBridged(Predeploys.L2_ETH, 4 ether, 0.1 ether);
        _exit(o.withdrawal);
        vm.assertEq(RECIPIENT.balance, 4 ether);
        vm.prank(PROVIDER);
        vm.expectPartialRevert(IFastExit.AlreadySettled.selector);
        fastExit.fillMessage{value: 3.9 ether}(o.nonce, o.gasLimit, o.message);
    }

    function test_providerPaysTokens() public {
        SixDecimals dollar = new SixDecimals();
        dollar.mint(ALICE, 1_000e6);
        dollar.mint(PROVIDER, 1_000e6);
        vm.prank(PROVIDER);
        dollar.approve(address(fastExit), type(uint256).max);
        vm.prank(ALICE);
        dollar.approve(address(l1Bridge), type(uint256).max);
        vm.recordLogs();
        vm.prank(ALICE, ALICE);
        l1Bridge.bridgeERC20{value: 1 ether}(address(dollar), 500e6, 0, "");
        _runDeposits(vm.getRecordedLogs());
        Offer memory o = _offerBridged(l1Bridge.l2TokenOf(address(dollar)), 400e6, 1e6);
        vm.prank(PROVIDER);
        fastExit.fillMessage(o.nonce, o.gasLimit, o.message);
        vm.assertEq(dollar.balanceOf(RECIPIENT), 399e6);
        _exit(o.withdrawal);
        vm.assertEq(dollar.balanceOf(PROVIDER), 1_001e6);
        vm.assertEq(dollar.balanceOf(address(fastExit)), 0);
    }

    function test_refusesMessagesForOthers() public {
        vm.startPrank(PROVIDER);
        vm.expectRevert(IFastExit.NotForFastExit.selector);
        fastExit.fillMessage(1, 1, "");
        vm.expectRevert(IFastExit.NotForFastExit.selector);
        fastExit.fillMessage(1, 1, abi.encodeCall(l1Bridge.setFastExit, (BOB)));
        vm.expectRevert(IFastExit.NotForFastExit.selector);
        fastExit.fillMessage(
            1,
            1,
            abi.encodeCall(
                l1Bridge.finalizeBridgeETH, (ALICE, BOB, 1 ether, abi.encode(_order(0)))
            )
        );
        vm.stopPrank();
    }
}
