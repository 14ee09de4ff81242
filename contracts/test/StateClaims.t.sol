// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BatchHeader, BatchKind, WithdrawalTransaction} from "../src/common/Types.sol";
import {IProofVerifier} from "../src/interfaces/IProofVerifier.sol";
import {IStateClaims} from "../src/interfaces/IStateClaims.sol";
import {ISystemConfig} from "../src/interfaces/ISystemConfig.sol";
import {Configured} from "../src/l1/Configured.sol";
import {Trie} from "./support/Trie.sol";
import {World} from "./support/World.sol";
import {vm, bounded} from "./support/Vm.sol";

/// Accepts the signature of one key over the statement: verifies, in the smallest way.
contract OneKeyVerifier is IProofVerifier {
    address private immutable _signer;

    constructor(address signer) {
        _signer = signer;
    }

    function judge(Statement calldata s, bytes calldata proof) external view returns (Verdict) {
        if (proof.length != 97) return Verdict.Undecided;
        bytes32 digest = keccak256(abi.encode(s, proof[0]));
        address signer = ecrecover(
            digest, uint8(proof[1]), bytes32(proof[33:65]), bytes32(proof[65:97])
        );
        if (signer == address(0) || signer != _signer) return Verdict.Undecided;
        return proof[0] == 0x01 ? Verdict.Valid : Verdict.Invalid;
    }
}

/// Ends the claim from inside the question about it.
contract ReentrantVerifier is IProofVerifier {
    IStateClaims private immutable _claims;
    bool private _inside;

    constructor(IStateClaims claims) {
        _claims = claims;
    }

    function judge(Statement calldata s, bytes calldata) external returns (Verdict) {
        if (_inside) return Verdict.Valid;
        _inside = true;
        _claims.prove(uint64(s.claim), "reentrant", "");
        return Verdict.Valid;
    }
}

