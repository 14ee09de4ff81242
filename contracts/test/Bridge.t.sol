// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Predeploys} from "../src/common/Predeploys.sol";
import {TokenMetadata, WithdrawalTransaction} from "../src/common/Types.sol";
import {IL1StandardBridge} from "../src/interfaces/IL1StandardBridge.sol";
import {IL2StandardBridge} from "../src/interfaces/IL2StandardBridge.sol";
import {IL2Token} from "../src/interfaces/IL2Token.sol";
import {IL2TokenFactory} from "../src/interfaces/IL2TokenFactory.sol";
import {Configured} from "../src/l1/Configured.sol";
import {L2Token} from "../src/l2/L2Token.sol";
import {L2TokenFactory} from "../src/l2/L2TokenFactory.sol";
import {BytesNameToken, FeeToken, HookToken, SilentToken, SixDecimals} from "./support/Tokens.sol";
import {World} from "./support/World.sol";
import {Vm, vm, bounded} from "./support/Vm.sol";

contract BridgeTest is World {
    L2Token private constant L2_ETH = L2Token(Predeploys.L2_ETH);
    SixDecimals private dollar;

    function setUp() public {
        _world();
        dollar = SixDecimals(vm.deployCode("Tokens.sol:SixDecimals"));
        dollar.mint(ALICE, 1_000e6);
        vm.prank(ALICE);
        dollar.approve(address(l1Bridge), type(uint256).max);
    }

    function _bridge(address token, uint256 amount) internal returns (bool) {
        vm.recordLogs();
        vm.prank(ALICE, ALICE);
        l1Bridge.bridgeERC20{value: 1 ether}(token, amount, 0, "");
        return _runDeposits(vm.getRecordedLogs());
    }

    function _bridgeEther(uint256 amount) internal returns (bool) {
        vm.recordLogs();
        vm.prank(ALICE, ALICE);
        l1Bridge.bridgeETH{value: amount + 1 ether}(amount, 0, "");
        return _runDeposits(vm.getRecordedLogs());
    }

    function _back(address l2Token, address to, uint256 amount, bytes memory extraData)
        internal
        returns (WithdrawalTransaction memory)
    {
        vm.recordLogs();
        vm.prank(ALICE);
        l2Bridge.bridgeERC20To(l2Token, to, amount, 0, extraData);
        return _collect(vm.getRecordedLogs());
    }

    function test_etherGoesAndComesBack() public {
        uint256 before = ALICE.balance;
        uint256 due = l1Bridge.bridgeFee(address(0), 0, 0);
        vm.assertTrue(_bridgeEther(5 ether));
        vm.assertEq(before - ALICE.balance, 5 ether + due);
        vm.assertEq(L2_ETH.balanceOf(ALICE), 5 ether);
        vm.assertEq(address(l1Bridge).balance, 5 ether);
        vm.assertEq(l1Bridge.escrowed(address(0)), 5 ether);

        before = BOB.balance;
        _exit(_back(address(L2_ETH), BOB, 2 ether, ""));
        vm.assertEq(BOB.balance - before, 2 ether);
        vm.assertEq(L2_ETH.totalSupply(), 3 ether);
        vm.assertEq(l1Bridge.escrowed(address(0)), 3 ether);
    }

    function test_tokenIsCreatedOnArrival() public {
        L2Token l2 = L2Token(l1Bridge.l2TokenOf(address(dollar)));
        vm.assertEq(address(l2).code.length, 0);
        vm.assertTrue(_bridge(address(dollar), 100e6));
        vm.assertEq(l2.balanceOf(ALICE), 100e6);
        vm.assertEq(l2.name(), "Six Decimals");
        vm.assertEq(l2.symbol(), "SIX");
        vm.assertEq(l2.decimals(), 6);
        vm.assertEq(l2.l1Token(), address(dollar));
        vm.assertEq(
            L2TokenFactory(Predeploys.L2_TOKEN_FACTORY).tokenOf(address(dollar)), address(l2)
        );
        vm.assertTrue(_bridge(address(dollar), 50e6));
        vm.assertEq(l2.totalSupply(), 150e6);
        _exit(_back(address(l2), BOB, 120e6, "note"));
        vm.assertEq(dollar.balanceOf(BOB), 120e6);
        vm.assertEq(l1Bridge.escrowed(address(dollar)), 30e6);
    }

    function test_etherKnowsItsName() public view {
        vm.assertEq(L2_ETH.name(), "Ether");
        vm.assertEq(L2_ETH.symbol(), "ETH");
        vm.assertEq(L2_ETH.decimals(), 18);
        vm.assertEq(L2_ETH.l1Token(), address(0));
    }

    /// Old tokens answer with bytes32, some with nothing, some with far too much.
    function test_oddTokensGetNamesAllTheSame() public {
        BytesNameToken old = BytesNameToken(vm.deployCode("Tokens.sol:BytesNameToken"));
        old.mint(ALICE, 10);
        vm.prank(ALICE);
        old.approve(address(l1Bridge), 10);
        vm.assertTrue(_bridge(address(old), 10));
        L2Token l2 = L2Token(l1Bridge.l2TokenOf(address(old)));
        vm.assertEq(l2.name(), "Old");
        vm.assertEq(bytes(l2.symbol()).length, 64); // cut
        vm.assertEq(l2.decimals(), 0); // says 300

        SilentToken silent = SilentToken(vm.deployCode("Tokens.sol:SilentToken"));
        silent.mint(ALICE, 10);
        vm.assertTrue(_bridge(address(silent), 10));
        l2 = L2Token(l1Bridge.l2TokenOf(address(silent)));
        vm.assertEq(l2.name(), "");
        vm.assertEq(l2.balanceOf(ALICE), 10);
    }

    function test_whatArrivesCounts() public {
        FeeToken fee = FeeToken(vm.deployCode("Tokens.sol:FeeToken"));
        fee.mint(ALICE, 1_000);
        vm.prank(ALICE);
        fee.approve(address(l1Bridge), 1_000);
        vm.assertTrue(_bridge(address(fee), 1_000));
        vm.assertEq(l1Bridge.escrowed(address(fee)), 900);
        vm.assertEq(L2Token(l1Bridge.l2TokenOf(address(fee))).balanceOf(ALICE), 900);
    }

    /// A token that calls back while it is taken cannot have its amount counted twice.
    function test_tokenWithHooksCannotComeBackIn() public {
        HookToken hook = HookToken(payable(vm.deployCode("Tokens.sol:HookToken")));
        hook.mint(ALICE, 1_000);
        hook.mint(address(hook), 1_000);
        vm.prank(ALICE);
        hook.approve(address(l1Bridge), 1_000);
        vm.deal(address(hook), 1 ether);
        hook.aim(
            address(l1Bridge),
            abi.encodeCall(l1Bridge.bridgeERC20, (address(hook), 1_000, 0, ""))
        );
        vm.assertTrue(_bridge(address(hook), 1_000));
        vm.assertTrue(hook.wasCalled());
        vm.assertFalse(hook.gotIn());
        vm.assertEq(l1Bridge.escrowed(address(hook)), 1_000);
    }

    function test_refusesMegaNothingAndNobody() public {
        vm.startPrank(ALICE, ALICE);
        vm.expectRevert(IL1StandardBridge.MegaIsNative.selector);
        l1Bridge.bridgeERC20{value: 1 ether}(address(mega), 1, 0, "");
        vm.expectRevert(abi.encodeWithSelector(IL1StandardBridge.NotAToken.selector, BOB));
        l1Bridge.bridgeERC20{value: 1 ether}(BOB, 1, 0, "");
        vm.expectRevert(IL1StandardBridge.NothingToBridge.selector);
        l1Bridge.bridgeETH{value: 1 ether}(0, 0, "");
        vm.expectRevert(abi.encodeWithSelector(IL1StandardBridge.BadRecipient.selector, 0));
        l1Bridge.bridgeETHTo{value: 2 ether}(address(0), 1 ether, 0, "");
        vm.expectPartialRevert(IL1StandardBridge.ExtraDataTooLong.selector);
        l1Bridge.bridgeETH{value: 2 ether}(1 ether, 0, new bytes(10_001));
        uint256 due = 1 ether + l1Bridge.bridgeFee(address(0), 0, 0);
        vm.expectRevert(
            abi.encodeWithSelector(IL1StandardBridge.FeeNotPaid.selector, due, due - 1)
        );
        l1Bridge.bridgeETH{value: due - 1}(1 ether, 0, "");
        l1Bridge.bridgeETH{value: due}(1 ether, 0, "");
        vm.stopPrank();
    }

    function testFuzz_feeIsKnownBefore(uint256 length) public {
        length = bounded(length, 0, 10_000);
        bytes memory extra = new bytes(length);
        uint256 due = l1Bridge.bridgeFee(address(dollar), 0, length);
        vm.prank(ALICE, ALICE);
        vm.expectPartialRevert(IL1StandardBridge.FeeNotPaid.selector);
        l1Bridge.bridgeERC20{value: due - 1}(address(dollar), 1e6, 0, extra);
        vm.recordLogs();
        vm.prank(ALICE, ALICE);
        l1Bridge.bridgeERC20{value: due}(address(dollar), 1e6, 0, extra);
        vm.assertTrue(_runDeposits(vm.getRecordedLogs()));
        vm.assertEq(L2Token(l1Bridge.l2TokenOf(address(dollar))).balanceOf(ALICE), 1e6);
    }

    /// A token that only says that it represents ether, or another, gets nothing out.
    function test_impostorsAreNotBridged() public {
        L2Token impostor =
            L2Token(vm.deployCode("L2Token.sol:L2Token")); // ether, says l1Token()
        vm.prank(ALICE);
        vm.expectRevert(
            abi.encodeWithSelector(IL2StandardBridge.NotBridged.selector, address(impostor))
        );
        l2Bridge.bridgeERC20(address(impostor), 1, 0, "");
        // Burns whatever it is told to.
        address liar = vm.deployCode("Tokens.sol:Liar", abi.encode(dollar));
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(IL2StandardBridge.NotBridged.selector, liar));
        l2Bridge.bridgeERC20(liar, 1, 0, "");
        vm.prank(ALICE);
        vm.expectRevert(
            abi.encodeWithSelector(
                IL2StandardBridge.NotBridged.selector, Predeploys.L2_TOKEN_TEMPLATE
            )
        );
        l2Bridge.bridgeERC20(Predeploys.L2_TOKEN_TEMPLATE, 1, 0, "");
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(IL2StandardBridge.NotBridged.selector, BOB));
        l2Bridge.bridgeERC20(BOB, 1, 0, "");
    }

    function test_onlyTheOtherBridgeFinalises() public {
        TokenMetadata memory m;
        vm.expectRevert(IL1StandardBridge.NotOtherBridge.selector);
        l1Bridge.finalizeBridgeETH(ALICE, ALICE, 1, "");
        vm.expectRevert(IL1StandardBridge.NotOtherBridge.selector);
        l1Bridge.finalizeBridgeERC20(address(dollar), ALICE, ALICE, 1, "");
        vm.expectRevert(IL2StandardBridge.NotOtherBridge.selector);
        l2Bridge.finalizeBridgeETH(ALICE, ALICE, 1, "");
        vm.expectRevert(IL2StandardBridge.NotOtherBridge.selector);
        l2Bridge.finalizeBridgeERC20(address(dollar), m, ALICE, ALICE, 1, "");
        // Nor does a message of somebody else.
        vm.recordLogs();
        vm.prank(ALICE);
        l2Messenger.sendMessage(
            address(l1Bridge), abi.encodeCall(l1Bridge.finalizeBridgeETH, (ALICE, ALICE, 1, "")), 0
        );
        WithdrawalTransaction memory w = _collect(vm.getRecordedLogs());
        _bridgeEther(1 ether);
        uint256 before = address(l1Bridge).balance;
        _exit(w);
        vm.assertEq(address(l1Bridge).balance, before);
        vm.recordLogs();
        vm.prank(ALICE, ALICE);
        l1Messenger.sendMessage{value: 1 ether}(
            address(l2Bridge),
            abi.encodeCall(l2Bridge.finalizeBridgeETH, (ALICE, ALICE, 100 ether, "")),
            200_000
        );
        _runDeposits(vm.getRecordedLogs());
        vm.assertEq(L2_ETH.balanceOf(ALICE), 1 ether);
    }

    function test_onlyTheBridgeMintsBurnsAndCreates() public {
        TokenMetadata memory m;
        vm.startPrank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(IL2Token.NotBridge.selector, ALICE));
        L2_ETH.mint(ALICE, 1);
        vm.expectRevert(abi.encodeWithSelector(IL2Token.NotBridge.selector, ALICE));
        L2_ETH.burn(ALICE, 1);
        vm.expectRevert(abi.encodeWithSelector(IL2Token.NotFactory.selector, ALICE));
        L2_ETH.initialize(ALICE, m);
        vm.expectRevert(abi.encodeWithSelector(IL2TokenFactory.NotBridge.selector, ALICE));
        L2TokenFactory(Predeploys.L2_TOKEN_FACTORY).ensure(ALICE, m);
        vm.stopPrank();
        vm.prank(Predeploys.L2_TOKEN_FACTORY);
        vm.expectRevert(IL2Token.AlreadyInitialized.selector);
        L2_ETH.initialize(ALICE, m);
    }

    /// A payment over the limit is kept by the messenger and goes through later.
    function test_rateLimitHoldsPaymentsBack() public {
        vm.expectRevert(abi.encodeWithSelector(Configured.NotOwner.selector, address(this)));
        l1Bridge.setRateLimit(address(0), 1, 1);
        _bridgeEther(5 ether);
        _asOwner();
        l1Bridge.setRateLimit(address(0), 2 ether, 1 days);
        uint256 before = BOB.balance;
        _exit(_back(address(L2_ETH), BOB, 2 ether, ""));
        vm.assertEq(BOB.balance - before, 2 ether);
        WithdrawalTransaction memory w = _back(address(L2_ETH), BOB, 1 ether, "");
        vm.prank(address(timelock));
        l1Bridge.setRateLimit(address(0), 0.5 ether, 1 days);
        _exit(w);
        vm.assertEq(BOB.balance - before, 2 ether);
        _asOwner();
        l1Bridge.setRateLimit(address(0), 0, 0);
        (bool success,) = address(l1Messenger).call(w.data); // the kept message, by anyone
        vm.assertTrue(success);
        vm.assertEq(BOB.balance - before, 3 ether);
    }

    function test_keptPaymentsWaitForThePauseToo() public {
        _bridgeEther(5 ether);
        Refuser refuser = new Refuser();
        WithdrawalTransaction memory w = _back(address(L2_ETH), address(refuser), 1 ether, "");
        _exit(w);
        vm.assertEq(address(refuser).balance, 0);
        refuser.accept();
        vm.prank(GUARDIAN);
        config.pause(1 days);
        (bool success,) = address(l1Messenger).call(w.data);
        vm.assertTrue(success); // tried, refused, still kept
        vm.assertEq(address(refuser).balance, 0);
        _skip(1 days);
        (success,) = address(l1Messenger).call(w.data);
        vm.assertEq(address(refuser).balance, 1 ether);
        (success,) = address(l1Messenger).call(w.data);
        vm.assertFalse(success);
    }

    function test_permit() public {
        uint256 key = 0xBEEF;
        address owner = vm.addr(key);
        bytes32 digest = keccak256(
            abi.encodePacked(
                hex"1901",
                L2_ETH.DOMAIN_SEPARATOR(),
                keccak256(
                    abi.encode(
                        keccak256(
                            "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
                        ),
                        owner,
                        BOB,
                        5,
                        0,
                        block.timestamp
                    )
                )
            )
        );
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        vm.expectPartialRevert(IL2Token.WrongSignature.selector);
        L2_ETH.permit(owner, BOB, 6, block.timestamp, v, r, s);
        L2_ETH.permit(owner, BOB, 5, block.timestamp, v, r, s);
        vm.assertEq(L2_ETH.allowance(owner, BOB), 5);
        vm.expectPartialRevert(IL2Token.WrongSignature.selector);
        L2_ETH.permit(owner, BOB, 5, block.timestamp, v, r, s);
        vm.expectPartialRevert(IL2Token.PermitExpired.selector);
        L2_ETH.permit(owner, BOB, 5, block.timestamp - 1, v, r, s);
    }
}

contract Refuser {
    bool private _accepts;

    function accept() external {
        _accepts = true;
    }

    receive() external payable {
        require(_accepts);
    }
}
