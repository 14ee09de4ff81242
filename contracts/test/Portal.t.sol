// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Hashing} from "../src/common/Hashing.sol";
import {Batch, OutputRootProof, WithdrawalTransaction} from "../src/common/Types.sol";
import {IGuardianPause} from "../src/interfaces/IGuardianPause.sol";
import {IPortal} from "../src/interfaces/IPortal.sol";
import {IStateClaims} from "../src/interfaces/IStateClaims.sol";
import {World} from "./support/World.sol";
import {vm, bounded} from "./support/Vm.sol";

/// Takes a withdrawal and tries to be paid again from inside.
contract Thief {
    IPortal private immutable _portal;
    WithdrawalTransaction private _other;
    bool public wasCalled;
    bool public gotIn;

    constructor(IPortal portal) {
        _portal = portal;
    }

    function aim(WithdrawalTransaction calldata other) external {
        _other = other;
    }

    fallback() external {
        wasCalled = true;
        try _portal.finalizeWithdrawalTransactionExternalProof(_other, address(0xA11CE)) {
            gotIn = true;
        } catch {}
        try _portal.depositTransaction(address(1), 0, 0, 100_000, false, "") {
            gotIn = true;
        } catch {}
    }
}

/// Needs some gas, and says what it saw.
contract Target {
    IPortal private immutable _portal;
    uint256 public gasSeen;
    address public l2Sender;
    uint256 public value;
    bool public fails;

    constructor(IPortal portal) {
        _portal = portal;
    }

    function fail(bool fails_) external {
        fails = fails_;
    }

    fallback() external {
        require(!fails);
        gasSeen = gasleft();
        l2Sender = _portal.l2Sender();
        value = _portal.activeValue();
    }
}

