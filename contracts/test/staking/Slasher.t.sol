// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Hashing} from "../../src/common/Hashing.sol";
import {Batch, Deposit, OutputRootProof} from "../../src/common/Types.sol";
import {Members} from "../../src/staking/Committee.sol";
import {Slasher} from "../../src/staking/Slasher.sol";
import {Staking} from "../../src/staking/Staking.sol";
import {Attestation} from "../../src/staking/lib/Attestations.sol";
import {ChainKeys} from "../../src/staking/lib/ChainKeys.sol";
import {MiniBlockHeader, MiniBlocks} from "../../src/staking/lib/MiniBlocks.sol";
import {PenaltyMath} from "../../src/staking/lib/PenaltyMath.sol";
import {vm} from "../support/Vm.sol";
import {StakingWorld} from "./StakingWorld.sol";

contract SlasherTest is StakingWorld {
    address private constant ALICE = address(0xA11CE);
    bytes32[] private hashes;
    Batch private dated;

    function setUp() external {
        _deploy(100_000_000 ether);
        _registerMany(6);
        _pass(24);
        _openEpoch();
    }

    // ---------------------------------------------------------------- two mini-blocks

    function test_two_mini_blocks_of_one_number_cost_the_seat() external {
        (Slasher.SignedMiniBlock memory a, Slasher.SignedMiniBlock memory b) = _twins(1);
        Batch memory batch = _post(10, keccak256("b"), hashes);
        vm.prank(REPORTER);
        slasher.twoMiniBlocks(1, a, b, batch);
        vm.assertEq(staking.stakeOf(1, _operator(1)), SELF * 9 / 10);
        vm.assertEq(token.balanceOf(REPORTER), SELF / 10 / 20);
        vm.assertTrue(staking.isBarred(1));
        vm.assertEq(uint256(staking.stakeAt(1, staking.currentEpoch() + 1)), 0);
    }

    function test_two_mini_blocks_of_one_place_cost_the_seat() external {
        Slasher.SignedMiniBlock memory a = _signMiniBlock(1, _miniBlock(7, 3, keccak256("a")));
        Slasher.SignedMiniBlock memory b = _signMiniBlock(1, _miniBlock(7, 4, keccak256("b")));
        slasher.twoMiniBlocks(1, a, b, _post(10, keccak256("b"), hashes));
        vm.assertTrue(slasher.isOut(1));
    }

    function test_one_offence_is_punished_once() external {
        (Slasher.SignedMiniBlock memory a, Slasher.SignedMiniBlock memory b) = _twins(1);
        Batch memory batch = _post(10, keccak256("b"), hashes);
        slasher.twoMiniBlocks(1, a, b, batch);
        vm.expectRevert(Slasher.AlreadyPunished.selector);
        slasher.twoMiniBlocks(1, a, b, batch);
        vm.expectRevert(Slasher.AlreadyPunished.selector);
        slasher.twoMiniBlocks(1, b, a, batch);
        // Nor by a third of the same height.
        Slasher.SignedMiniBlock memory c = _signMiniBlock(1, _miniBlock(7, 3, keccak256("c")));
        vm.expectRevert(abi.encodeWithSelector(Slasher.AlreadyOut.selector, 1));
        slasher.twoMiniBlocks(1, a, c, batch);
        vm.assertEq(staking.stakeOf(1, _operator(1)), SELF * 9 / 10);
    }

    function test_no_contradiction_no_slash() external {
        Slasher.SignedMiniBlock memory a = _signMiniBlock(1, _miniBlock(7, 3, keccak256("a")));
        Slasher.SignedMiniBlock memory next = _signMiniBlock(1, _miniBlock(8, 4, keccak256("b")));
        Batch memory batch = _post(10, keccak256("b"), hashes);
        vm.expectRevert(Slasher.NoContradiction.selector);
        slasher.twoMiniBlocks(1, a, a, batch);
        vm.expectRevert(Slasher.NoContradiction.selector);
        slasher.twoMiniBlocks(1, a, next, batch);
        // Another's signature is not mine.
        Slasher.SignedMiniBlock memory other = _signMiniBlock(2, _miniBlock(7, 3, keccak256("c")));
        vm.expectRevert(abi.encodeWithSelector(Slasher.NotTheSigner.selector, staking.signerOf(2)));
        slasher.twoMiniBlocks(1, a, other, batch);
    }

    function test_the_malleable_twin_of_a_signature_is_no_evidence() external {
        (Slasher.SignedMiniBlock memory a, Slasher.SignedMiniBlock memory b) = _twins(1);
        Batch memory batch = _post(10, keccak256("b"), hashes);
        bytes memory signature = b.signature;
        bytes32 s;
        assembly {
            s := mload(add(signature, 64))
        }
        bytes32 flipped = bytes32(ChainKeys.N - uint256(s));
        assembly {
            mstore(add(signature, 64), flipped)
        }
        signature[64] = bytes1(uint8(signature[64]) ^ 7); // 27 <-> 28
        vm.expectRevert();
        slasher.twoMiniBlocks(1, a, b, batch);
    }

    function test_what_was_signed_on_another_chain_is_no_evidence() external {
        // The same base key on another L2: its chain key is another, so no signature there is one here.
        (uint256 x, uint8 parity) = _base(_baseSecret(1));
        uint256 elsewhere = addmod(
            _baseSecret(1), ChainKeys.tweakOf(x, parity, L2_CHAIN_ID + 1, address(staking)), ChainKeys.N
        );
        MiniBlockHeader memory ha = _miniBlock(7, 3, keccak256("a"));
        MiniBlockHeader memory hb = _miniBlock(7, 3, keccak256("b"));
        Slasher.SignedMiniBlock memory a = Slasher.SignedMiniBlock(ha, _sign(elsewhere, MiniBlocks.signingHash(ha)));
        Slasher.SignedMiniBlock memory b = Slasher.SignedMiniBlock(hb, _sign(elsewhere, MiniBlocks.signingHash(hb)));
        Batch memory batch = _post(10, keccak256("b"), hashes);
        vm.expectRevert(abi.encodeWithSelector(Slasher.NotTheSigner.selector, vm.addr(elsewhere)));
        slasher.twoMiniBlocks(1, a, b, batch);
    }

    function test_a_fork_with_another_chain_id_slashes_nobody() external {
        (Slasher.SignedMiniBlock memory a, Slasher.SignedMiniBlock memory b) = _twins(1);
        Batch memory batch = _post(10, keccak256("b"), hashes);
        vm.chainId(61);
        vm.expectRevert(abi.encodeWithSelector(Slasher.WrongChain.selector, 61));
        slasher.twoMiniBlocks(1, a, b, batch);
    }

    function test_evidence_needs_the_batch_that_dates_it() external {
        (Slasher.SignedMiniBlock memory a, Slasher.SignedMiniBlock memory b) = _twins(1);
        Batch memory batch = _post(6, keccak256("b"), hashes);
        vm.expectRevert(Slasher.NotItsBatch.selector);
        slasher.twoMiniBlocks(1, a, b, batch);
        batch.header.lastBlock = 10;
        vm.expectRevert(Slasher.UnknownBatch.selector);
        slasher.twoMiniBlocks(1, a, b, batch);
    }

    function test_evidence_expires_with_the_stake() external {
        (Slasher.SignedMiniBlock memory a, Slasher.SignedMiniBlock memory b) = _twins(1);
        Batch memory batch = _post(10, keccak256("b"), hashes);
        uint48 epoch = staking.currentEpoch();
        _toEpoch(epoch + UNBONDING + 1);
        vm.expectRevert(abi.encodeWithSelector(Slasher.TooOld.selector, epoch));
        slasher.twoMiniBlocks(1, a, b, batch);
    }

    // ---------------------------------------------------------------- forced batches

    function test_what_a_forced_batch_voided_is_no_contradiction() external {
        Slasher.SignedMiniBlock memory early = _signMiniBlock(1, _miniBlock(7, 3, keccak256("a")));
        Slasher.SignedMiniBlock memory earlyTwin = _signMiniBlock(1, _miniBlock(7, 3, keccak256("a'")));
        _post(5, keccak256("b"), hashes);
        _pass(30);
        _force();
        _pass(12);
        // The chain goes on behind the forced block; block 7 comes anew.
        Slasher.SignedMiniBlock memory late = _signMiniBlock(1, _miniBlock(7, 3, keccak256("z")));
        Batch memory batch = _postAs(schedule.leader(), 10, keccak256("c"), hashes);
        vm.expectRevert(Slasher.VoidedByForcedBatch.selector);
        slasher.twoMiniBlocks(1, early, late, batch);
        vm.expectRevert(Slasher.VoidedByForcedBatch.selector);
        slasher.twoMiniBlocks(1, late, early, batch);
        // Both from before it: that is one.
        slasher.twoMiniBlocks(1, early, earlyTwin, batch);
    }

    /// An entry of the queue gets overdue and anyone makes a batch of it.
    function _force() private {
        queue.setSender(address(this), true);
        _queueOne();
        uint256 number = block.number;
        uint256 time = block.timestamp;
        vm.warp(time + 12 hours + 1);
        vm.roll(number + 3601);
        vm.setBlockhash(block.number - 1, keccak256("l1"));
        inbox.submitForced();
    }

    function _queueOne() private {
        Deposit memory deposit;
        deposit.to = ALICE;
        deposit.gasLimit = 21_000;
        uint256 fee = queue.fee(21_000);
        vm.deal(address(this), fee);
        queue.append{value: fee}(address(this), deposit);
    }

    // ---------------------------------------------------------------- mini-block against batch

    function test_a_mini_block_left_out_of_its_signers_batch() external {
        address leader = schedule.leader();
        uint32 id = staking.idOfOperator(leader);
        Slasher.SignedMiniBlock memory promised = _signMiniBlock(id, _miniBlock(7, 3, keccak256("a")));
        hashes.push(keccak256("another mini-block"));
        Batch memory batch = _postAs(leader, 10, keccak256("b"), hashes);
        bytes32[] memory wrong = new bytes32[](1);
        vm.expectRevert(Slasher.WrongDigest.selector);
        slasher.miniBlockAgainstBatch(id, promised, batch, wrong);
        slasher.miniBlockAgainstBatch(id, promised, batch, hashes);
        vm.assertTrue(slasher.isOut(id));
    }

    function test_a_mini_block_in_its_batch_is_kept_word() external {
        address leader = schedule.leader();
        uint32 id = staking.idOfOperator(leader);
        Slasher.SignedMiniBlock memory promised = _signMiniBlock(id, _miniBlock(7, 3, keccak256("a")));
        hashes.push(MiniBlocks.signingHash(promised.header));
        Batch memory batch = _postAs(leader, 10, keccak256("b"), hashes);
        vm.expectRevert(Slasher.NoContradiction.selector);
        slasher.miniBlockAgainstBatch(id, promised, batch, hashes);
        Slasher.SignedMiniBlock memory later = _signMiniBlock(id, _miniBlock(11, 4, keccak256("a")));
        vm.expectRevert(Slasher.NotItsBatch.selector);
        slasher.miniBlockAgainstBatch(id, later, batch, hashes);
    }

    function test_another_sequencers_batch_contradicts_nobody() external {
        address leader = schedule.leader();
        uint32 id = staking.idOfOperator(leader) == 1 ? 2 : 1;
        Slasher.SignedMiniBlock memory promised = _signMiniBlock(id, _miniBlock(7, 3, keccak256("a")));
        hashes.push(keccak256("x"));
        Batch memory batch = _postAs(leader, 10, keccak256("b"), hashes);
        vm.expectRevert(Slasher.NotItsBatch.selector);
        slasher.miniBlockAgainstBatch(id, promised, batch, hashes);
    }

    // ---------------------------------------------------------------- attestations

    function test_two_attestations_of_one_height() external {
        Attestation memory a = Attestation(7, keccak256("a"), keccak256("s"));
        Attestation memory b = Attestation(7, keccak256("b"), keccak256("s"));
        Batch memory batch = _post(10, keccak256("b"), hashes);
        bytes memory sa = _signAttestation(2, a);
        bytes memory sb = _signAttestation(2, b);
        bytes memory foreign = _signAttestation(3, b);
        vm.expectRevert(Slasher.BadSignature.selector);
        slasher.twoAttestations(2, a, sa, b, foreign, batch);
        vm.expectRevert(Slasher.NoContradiction.selector);
        slasher.twoAttestations(2, a, sa, a, sa, batch);
        slasher.twoAttestations(2, a, sa, b, sb, batch);
        vm.assertTrue(slasher.isOut(2));
        vm.expectRevert(Slasher.AlreadyPunished.selector);
        slasher.twoAttestations(2, b, sb, a, sa, batch);
    }

    function test_an_attested_state_that_is_not_the_blocks() external {
        bytes memory header = _header(0, keccak256("state"), 7, block.timestamp, 0);
        Batch memory batch = _post(10, keccak256("b"), hashes);
        Attestation memory honest = Attestation(7, keccak256(header), keccak256("state"));
        Attestation memory lie = Attestation(7, keccak256(header), keccak256("another state"));
        bytes memory sh = _signAttestation(2, honest);
        bytes memory sl = _signAttestation(2, lie);
        vm.expectRevert(Slasher.NoContradiction.selector);
        slasher.attestationAgainstHeader(2, honest, sh, header, batch);
        slasher.attestationAgainstHeader(2, lie, sl, header, batch);
        vm.assertTrue(slasher.isOut(2));
    }

    function test_an_attested_claim_that_was_disproved() external {
        (Batch memory batch, OutputRootProof memory output, uint64 claim) = _proposeClaim();
        Attestation memory a = Attestation(10, output.latestBlockhash, output.stateRoot);
        bytes memory signature = _signAttestation(2, a);
        vm.expectRevert(abi.encodeWithSelector(Slasher.ClaimNotDisproved.selector, claim));
        slasher.attestationAgainstClaim(2, a, signature, claim, output, batch);
        vm.deal(address(this), 1 ether);
        claims.challenge{value: 0.25 ether}(claim);
        claims.resolve(claim, false);
        Attestation memory honest = Attestation(10, keccak256("the right block"), output.stateRoot);
        bytes memory hers = _signAttestation(3, honest);
        vm.expectRevert(Slasher.NoContradiction.selector);
        slasher.attestationAgainstClaim(3, honest, hers, claim, output, batch);
        slasher.attestationAgainstClaim(2, a, signature, claim, output, batch);
        vm.assertTrue(slasher.isOut(2));
    }

    // ---------------------------------------------------------------- correlation

    function test_alone_it_is_a_mistake_together_it_is_an_attack() external {
        vm.assertEq(PenaltyMath.contradictionPpm(0, 100), 100_000);
        vm.assertEq(PenaltyMath.contradictionPpm(10, 100), 400_000);
        vm.assertEq(PenaltyMath.contradictionPpm(30, 100), 1e6);
        Batch memory batch = _post(10, keccak256("b"), hashes);
        _contradict(1, batch);
        _contradict(2, batch);
        vm.expectRevert(Slasher.NotSettleable.selector);
        slasher.settle(0);
        _toEpoch(staking.currentEpoch() + 26);
        slasher.settle(0);
        slasher.settle(1);
        // Two of six: 10 % + 3 / 3 and more takes all.
        vm.assertEq(staking.stakeOf(1, _operator(1)), 0);
        vm.assertEq(staking.stakeOf(2, _operator(2)), 0);
        vm.expectRevert(Slasher.NotSettleable.selector);
        slasher.settle(0);
    }

    function test_one_of_six_loses_60_percent_and_its_stake_is_held_until_then() external {
        Batch memory batch = _post(10, keccak256("b"), hashes);
        uint48 start = staking.currentEpoch();
        vm.prank(_operator(1));
        staking.undelegate(1, uint128(SELF));
        _contradict(1, batch);
        (,, uint48 exitEpoch,) = staking.requests(0);
        _toEpoch(exitEpoch + UNBONDING);
        vm.prank(_operator(1));
        vm.expectRevert(abi.encodeWithSelector(Staking.StakeFrozen.selector, 1));
        staking.withdraw(0);
        slasher.settle(0);
        vm.prank(_operator(1));
        uint256 left = staking.withdraw(0);
        vm.assertGe(left, uint256(SELF) * 4 / 10); // millionths are rounded down
        vm.assertLe(left, uint256(SELF) * 4 / 10 + 1 ether);
        vm.assertGt(staking.currentEpoch(), start);
    }

    // ---------------------------------------------------------------- downtime

    function test_missed_duties_cost_little_and_more_each_time() external {
        uint48 first = staking.currentEpoch() + 1;
        _liveEpochs(28, 0x3e, 0x3e); // validator 1 is absent
        slasher.downtime(1, first);
        vm.assertEq(staking.stakeOf(1, _operator(1)), SELF - SELF / 1000);
        vm.expectRevert(abi.encodeWithSelector(Slasher.WindowOverlaps.selector, slasher.downtimeEnd(1)));
        slasher.downtime(1, first);
        vm.expectRevert(abi.encodeWithSelector(Slasher.DutyDone.selector, 0, 24));
        slasher.downtime(2, first);
        vm.assertEq(PenaltyMath.downtimePpm(1), 2_000);
        vm.assertEq(PenaltyMath.downtimePpm(9), 16_000);
        // Back after the jail.
        _toEpoch(staking.currentEpoch() + 25);
        vm.prank(_operator(1));
        staking.unjail();
        vm.assertFalse(staking.isBarred(1));
    }

    function test_the_window_has_to_be_over() external {
        uint48 first = staking.currentEpoch() + 1;
        _liveEpochs(20, 0x3e, 0x3e);
        vm.expectRevert(Slasher.WindowOpen.selector);
        slasher.downtime(1, first);
    }

    function test_epochs_without_a_quorum_or_without_l1_blame_nobody() external {
        uint48 first = staking.currentEpoch() + 1;
        _liveEpochs(28, 0x06, 0x06); // a third attests: no quorum, nobody is to blame
        vm.expectRevert(abi.encodeWithSelector(Slasher.DutyDone.selector, 0, 0));
        slasher.downtime(1, first);
    }

    function test_who_misses_fewer_than_half_is_spared() external {
        uint48 first = staking.currentEpoch() + 1;
        _liveEpochs(28, 0x3e, 0x3f); // every third epoch
        vm.expectRevert(abi.encodeWithSelector(Slasher.DutyDone.selector, 8, 24));
        slasher.downtime(1, first);
    }

    /// So many epochs in which the members of a bitmap attest; of another one in every third.
    function _liveEpochs(uint256 count, uint256 everyThird, uint256 others) private {
        uint64 block_ = inbox.lastBlock();
        for (uint256 i; i < count; ++i) {
            _toEpoch(staking.currentEpoch() + 1);
            _pass(24);
            uint48 epoch = _openEpoch();
            block_ += 10;
            bytes32 hash = keccak256(abi.encode(block_));
            Batch memory batch = _post(block_, hash, hashes);
            Members memory members = _members(epoch);
            if (members.ids.length < 6) continue;
            duties.record(
                batch,
                keccak256("s"),
                members,
                _aggregate(members, i % 3 == 0 ? everyThird : others, Attestation(block_, hash, keccak256("s")))
            );
        }
    }

    // ---------------------------------------------------------------- the guardian

    function test_the_guardian_stops_slashing_for_three_days_at_most() external {
        Batch memory batch = _post(10, keccak256("b"), hashes);
        vm.prank(GUARDIAN);
        vm.expectRevert(Slasher.BadParameters.selector);
        slasher.pause(4 days);
        vm.expectRevert(Slasher.BadParameters.selector);
        slasher.pause(1 days);
        vm.prank(GUARDIAN);
        slasher.pause(3 days);
        (Slasher.SignedMiniBlock memory a, Slasher.SignedMiniBlock memory b) = _twins(1);
        vm.expectRevert(Slasher.Paused.selector);
        slasher.twoMiniBlocks(1, a, b, batch);
        _pass(3 days);
        vm.prank(GUARDIAN);
        vm.expectRevert(Slasher.BadParameters.selector);
        slasher.pause(3 days);
        slasher.twoMiniBlocks(1, a, b, batch);
    }

    // ---------------------------------------------------------------- helpers

    function _twins(uint256 i)
        private
        returns (Slasher.SignedMiniBlock memory a, Slasher.SignedMiniBlock memory b)
    {
        a = _signMiniBlock(i, _miniBlock(7, 3, keccak256("a")));
        b = _signMiniBlock(i, _miniBlock(7, 3, keccak256("b")));
    }

    function _contradict(uint32 id, Batch memory batch) private {
        Attestation memory a = Attestation(7, keccak256("a"), keccak256("s"));
        Attestation memory b = Attestation(7, keccak256("b"), keccak256("s"));
        slasher.twoAttestations(id, a, _signAttestation(id, a), b, _signAttestation(id, b), batch);
    }
}