contract StateClaimsTest is World {
    uint256 private constant KEY = 0x5EC;

    function setUp() public {
        _world();
        vm.deal(BOB, 100 ether);
    }

    function _challenge(uint64 claim) internal {
        vm.prank(BOB);
        claims.challenge{value: 0.25 ether}(claim);
    }

    function _status(uint64 claim) internal view returns (IStateClaims.Status) {
        return claims.getClaim(claim).status;
    }

    function _assertStatus(uint64 claim, IStateClaims.Status status) internal view {
        vm.assertEq(uint256(_status(claim)), uint256(status));
    }

    function test_becomesFinalAfterTheWindow() public {
        Published memory p = _publish();
        vm.assertEq(claims.outputRoot(p.claim), keccak256(abi.encode(p.output)));
        uint64 end = uint64(block.timestamp + 7 days);
        vm.warp(end - 1);
        vm.expectRevert(abi.encodeWithSelector(IStateClaims.WindowOpen.selector, end));
        claims.finalize(p.claim);
        vm.warp(end);
        claims.finalize(p.claim);
        vm.assertTrue(claims.isFinal(p.claim));
        vm.assertEq(claims.credit(ALICE), 0.5 ether);
        vm.expectPartialRevert(IStateClaims.WrongStatus.selector);
        claims.finalize(p.claim);
    }

    function test_changedWindowLeavesClaimsAlone() public {
        Published memory p = _publish();
        _asOwner();
        config.setWindows(ISystemConfig.Windows(12 hours, 1, 0));
        vm.expectPartialRevert(IStateClaims.WindowOpen.selector);
        claims.finalize(p.claim);
    }

    function test_refusesWrongBonds() public {
        Published memory p = _publish();
        vm.startPrank(BOB);
        vm.expectRevert(
            abi.encodeWithSelector(IStateClaims.WrongBond.selector, 0.5 ether - 1, 0.5 ether)
        );
        claims.propose{value: 0.5 ether - 1}(0, p.batch, p.header, p.passerProof);
        vm.expectRevert(
            abi.encodeWithSelector(IStateClaims.WrongBond.selector, 0.5 ether, 0.25 ether)
        );
        claims.challenge{value: 0.5 ether}(p.claim);
        vm.stopPrank();
    }

    // ------------------------------------------------------------------ what a claim may say

    function testFuzz_everyFieldOfTheBatchCounts(uint256 field, uint256 delta) public {
        Published memory p = _publish();
        _publish();
        BatchHeader memory h = p.batch.header;
        field = bounded(field, 0, 12);
        delta = bounded(delta, 1, 1 << 30);
        if (field == 0) h.parent ^= bytes32(delta);
        if (field == 1) h.index += uint64(delta);
        if (field == 2) h.firstBlock += uint64(delta);
        if (field == 3) h.lastBlock += uint64(delta);
        if (field == 4) h.depositCursor += uint64(delta);
        if (field == 5) h.originNumber += uint64(delta);
        if (field == 6) h.originHash ^= bytes32(delta);
        if (field == 7) h.lastTimestamp += uint64(delta);
        if (field == 8) h.lastBlockHash ^= bytes32(delta);
        if (field == 9) h.miniBlockDigest ^= bytes32(delta);
        if (field == 10) h.sequencer = address(uint160(delta));
        if (field == 11) p.batch.kind = BatchKind.Forced;
        if (field == 12) p.batch.dataHashes[0] ^= bytes32(delta);
        vm.prank(BOB);
        vm.expectRevert(abi.encodeWithSelector(IStateClaims.UnknownBatch.selector, h.index));
        claims.propose{value: 0.5 ether}(0, p.batch, p.header, p.passerProof);
    }

    function testFuzz_everyByteOfTheHeaderCounts(uint256 at_, uint8 flip) public {
        Published memory p = _publish();
        at_ = bounded(at_, 0, p.header.length - 1);
        p.header[at_] = bytes1(uint8(p.header[at_]) ^ uint8(bounded(flip, 1, 255)));
        vm.prank(BOB);
        vm.expectRevert();
        claims.propose{value: 0.5 ether}(0, p.batch, p.header, p.passerProof);
    }

    function testFuzz_everyByteOfTheAccountProofCounts(uint256 node, uint256 at_, uint8 flip)
        public
    {
        Published memory p = _publish();
        bytes memory damaged = p.passerProof[bounded(node, 0, p.passerProof.length - 1)];
        at_ = bounded(at_, 0, damaged.length - 1);
        damaged[at_] = bytes1(uint8(damaged[at_]) ^ uint8(bounded(flip, 1, 255)));
        vm.prank(BOB);
        vm.expectRevert();
        claims.propose{value: 0.5 ether}(0, p.batch, p.header, p.passerProof);
    }

    /// Another account's storage is not the message passer's.
    function test_refusesAnotherAccountsProof() public {
        Published memory p = _publish();
        Trie.Leaf[] memory state = _stateLeaves(p.output.messagePasserStorageRoot);
        bytes[] memory proof = Trie.prove(state, state[1].key);
        vm.prank(BOB);
        vm.expectRevert();
        claims.propose{value: 0.5 ether}(0, p.batch, p.header, proof);
    }

    function test_refusesAHeaderThatIsNotTheBatches() public {
        Published memory p = _publish();
        bytes32 right = keccak256(p.header);
        bytes memory other = _header(
            p.batch.header.lastBlock, p.batch.header.lastTimestamp, keccak256("other state")
        );
        vm.prank(BOB);
        vm.expectRevert(
            abi.encodeWithSelector(IStateClaims.WrongHeader.selector, keccak256(other), right)
        );
        claims.propose{value: 0.5 ether}(0, p.batch, other, p.passerProof);
    }

    function test_parentIsEarlierAndNotRejected() public {
        Published memory a = _publish();
        parentClaim = a.claim;
        Published memory b = _publish();
        vm.startPrank(BOB);
        vm.expectRevert(abi.encodeWithSelector(IStateClaims.NoSuchClaim.selector, 9));
        claims.propose{value: 0.5 ether}(9, b.batch, b.header, b.passerProof);
        vm.expectRevert(abi.encodeWithSelector(IStateClaims.ParentNotBefore.selector, b.claim));
        claims.propose{value: 0.5 ether}(b.claim, a.batch, a.header, a.passerProof);
        vm.expectRevert(abi.encodeWithSelector(IStateClaims.ParentNotBefore.selector, b.claim));
        claims.propose{value: 0.5 ether}(b.claim, b.batch, b.header, b.passerProof);
        vm.stopPrank();
        _skip(7 days);
        vm.expectRevert(abi.encodeWithSelector(IStateClaims.ParentNotFinal.selector, a.claim));
        claims.finalize(b.claim);
        claims.finalize(a.claim);
        claims.finalize(b.claim);
    }

    // ------------------------------------------------------------------ challenges

    function test_challengerWins() public {
        Published memory p = _publish();
        _challenge(p.claim);
        _skip(8 days);
        vm.expectPartialRevert(IStateClaims.WrongStatus.selector);
        claims.finalize(p.claim);
        vm.expectRevert(abi.encodeWithSelector(Configured.NotOwner.selector, address(this)));
        claims.resolve(p.claim, false);
        _asOwner();
        claims.resolve(p.claim, false);
        _assertStatus(p.claim, IStateClaims.Status.Rejected);
        vm.assertEq(claims.credit(BOB), 0.75 ether);
        vm.assertEq(claims.credit(ALICE), 0);
        uint256 before = FEES.balance;
        vm.prank(BOB);
        claims.withdrawBonds(FEES);
        vm.assertEq(FEES.balance - before, 0.75 ether);
        vm.prank(BOB);
        vm.expectRevert(IStateClaims.NothingToWithdraw.selector);
        claims.withdrawBonds(FEES);
    }

    function test_proposerWins() public {
        Published memory p = _publish();
        _challenge(p.claim);
        vm.prank(ALICE);
        vm.expectPartialRevert(IStateClaims.WrongStatus.selector);
        claims.challenge{value: 0.25 ether}(p.claim);
        _asOwner();
        claims.resolve(p.claim, true);
        vm.assertTrue(claims.isFinal(p.claim));
        vm.assertEq(claims.credit(ALICE), 0.75 ether);
    }

    function test_councilDecidesOnlyWhatIsChallenged() public {
        Published memory p = _publish();
        _asOwner();
        vm.expectPartialRevert(IStateClaims.WrongStatus.selector);
        claims.resolve(p.claim, false);
    }

    function test_noChallengeAfterTheWindow() public {
        Published memory p = _publish();
        vm.warp(block.timestamp + 7 days);
        vm.prank(BOB);
        vm.expectPartialRevert(IStateClaims.WindowClosed.selector);
        claims.challenge{value: 0.25 ether}(p.claim);
    }

    function test_descendantsOfARejectedClaimEnd() public {
        Published memory a = _publish();
        parentClaim = a.claim;
        Published memory b = _publish();
        parentClaim = b.claim;
        Published memory c = _publish();
        _challenge(a.claim);
        _challenge(c.claim);
        vm.expectRevert(
            abi.encodeWithSelector(IStateClaims.ParentNotRejected.selector, a.claim)
        );
        claims.rejectOrphan(b.claim);
        _asOwner();
        claims.resolve(a.claim, false);
        _skip(7 days);
        vm.expectRevert(abi.encodeWithSelector(IStateClaims.ParentNotFinal.selector, a.claim));
        claims.finalize(b.claim);
        claims.rejectOrphan(b.claim);
        claims.rejectOrphan(c.claim);
        vm.assertEq(claims.credit(ALICE), 1 ether); // two bonds back
        vm.assertEq(claims.credit(BOB), 1 ether); // 0.75 won, 0.25 back
        vm.expectPartialRevert(IStateClaims.WrongStatus.selector);
        claims.rejectOrphan(b.claim);
        vm.prank(BOB);
        vm.expectRevert(abi.encodeWithSelector(IStateClaims.ParentRejected.selector, a.claim));
        claims.propose{value: 0.5 ether}(a.claim, b.batch, b.header, b.passerProof);
    }

    // ------------------------------------------------------------------ verifiers

    function _install() internal {
        OneKeyVerifier v = new OneKeyVerifier(vm.addr(KEY));
        _asOwner();
        claims.setVerifier("one-key", address(v));
    }

    function _statement(uint64 claim) internal view returns (IProofVerifier.Statement memory s) {
        IStateClaims.Claim memory c = claims.getClaim(claim);
        IStateClaims.Claim memory parent = claims.getClaim(c.parent);
        s.l2ChainId = L2_CHAIN_ID;
        s.claim = claim;
        s.parentOutputRoot = parent.outputRoot;
        s.outputRoot = c.outputRoot;
        s.parentBatchHash = c.parent == 0 ? bytes32(0) : inbox.batchHash(parent.batchIndex);
        s.batchHash = inbox.batchHash(c.batchIndex);
        s.parentBlock = parent.lastBlock;
        s.lastBlock = c.lastBlock;
    }

    function _sign(uint64 claim, bytes1 verdict) internal view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(KEY, keccak256(abi.encode(_statement(claim), verdict)));
        return abi.encodePacked(verdict, v, new bytes(31), r, s);
    }

    function test_proofFinalisesAtOnce() public {
        _install();
        Published memory a = _publish();
        parentClaim = a.claim;
        Published memory b = _publish();
        bytes memory proof = _sign(b.claim, 0x01);
        vm.expectRevert(abi.encodeWithSelector(IStateClaims.ParentNotFinal.selector, a.claim));
        claims.prove(b.claim, "one-key", proof);
        claims.prove(a.claim, "one-key", _sign(a.claim, 0x01));
        claims.prove(b.claim, "one-key", proof);
        vm.assertTrue(claims.isFinal(b.claim));
        vm.assertEq(claims.credit(ALICE), 1 ether);
    }

    function test_proofDecidesAChallenge() public {
        _install();
        Published memory p = _publish();
        _challenge(p.claim);
        claims.prove(p.claim, "one-key", _sign(p.claim, 0x01));
        vm.assertTrue(claims.isFinal(p.claim));
        vm.assertEq(claims.credit(ALICE), 0.75 ether);
        Published memory q = _publish();
        _challenge(q.claim);
        claims.prove(q.claim, "one-key", _sign(q.claim, 0x02));
        _assertStatus(q.claim, IStateClaims.Status.Rejected);
        vm.assertEq(claims.credit(BOB), 0.75 ether);
    }

    function test_whoeverRefutesWithoutAChallengeWins() public {
        _install();
        Published memory p = _publish();
        bytes memory proof = _sign(p.claim, 0x02);
        vm.prank(BOB);
        claims.prove(p.claim, "one-key", proof);
        vm.assertEq(claims.credit(BOB), 0.5 ether);
    }

    function test_refusesProofsThatShowNothing() public {
        _install();
        Published memory a = _publish();
        Published memory b = _publish();
        bytes memory ofAnother = _sign(a.claim, 0x01);
        vm.expectRevert(
            abi.encodeWithSelector(IStateClaims.Undecided.selector, bytes32("one-key"))
        );
        claims.prove(b.claim, "one-key", ofAnother);
        vm.expectRevert(
            abi.encodeWithSelector(IStateClaims.Undecided.selector, bytes32("one-key"))
        );
        claims.prove(b.claim, "one-key", "");
        vm.expectRevert(
            abi.encodeWithSelector(IStateClaims.NoVerifier.selector, bytes32("unknown"))
        );
        claims.prove(b.claim, "unknown", "");
        vm.expectRevert(abi.encodeWithSelector(Configured.NotOwner.selector, address(this)));
        claims.setVerifier("one-key", address(1));
        _asOwner();
        claims.setVerifier("one-key", address(0));
        vm.expectPartialRevert(IStateClaims.NoVerifier.selector);
        claims.prove(a.claim, "one-key", ofAnother);
    }

    function test_noProofFinalisesWhilePaused() public {
        _install();
        Published memory p = _publish();
        bytes memory proof = _sign(p.claim, 0x01);
        vm.prank(GUARDIAN);
        config.pause(1 days);
        vm.expectRevert(IStateClaims.FinalisingPaused.selector);
        claims.prove(p.claim, "one-key", proof);
        _challenge(p.claim);
        _asOwner();
        vm.expectRevert(IStateClaims.FinalisingPaused.selector);
        claims.resolve(p.claim, true);
        _asOwner();
        claims.resolve(p.claim, false); // rejecting is no finalising
    }

    function test_verifierCannotEndAClaimTwice() public {
        ReentrantVerifier v = new ReentrantVerifier(claims);
        _asOwner();
        claims.setVerifier("reentrant", address(v));
        Published memory p = _publish();
        vm.expectPartialRevert(IStateClaims.WrongStatus.selector);
        claims.prove(p.claim, "reentrant", "");
    }

    // ------------------------------------------------------------------ forced batches

    /// The way out with no sequencer: a forced batch, a claim of anybody on it, a withdrawal.
    function test_anyoneClaimsAForcedBatch() public {
        vm.prank(BOB);
        portal.fundEscrow(5 ether);
        vm.prank(ALICE, ALICE);
        portal.depositTransaction{value: 1 ether}(BOB, 0, 0, 100_000, false, "");
        _skip(12 hours);
        Published memory p;
        p.batch.header = _nextBatch();
        p.batch.header.lastBlockHash = 0;
        p.batch.header.miniBlockDigest = 0;
        p.batch.header.sequencer = address(0);
        p.batch.kind = BatchKind.Forced;
        inbox.submitForced();
        WithdrawalTransaction memory w = _withdraw(ALICE, BOB, 5 ether, 0, "");
        (p.header, p.output, p.passerProof) =
            _block(p.batch.header.lastBlock, p.batch.header.lastTimestamp);
        // A header that does not fit the batch is refused.
        bytes memory other =
            _header(2, p.batch.header.lastTimestamp, p.output.stateRoot);
        vm.startPrank(BOB);
        vm.expectRevert(IStateClaims.HeaderContradictsBatch.selector);
        claims.propose{value: 0.5 ether}(0, p.batch, other, p.passerProof);
        other = _header(1, p.batch.header.lastTimestamp + 1, p.output.stateRoot);
        vm.expectRevert(IStateClaims.HeaderContradictsBatch.selector);
        claims.propose{value: 0.5 ether}(0, p.batch, other, p.passerProof);
        vm.stopPrank();

        p.claim = _propose(p, 0);
        vm.assertEq(claims.outputRoot(p.claim), keccak256(abi.encode(p.output)));
        _prove(w, p);
        _finalizeClaim(p);
        portal.finalizeWithdrawalTransaction(w);
        vm.assertEq(mega.balanceOf(BOB), 1_000_000 ether);
    }

    function test_genesisIsSetOnce() public {
        vm.assertTrue(claims.isFinal(0));
        _asOwner();
        vm.expectRevert(IStateClaims.GenesisAlreadySet.selector);
        claims.setGenesis(bytes32(uint256(1)));
    }
}