contract PortalTest is World {
    function setUp() public {
        _world();
        vm.prank(ALICE);
        portal.fundEscrow(1_000_000 ether);
    }

    function test_withdrawalPaysOnce() public {
        WithdrawalTransaction memory w = _withdraw(ALICE, BOB, 5 ether, 0, "");
        uint256 before = mega.balanceOf(BOB);
        _exit(w);
        vm.assertEq(mega.balanceOf(BOB) - before, 5 ether);
        vm.assertEq(portal.escrowed(), 999_995 ether);
        bytes32 hash = Hashing.withdrawal(w);
        vm.assertTrue(portal.finalizedWithdrawals(hash));

        vm.expectRevert(abi.encodeWithSelector(IPortal.AlreadyFinalized.selector, hash));
        portal.finalizeWithdrawalTransaction(w);
        // Neither by another proof, of another claim, of another prover.
        Published memory p = _publish();
        bytes[] memory proof = _storageProof(hash);
        vm.prank(BOB);
        vm.expectRevert(abi.encodeWithSelector(IPortal.AlreadyFinalized.selector, hash));
        portal.proveWithdrawalTransaction(w, p.claim, p.output, proof);
    }

    function test_equalWithdrawalsPayOnceEach() public {
        WithdrawalTransaction memory a = _withdraw(ALICE, BOB, 5 ether, 0, "");
        WithdrawalTransaction memory b = _withdraw(ALICE, BOB, 5 ether, 0, "");
        uint256 before = mega.balanceOf(BOB);
        _exit(a);
        _exit(b);
        vm.assertEq(mega.balanceOf(BOB) - before, 10 ether);
    }

    function testFuzz_everyFieldIsProven(uint256 field, uint256 delta) public {
        _withdraw(BOB, ALICE, 1 ether, 10_000, hex"01");
        WithdrawalTransaction memory w = _withdraw(ALICE, BOB, 5 ether, 50_000, hex"0102");
        Published memory p = _publish();
        bytes[] memory proof = _storageProof(Hashing.withdrawal(w));
        delta = bounded(delta, 1, 1 << 60);
        field = bounded(field, 0, 10);
        if (field == 0) w.nonce += delta;
        else if (field == 1) w.sender = address(uint160(w.sender) + uint160(delta));
        else if (field == 2) w.target = address(uint160(w.target) + uint160(delta));
        else if (field == 3) w.value += delta;
        else if (field == 4) w.gasLimit += delta;
        else if (field == 5) w.data = abi.encodePacked(w.data, delta);
        else if (field == 6) p.output.version = bytes32(delta);
        else if (field == 7) p.output.stateRoot ^= bytes32(delta);
        else if (field == 8) p.output.messagePasserStorageRoot ^= bytes32(delta);
        else if (field == 9) p.output.latestBlockhash ^= bytes32(delta);
        else p.claim = 0;
        // A proof of absence ends in OpenZeppelin's own errors, of which there are several.
        if (field <= 5) vm.expectRevert();
        else vm.expectPartialRevert(IPortal.WrongOutputRoot.selector);
        portal.proveWithdrawalTransaction(w, p.claim, p.output, proof);
    }

    function testFuzz_everyByteOfTheProofCounts(uint256 node, uint256 at_, uint8 flip) public {
        for (uint256 i = 0; i < 5; ++i) _withdraw(BOB, ALICE, i, 10_000, "");
        WithdrawalTransaction memory w = _withdraw(ALICE, BOB, 5 ether, 50_000, hex"0102");
        Published memory p = _publish();
        bytes[] memory proof = _storageProof(Hashing.withdrawal(w));
        bytes memory damaged = proof[bounded(node, 0, proof.length - 1)];
        at_ = bounded(at_, 0, damaged.length - 1);
        flip = uint8(bounded(flip, 1, 255));
        damaged[at_] = bytes1(uint8(damaged[at_]) ^ flip);
        vm.expectRevert();
        portal.proveWithdrawalTransaction(w, p.claim, p.output, proof);
    }

    function test_refusesProofsOfAnotherShape() public {
        WithdrawalTransaction memory w = _withdraw(ALICE, BOB, 5 ether, 50_000, hex"0102");
        WithdrawalTransaction memory other = _withdraw(BOB, ALICE, 1 ether, 10_000, "");
        Published memory p = _publish();
        bytes[] memory good = _storageProof(Hashing.withdrawal(w));
        bytes[] memory wrong = _storageProof(Hashing.withdrawal(other));
        bytes[] memory longer = new bytes[](good.length + 1);
        bytes[] memory shorter = new bytes[](good.length - 1);
        for (uint256 i = 0; i < good.length; ++i) {
            longer[i] = good[i];
            if (i + 1 < good.length) shorter[i] = good[i];
        }
        longer[good.length] = good[0];
        _expectRefused(w, p, wrong);
        _expectRefused(w, p, longer);
        _expectRefused(w, p, shorter);
        _expectRefused(w, p, new bytes[](0));
        portal.proveWithdrawalTransaction(w, p.claim, p.output, good);
    }

    function _expectRefused(
        WithdrawalTransaction memory w,
        Published memory p,
        bytes[] memory proof
    ) private {
        vm.expectRevert(IPortal.WrongProof.selector);
        portal.proveWithdrawalTransaction(w, p.claim, p.output, proof);
    }

    function test_refusesNumbersBeyondClaims() public {
        WithdrawalTransaction memory w = _withdraw(ALICE, BOB, 5 ether, 0, "");
        Published memory p = _publish();
        bytes[] memory proof = _storageProof(Hashing.withdrawal(w));
        vm.expectPartialRevert(IPortal.WrongOutputRoot.selector);
        portal.proveWithdrawalTransaction(w, p.claim + 1, p.output, proof);
        vm.expectPartialRevert(IPortal.WrongOutputRoot.selector); // the same number modulo 2^64
        portal.proveWithdrawalTransaction(w, p.claim + (1 << 64), p.output, proof);
    }

    function test_waitsForClaimAndMaturity() public {
        WithdrawalTransaction memory w = _withdraw(ALICE, BOB, 5 ether, 0, "");
        Published memory p = _publish();
        bytes32 hash = Hashing.withdrawal(w);
        vm.expectRevert(
            abi.encodeWithSelector(IPortal.NotProven.selector, hash, address(this))
        );
        portal.finalizeWithdrawalTransaction(w);
        _skip(6 days + 20 hours);
        _prove(w, p);
        uint64 matureAt = uint64(block.timestamp + 1 days);
        vm.expectRevert(abi.encodeWithSelector(IPortal.NotMature.selector, matureAt));
        portal.finalizeWithdrawalTransaction(w);
        _skip(4 hours);
        claims.finalize(p.claim);
        vm.expectRevert(abi.encodeWithSelector(IPortal.NotMature.selector, matureAt));
        portal.finalizeWithdrawalTransaction(w);
        vm.warp(matureAt);
        portal.finalizeWithdrawalTransaction(w);
    }

    function test_waitsForAClaimThatIsNotFinal() public {
        WithdrawalTransaction memory w = _withdraw(ALICE, BOB, 5 ether, 0, "");
        Published memory p = _publish();
        _prove(w, p);
        _skip(8 days);
        vm.expectRevert(abi.encodeWithSelector(IPortal.ClaimNotFinal.selector, p.claim));
        portal.finalizeWithdrawalTransaction(w);
    }

    function test_provesAgainAfterRejection() public {
        WithdrawalTransaction memory w = _withdraw(ALICE, BOB, 5 ether, 0, "");
        bytes32 hash = Hashing.withdrawal(w);
        Published memory p = _publish();
        _prove(w, p);
        bytes[] memory proof = _storageProof(hash);
        vm.expectRevert(
            abi.encodeWithSelector(IPortal.AlreadyProven.selector, hash, address(this))
        );
        portal.proveWithdrawalTransaction(w, p.claim, p.output, proof);

        vm.deal(BOB, 1 ether);
        vm.prank(BOB);
        claims.challenge{value: 0.25 ether}(p.claim);
        _asOwner();
        claims.resolve(p.claim, false);
        _skip(8 days);
        vm.expectRevert(abi.encodeWithSelector(IPortal.ClaimNotFinal.selector, p.claim));
        portal.finalizeWithdrawalTransaction(w);
        vm.expectRevert(abi.encodeWithSelector(IPortal.ClaimRejected.selector, p.claim));
        portal.proveWithdrawalTransaction(w, p.claim, p.output, proof);

        _exit(w);
        vm.assertTrue(portal.finalizedWithdrawals(hash));
    }

    function test_nobodyHindersAnothersProof() public {
        WithdrawalTransaction memory w = _withdraw(ALICE, BOB, 5 ether, 0, "");
        bytes32 hash = Hashing.withdrawal(w);
        Published memory p = _publish();
        bytes[] memory proof = _storageProof(hash);
        vm.prank(BOB);
        portal.proveWithdrawalTransaction(w, p.claim, p.output, proof);
        _skip(7 days - 1 hours);
        _prove(w, p);
        vm.assertEq(portal.numProofSubmitters(hash), 2);
        vm.assertEq(portal.proofSubmitters(hash, 0), BOB);
        _skip(1 hours);
        claims.finalize(p.claim);
        // Ours is young; BOB's is mature and anyone may use it.
        vm.expectPartialRevert(IPortal.NotMature.selector);
        portal.finalizeWithdrawalTransaction(w);
        portal.finalizeWithdrawalTransactionExternalProof(w, BOB);
    }

    // ------------------------------------------------------------------ pause

    function test_nothingIsFinalisedWhilePaused() public {
        WithdrawalTransaction memory w = _withdraw(ALICE, BOB, 5 ether, 0, "");
        Published memory p = _publish();
        _prove(w, p);
        _skip(7 days);
        vm.prank(GUARDIAN);
        config.pause(3 days);
        vm.expectRevert(IStateClaims.FinalisingPaused.selector);
        claims.finalize(p.claim);
        vm.expectRevert(IPortal.FinalisingPaused.selector);
        portal.finalizeWithdrawalTransaction(w);
        // Deposits and proofs go on.
        vm.prank(ALICE, ALICE);
        portal.depositTransaction{value: 1 ether}(BOB, 0, 0, 100_000, false, "");
        WithdrawalTransaction memory later = _withdraw(ALICE, BOB, 1 ether, 0, "");
        _prove(later, _publish());

        _skip(3 days); // ends by itself
        claims.finalize(p.claim);
        portal.finalizeWithdrawalTransaction(w);
    }

    function test_pauseNeedsAGap() public {
        vm.expectRevert(
            abi.encodeWithSelector(IGuardianPause.NotGuardian.selector, address(this))
        );
        config.pause(1);
        vm.startPrank(GUARDIAN);
        vm.expectRevert(
            abi.encodeWithSelector(IGuardianPause.PauseTooLong.selector, 7 days + 1, 7 days)
        );
        config.pause(7 days + 1);
        config.pause(7 days);
        uint64 until = uint64(block.timestamp + 7 days);
        vm.assertEq(config.pausedUntil(), until);
        uint64[3] memory attempts = [uint64(block.timestamp), until, until + 14 days - 1];
        for (uint256 i = 0; i < 3; ++i) {
            vm.warp(attempts[i]);
            vm.expectRevert(
                abi.encodeWithSelector(IGuardianPause.PauseTooSoon.selector, until + 14 days)
            );
            config.pause(1);
        }
        vm.assertFalse(config.paused());
        vm.warp(until + 14 days);
        config.pause(1 hours);
        vm.assertTrue(config.paused());
        vm.stopPrank();
        _asOwner();
        config.unpause();
        vm.assertFalse(config.paused());
    }

    function test_unpausingEarlyDoesNotShortenTheGap() public {
        vm.startPrank(GUARDIAN);
        config.pause(7 days);
        uint64 next = config.nextPauseFrom();
        config.unpause();
        vm.assertFalse(config.paused());
        vm.expectRevert(abi.encodeWithSelector(IGuardianPause.PauseTooSoon.selector, next));
        config.pause(1 days);
        vm.stopPrank();
        // Nor does a new guardian.
        _asOwner();
        config.setGuardian(BOB);
        vm.prank(BOB);
        vm.expectRevert(abi.encodeWithSelector(IGuardianPause.PauseTooSoon.selector, next));
        config.pause(1 days);
    }

    // ------------------------------------------------------------------ the call

    function test_callsTargetWithItsGas() public {
        Target target = new Target(portal);
        _exit(_withdraw(ALICE, address(target), 5 ether, 300_000, hex"01"));
        vm.assertGe(target.gasSeen(), 299_000);
        vm.assertEq(target.l2Sender(), ALICE);
        vm.assertEq(target.value(), 5 ether);
        vm.assertEq(mega.balanceOf(address(target)), 5 ether);
        vm.assertEq(portal.l2Sender(), address(0));
        vm.assertEq(portal.activeValue(), 0);
    }

    function testFuzz_starvingTheCallChangesNothing(uint256 gas_) public {
        Target target = new Target(portal);
        WithdrawalTransaction memory w =
            _withdraw(ALICE, address(target), 5 ether, 300_000, hex"01");
        Published memory p = _publish();
        _prove(w, p);
        _finalizeClaim(p);
        gas_ = bounded(gas_, 30_000, 1_000_000);
        try portal.finalizeWithdrawalTransaction{gas: gas_}(w) {
            vm.assertGe(target.gasSeen(), 299_000, "the promised gas");
        } catch {
            vm.assertFalse(portal.finalizedWithdrawals(Hashing.withdrawal(w)));
            vm.assertEq(mega.balanceOf(address(target)), 0);
            portal.finalizeWithdrawalTransaction(w);
        }
        vm.assertEq(mega.balanceOf(address(target)), 5 ether);
    }

    function test_failingCallIsPaidAndOver() public {
        Target target = new Target(portal);
        target.fail(true);
        WithdrawalTransaction memory w =
            _withdraw(ALICE, address(target), 5 ether, 300_000, hex"01");
        Published memory p = _publish();
        _prove(w, p);
        _finalizeClaim(p);
        vm.expectEmit();
        emit IPortal.WithdrawalFinalized(Hashing.withdrawal(w), false);
        portal.finalizeWithdrawalTransaction(w);
        vm.assertEq(mega.balanceOf(address(target)), 5 ether);
    }

    function test_targetCannotComeBackIn() public {
        Thief thief = new Thief(portal);
        WithdrawalTransaction memory first =
            _withdraw(ALICE, address(thief), 5 ether, 500_000, hex"01");
        WithdrawalTransaction memory second = _withdraw(ALICE, address(thief), 7 ether, 0, "");
        Published memory p = _publish();
        bytes[] memory proof = _storageProof(Hashing.withdrawal(second));
        vm.prank(ALICE);
        portal.proveWithdrawalTransaction(second, p.claim, p.output, proof);
        _prove(first, p);
        _finalizeClaim(p);
        thief.aim(second);
        portal.finalizeWithdrawalTransaction(first);
        vm.assertTrue(thief.wasCalled());
        vm.assertFalse(thief.gotIn());
        vm.assertEq(mega.balanceOf(address(thief)), 5 ether);
        portal.finalizeWithdrawalTransactionExternalProof(second, ALICE);
        vm.assertEq(mega.balanceOf(address(thief)), 12 ether);
    }

    function test_callsNothingThatTrustsIt() public {
        address[5] memory targets = [
            address(portal), address(queue), address(mega), address(claims), address(config)
        ];
        for (uint256 i = 0; i < targets.length; ++i) {
            WithdrawalTransaction memory w = _withdraw(
                ALICE,
                targets[i],
                0,
                200_000,
                abi.encodeCall(mega.transfer, (ALICE, 1_000_000 ether))
            );
            Published memory p = _publish();
            bytes[] memory proof = _storageProof(Hashing.withdrawal(w));
            vm.expectRevert(abi.encodeWithSelector(IPortal.BadTarget.selector, targets[i]));
            portal.proveWithdrawalTransaction(w, p.claim, p.output, proof);
        }
    }

    // ------------------------------------------------------------------ limits

    function test_rateLimitRefills() public {
        WithdrawalTransaction memory a = _withdraw(ALICE, BOB, 900_000 ether, 0, "");
        vm.prank(TREASURY);
        mega.approve(address(portal), type(uint256).max);
        vm.prank(TREASURY);
        portal.fundEscrow(5_000_000 ether);
        WithdrawalTransaction memory b = _withdraw(ALICE, BOB, 600_000 ether, 0, "");
        WithdrawalTransaction memory c = _withdraw(ALICE, BOB, 1_000_001 ether, 0, "");
        Published memory p = _publish();
        _prove(a, p);
        _prove(b, p);
        _prove(c, p);
        _finalizeClaim(p);
        portal.finalizeWithdrawalTransaction(a);
        vm.expectRevert(
            abi.encodeWithSelector(IPortal.RateLimited.selector, 600_000 ether, 100_000 ether)
        );
        portal.finalizeWithdrawalTransaction(b);
        vm.warp(block.timestamp + 12 hours);
        portal.finalizeWithdrawalTransaction(b);
        // More than all of it waits for the owner.
        vm.warp(block.timestamp + 30 days);
        vm.expectPartialRevert(IPortal.RateLimited.selector);
        portal.finalizeWithdrawalTransaction(c);
        _asOwner();
        portal.setRateLimit(2_000_000 ether, 1 days);
        portal.finalizeWithdrawalTransaction(c);
    }

    function test_depositIsTakenIntoEscrow() public {
        uint256 before = portal.escrowed();
        vm.prank(ALICE, ALICE);
        vm.expectRevert(); // more than she has
        portal.depositTransaction{value: 1 ether}(BOB, 1 ether, 0, 100_000, false, "");
        vm.prank(BOB, BOB);
        portal.depositTransaction{value: 1 ether}(BOB, 10 ether, 0, 100_000, false, "");
        vm.assertEq(portal.escrowed(), before + 10 ether);
        vm.assertEq(mega.balanceOf(address(portal)), before + 10 ether);
    }

    function test_mintStaysWhenTheCallReverts() public {
        address revert_ = address(0xDEAD1);
        vm.etch(revert_, hex"5f5ffd");
        vm.recordLogs();
        vm.prank(BOB, BOB);
        portal.depositTransaction{value: 1 ether}(revert_, 10 ether, 10 ether, 100_000, false, "");
        uint256 before = BOB.balance;
        vm.assertFalse(_runDeposits(vm.getRecordedLogs()));
        vm.assertEq(BOB.balance, before + 10 ether);
    }
}
