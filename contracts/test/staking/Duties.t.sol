// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Batch, OutputRootProof} from "../../src/common/Types.sol";
import {IBatchInbox} from "../../src/interfaces/IBatchInbox.sol";
import {IProofVerifier} from "../../src/interfaces/IProofVerifier.sol";
import {IStateClaims} from "../../src/interfaces/IStateClaims.sol";
import {Aggregate, Committee, Members} from "../../src/staking/Committee.sol";
import {CommitteeVerifier, DutyRecord} from "../../src/staking/CommitteeVerifier.sol";
import {Epochs} from "../../src/staking/Epochs.sol";
import {LeaderSchedule} from "../../src/staking/LeaderSchedule.sol";
import {Attestation} from "../../src/staking/lib/Attestations.sol";
import {vm} from "../support/Vm.sol";
import {StakingWorld} from "./StakingWorld.sol";

/// Epochs, leaders, committees.
contract DutiesTest is StakingWorld {

    function setUp() external {
        _deploy(100_000_000 ether);
        _registerMany(8);
        _pass(24);
    }

    // ---------------------------------------------------------------- epochs

    function test_an_epoch_opens_once_with_its_first_block() external {
        uint48 epoch = staking.currentEpoch();
        (bytes memory header, bytes memory parent) = _epochHeaders(epoch);
        vm.expectRevert(Epochs.UnknownHeader.selector);
        epochs.open(epoch, header, header);
        vm.expectRevert(Epochs.NotTheFirstBlock.selector);
        epochs.open(epoch - 1, header, parent);
        vm.expectRevert(abi.encodeWithSelector(Epochs.NotYet.selector, epoch + 1));
        epochs.open(epoch + 1, header, parent);
        epochs.open(epoch, header, parent);
        vm.expectRevert(abi.encodeWithSelector(Epochs.AlreadyOpen.selector, epoch));
        epochs.open(epoch, header, parent);
        (bytes32 seed,,) = epochs.openings(epoch);
        vm.assertEq(
            seed,
            keccak256(
                abi.encode(
                    "mega.epoch", 1, L2_CHAIN_ID, epoch, keccak256(abi.encode("randao", epoch)), keccak256(header)
                )
            )
        );
    }

    function test_a_later_block_does_not_open_an_epoch() external {
        uint48 epoch = staking.currentEpoch();
        uint256 start = staking.epochStart(epoch);
        bytes memory parent = _header(0, 0, block.number - 2, start, 0);
        bytes memory header = _header(keccak256(parent), 0, block.number - 1, start + 12, 0);
        vm.setBlockhash(block.number - 1, keccak256(header));
        vm.expectRevert(Epochs.NotTheFirstBlock.selector);
        epochs.open(epoch, header, parent);
    }

    function test_a_made_up_header_opens_nothing() external {
        uint48 epoch = staking.currentEpoch();
        (bytes memory header, bytes memory parent) = _epochHeaders(epoch);
        vm.setBlockhash(block.number - 3, keccak256("another"));
        header = _header(keccak256(parent), 0, block.number - 3, staking.epochStart(epoch), keccak256("favourable"));
        vm.expectRevert(Epochs.UnknownHeader.selector);
        epochs.open(epoch, header, parent);
    }

    function test_slow_l1_excuses_an_epoch() external {
        uint48 epoch = _openEpoch();
        vm.assertTrue(epochs.isOutage(epoch)); // the next one is not open
        _toEpoch(epoch + 1);
        _pass(24);
        _openEpoch();
        vm.assertFalse(epochs.isOutage(epoch));
        vm.warp(staking.epochStart(epoch + 2)); // an hour with 100 blocks instead of 300
        vm.roll(block.number + 100);
        _pass(24);
        _openEpoch();
        vm.assertTrue(epochs.isOutage(epoch + 1));
    }

    // ---------------------------------------------------------------- leaders

    function test_the_leader_alone_posts() external {
        _openEpoch();
        address leader = schedule.leader();
        vm.assertTrue(staking.idOfOperator(leader) != 0);
        uint32[] memory order = schedule.candidatesOf(schedule.slotStartOf(block.timestamp));
        vm.assertEq(order.length, 8);
        address second = staking.operatorOf(order[1]);
        Batch memory batch = _batch(second, 10, keccak256("b"), none);
        vm.prank(second);
        vm.expectRevert(abi.encodeWithSelector(IBatchInbox.NotInCharge.selector, second));
        inbox.submitCalldata(batch.header, hex"00");
        _post(10, keccak256("b"), none);
        vm.assertEq(inbox.lastBlock(), 10);
    }

    function test_without_an_epoch_the_fallback_posts() external {
        vm.assertEq(schedule.leader(), FALLBACK);
        _post(10, keccak256("b"), none);
    }

    function test_a_standby_takes_over_after_silence_and_keeps_the_slot() external {
        uint48 epoch = _openEpoch();
        uint256 slot = schedule.slotStartOf(block.timestamp);
        uint32[] memory order = schedule.candidatesOf(slot);
        address second = staking.operatorOf(order[1]);
        address third = staking.operatorOf(order[2]);
        _post(10, keccak256("b"), none);
        _pass(59);
        vm.prank(second);
        vm.expectRevert(abi.encodeWithSelector(LeaderSchedule.NotSilent.selector, block.timestamp - 59, 0));
        schedule.takeOver();
        _pass(1);
        vm.prank(staking.operatorOf(order[0]));
        vm.expectRevert(abi.encodeWithSelector(LeaderSchedule.NotSilent.selector, block.timestamp - 60, 0));
        schedule.takeOver();
        vm.prank(third); // has to give the second its time
        vm.expectRevert(abi.encodeWithSelector(LeaderSchedule.NotSilent.selector, block.timestamp - 60, 1));
        schedule.takeOver();
        vm.prank(second);
        schedule.takeOver();
        vm.assertEq(schedule.leader(), second);
        vm.assertEq(schedule.missedSlots(epoch, order[0]), 1);
        _postAs(second, 20, keccak256("c"), none);
        _pass(30);
        vm.assertEq(schedule.leader(), second);
        vm.assertFalse(schedule.isInCharge(staking.operatorOf(order[0]), uint64(block.timestamp)));
        // Both silent for long: the third may.
        _pass(60);
        vm.prank(third);
        schedule.takeOver();
        vm.assertEq(schedule.missedSlots(epoch, order[1]), 1);
        // The next slot is its own leader's again.
        _pass(600);
        uint32 next = schedule.candidatesOf(schedule.slotStartOf(block.timestamp))[0];
        vm.assertEq(schedule.leader(), staking.operatorOf(next));
    }

    function test_an_outsider_does_not_take_over() external {
        _openEpoch();
        _pass(300);
        vm.expectRevert(abi.encodeWithSelector(LeaderSchedule.NotACandidate.selector, address(this)));
        schedule.takeOver();
    }

    function test_who_is_barred_is_passed_over_at_once() external {
        _openEpoch();
        uint32[] memory order = schedule.candidatesOf(schedule.slotStartOf(block.timestamp));
        vm.prank(address(slasher));
        staking.slash(order[0], 0, 1_000, REPORTER, 3);
        vm.assertEq(schedule.leader(), staking.operatorOf(order[1]));
    }

    function test_the_last_slots_leader_hands_over_within_the_grace() external {
        _openEpoch();
        address before = schedule.leader();
        uint64 lastSecond = uint64(schedule.slotStartOf(block.timestamp) + 599);
        _pass(lastSecond + 20 - block.timestamp); // 19 seconds into the next slot
        vm.assertTrue(schedule.isInCharge(before, lastSecond));
        _pass(11);
        vm.assertFalse(schedule.isInCharge(before, lastSecond));
        vm.assertTrue(schedule.isInCharge(schedule.leader(), uint64(block.timestamp)));
        // What it left behind, the present leader posts; and what comes after is not its own.
        vm.assertTrue(schedule.isInCharge(schedule.leader(), lastSecond));
        vm.assertFalse(schedule.isInCharge(before, uint64(block.timestamp)));
    }

    // ---------------------------------------------------------------- committee

    function test_two_thirds_of_the_stake_are_enough() external {
        uint48 epoch = _openEpoch();
        Members memory members = _members(epoch);
        Attestation memory attestation = Attestation(10, keccak256("b"), keccak256("s"));
        // 8 equal stakes: 6 are three quarters, 5 are not two thirds.
        verifier.requireAttested(block.timestamp, members, attestation, _aggregate(members, 0x3f, attestation));
        Aggregate memory few = _aggregate(members, 0x1f, attestation);
        vm.expectRevert(abi.encodeWithSelector(CommitteeVerifier.NotEnoughStake.selector, 5 * SELF, 8 * uint256(SELF)));
        verifier.requireAttested(block.timestamp, members, attestation, few);
    }

    function test_the_bitmap_has_to_be_that_of_the_signers() external {
        uint48 epoch = _openEpoch();
        Members memory members = _members(epoch);
        Attestation memory attestation = Attestation(10, keccak256("b"), keccak256("s"));
        Aggregate memory aggregate = _aggregate(members, 0x1f, attestation);
        aggregate.bitmap = 0x3f;
        vm.expectRevert(Committee.BadSignature.selector);
        committee.signedStake(epoch, members, attestation, aggregate);
        aggregate.bitmap = 0x11f;
        vm.expectRevert(Committee.BadBitmap.selector);
        committee.signedStake(epoch, members, attestation, aggregate);
        aggregate.bitmap = 0;
        vm.expectRevert(Committee.BadBitmap.selector);
        committee.signedStake(epoch, members, attestation, aggregate);
        members.stakes[0] += 1;
        vm.expectRevert(abi.encodeWithSelector(Committee.WrongMembers.selector, epoch));
        committee.signedStake(epoch, members, attestation, aggregate);
    }

    function testFuzz_any_subset_verifies_as_itself(uint8 bitmap) external {
        uint48 epoch = _openEpoch();
        Members memory members = _members(epoch);
        Attestation memory attestation = Attestation(10, keccak256("b"), keccak256("s"));
        vm.assume(bitmap != 0);
        (uint256 signed,) =
            committee.signedStake(epoch, members, attestation, _aggregate(members, bitmap, attestation));
        uint256 count;
        for (uint256 word = bitmap; word != 0; word &= word - 1) ++count;
        vm.assertEq(signed, count * SELF);
    }

    function test_an_attestation_of_another_chain_does_not_count() external {
        uint48 epoch = _openEpoch();
        Members memory members = _members(epoch);
        Attestation memory attestation = Attestation(10, keccak256("b"), keccak256("s"));
        Aggregate memory aggregate = _aggregate(members, 0xff, attestation);
        attestation.blockNumber = 11;
        vm.expectRevert(Committee.BadSignature.selector);
        committee.signedStake(epoch, members, attestation, aggregate);
    }

    // ---------------------------------------------------------------- early finality

    function test_state_claims_take_the_committees_word() external {
        uint48 epoch = _openEpoch();
        (Batch memory batch, OutputRootProof memory output, uint64 claim) = _proposeClaim();
        claims.setVerifier("committee", address(verifier));
        Members memory members = _members(epoch);
        Attestation memory attestation = Attestation(10, output.latestBlockhash, output.stateRoot);
        bytes memory weak = abi.encode(
            CommitteeVerifier.Proof(batch, output, members, _aggregate(members, 0x1f, attestation))
        );
        vm.expectRevert(abi.encodeWithSelector(IStateClaims.Undecided.selector, bytes32("committee")));
        claims.prove(claim, "committee", weak);
        vm.expectRevert(abi.encodeWithSelector(IStateClaims.Undecided.selector, bytes32("committee")));
        claims.prove(claim, "committee", hex"1234");
        bytes memory proof = abi.encode(
            CommitteeVerifier.Proof(batch, output, members, _aggregate(members, 0xfc, attestation))
        );
        claims.prove(claim, "committee", proof);
        vm.assertTrue(claims.isFinal(claim));
    }

    function test_the_word_for_one_block_is_not_one_for_another() external {
        uint48 epoch = _openEpoch();
        (Batch memory batch, OutputRootProof memory output, uint64 claim) = _proposeClaim();
        claims.setVerifier("committee", address(verifier));
        Members memory members = _members(epoch);
        Attestation memory other = Attestation(10, keccak256("another block"), output.stateRoot);
        bytes memory proof =
            abi.encode(CommitteeVerifier.Proof(batch, output, members, _aggregate(members, 0xff, other)));
        vm.expectRevert(abi.encodeWithSelector(IStateClaims.Undecided.selector, bytes32("committee")));
        claims.prove(claim, "committee", proof);
    }

    // ---------------------------------------------------------------- record of duties

    function test_duties_are_recorded_and_closed() external {
        uint48 epoch = _openEpoch();
        Batch memory batch = _post(10, keccak256("b"), none);
        Members memory members = _members(epoch);
        Attestation memory attestation = Attestation(10, keccak256("b"), keccak256("s"));
        duties.record(batch, keccak256("s"), members, _aggregate(members, 0x7e, attestation));
        vm.assertTrue(duties.isQuorate(epoch));
        vm.assertTrue(duties.hasServed(epoch, members.ids[1]));
        vm.assertFalse(duties.hasServed(epoch, members.ids[0]));
        // Left out of the aggregate, it hands its own signature in.
        duties.record(batch, keccak256("s"), members, _aggregate(members, 0x01, attestation));
        vm.assertTrue(duties.hasServed(epoch, members.ids[0]));
        Aggregate memory last = _aggregate(members, 0x80, attestation);
        _toEpoch(epoch + 3);
        vm.expectRevert(abi.encodeWithSelector(DutyRecord.Closed.selector, epoch));
        duties.record(batch, keccak256("s"), members, last);
    }

    function test_a_made_up_batch_is_no_duty() external {
        uint48 epoch = _openEpoch();
        Batch memory batch = _post(10, keccak256("b"), none);
        batch.header.lastBlockHash = keccak256("made up");
        Members memory members = _members(epoch);
        Aggregate memory aggregate =
            _aggregate(members, 0xff, Attestation(10, keccak256("made up"), keccak256("s")));
        vm.expectRevert(DutyRecord.UnknownBatch.selector);
        duties.record(batch, keccak256("s"), members, aggregate);
    }

    /// docs/benchmarks.md: tools/contracts test --match-test gas_ -vv
    function test_gas_of_aggregate_verification() external {
        _registerRest(64);
        uint48 epoch = _openEpoch();
        Members memory members = _members(epoch);
        vm.assertEq(members.ids.length, 64);
        Attestation memory attestation = Attestation(10, keccak256("b"), keccak256("s"));
        emit Gas("64 members, all present", _measure(epoch, members, type(uint64).max, attestation));
        emit Gas("64 members, 3 absent", _measure(epoch, members, type(uint64).max << 3, attestation));
        emit Gas("64 members, 21 absent", _measure(epoch, members, type(uint64).max << 21, attestation));
    }

    event Gas(string what, uint256 gas);

    function _measure(uint48 epoch, Members memory members, uint256 bitmap, Attestation memory attestation)
        private
        view
        returns (uint256 gas)
    {
        Aggregate memory aggregate = _aggregate(members, bitmap & type(uint64).max, attestation);
        gas = gasleft();
        committee.signedStake(epoch, members, attestation, aggregate);
        gas -= gasleft();
        vm.assertLt(gas, 1_000_000);
    }

    function _registerRest(uint256 count) private {
        for (uint256 i = 9; i <= count; ++i) {
            _register(i, SELF, 1000);
        }
        _toEpoch(staking.currentEpoch() + 2);
        _pass(24);
    }
}
