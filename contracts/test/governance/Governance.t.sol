// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";

import {Guardian} from "../../src/governance/Guardian.sol";
import {MegaGovernor} from "../../src/governance/MegaGovernor.sol";
import {Timelock} from "../../src/governance/Timelock.sol";
import {VotingPower} from "../../src/governance/VotingPower.sol";
import {ISystemConfig} from "../../src/interfaces/ISystemConfig.sol";
import {SystemConfig} from "../../src/l1/SystemConfig.sol";
import {Slasher} from "../../src/staking/Slasher.sol";
import {StakingWorld} from "../staking/StakingWorld.sol";
import {vm} from "../support/Vm.sol";

/// The whole path from a vote to a parameter, and the ways around it that must not exist.
contract GovernanceTest is StakingWorld {
    address private constant ALICE = address(0xA11CE);
    address private constant BOB = address(0xB0B);
    uint48 private constant VOTING_DELAY = 1 days;
    uint32 private constant VOTING_PERIOD = 5 days;
    uint256 private constant DELAY = 3 days;

    Timelock private timelock;
    MegaGovernor private governor;
    VotingPower private power;
    Guardian private guardian;

    address[] private targets;
    uint256[] private values;
    bytes[] private calls;
    string private constant WHY = "raise the gas limit";

    function setUp() external {
        _deploy(100_000_000 ether);
        power = new VotingPower(token, stakedVotes);
        timelock = new Timelock(DELAY, new address[](0), new address[](1), address(this));
        governor = new MegaGovernor(
            IVotes(address(power)),
            timelock,
            MegaGovernor.Settings(VOTING_DELAY, VOTING_PERIOD, 100_000 ether, 4, 1 days)
        );
        timelock.grantRole(timelock.PROPOSER_ROLE(), address(governor));
        timelock.grantRole(timelock.CANCELLER_ROLE(), address(governor));
        timelock.renounceRole(timelock.DEFAULT_ADMIN_ROLE(), address(this));
        address[] memory members = new address[](3);
        (members[0], members[1], members[2]) = (address(0x51), address(0x52), address(0x53));
        guardian = new Guardian(address(timelock), members, 2);
        config.setGuardian(address(guardian));
        config.transferOwnership(address(timelock));
        slasher.setParameters(24, address(guardian));
        slasher.transferOwnership(address(timelock));
        staking.transferOwnership(address(timelock));

        token.transfer(ALICE, 50_000_000 ether);
        vm.prank(ALICE);
        token.delegate(ALICE);
        _pass(60);
    }

    function test_a_vote_changes_a_parameter_after_the_delay() external {
        uint256 id = _proposeGasLimit();
        _pass(VOTING_DELAY + 1);
        vm.prank(ALICE);
        governor.castVote(id, 1);
        _pass(VOTING_PERIOD + 1);
        governor.queue(targets, values, calls, keccak256(bytes(WHY)));
        vm.expectRevert();
        governor.execute(targets, values, calls, keccak256(bytes(WHY)));
        _pass(DELAY + 1);
        governor.execute(targets, values, calls, keccak256(bytes(WHY)));
        vm.assertEq(uint256(config.chainParameters().gasLimit), 90_000_000);
    }

    function test_a_vote_takes_over_what_has_to_be_accepted() external {
        _call(address(staking), abi.encodeWithSignature("acceptOwnership()"));
        _pass_(_propose());
        vm.assertEq(staking.owner(), address(timelock));
    }

    /// Borrow, propose, vote, return: none of it in one breath, and not with tokens that came late.
    function test_borrowed_tokens_have_no_votes() external {
        uint256 id = _proposeGasLimit();
        _pass(VOTING_DELAY + 1);
        // The flash loan: all tokens of the treasury, delegated to Bob after the snapshot.
        token.transfer(BOB, 500_000_000 ether);
        vm.prank(BOB);
        token.delegate(BOB);
        vm.prank(BOB);
        vm.assertEq(governor.castVote(id, 0), 0);
        vm.prank(BOB);
        token.transfer(address(this), 500_000_000 ether);
        (uint256 against,,) = governor.proposalVotes(id);
        vm.assertEq(against, 0);
        // Nor does it let one propose: votes are those of the past.
        targets.push(address(config));
        values.push(0);
        calls.push(hex"");
        token.transfer(BOB, 500_000_000 ether);
        vm.prank(BOB);
        vm.expectRevert(
            abi.encodeWithSelector(IGovernor.GovernorInsufficientProposerVotes.selector, BOB, 0, 100_000 ether)
        );
        governor.propose(targets, values, calls, "now");
    }

    function test_a_token_votes_once_however_it_moves() external {
        uint256 id = _proposeGasLimit();
        _pass(VOTING_DELAY + 1);
        vm.prank(ALICE);
        governor.castVote(id, 1);
        vm.prank(ALICE);
        token.transfer(BOB, 50_000_000 ether);
        vm.prank(BOB);
        token.delegate(BOB);
        vm.prank(BOB);
        vm.assertEq(governor.castVote(id, 1), 0);
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorAlreadyCastVote.selector, ALICE));
        governor.castVote(id, 1);
    }

    function test_staked_tokens_vote_once_too() external {
        _register(1, SELF, 1000);
        _delegate(ALICE, 1, 10_000_000 ether);
        vm.prank(ALICE);
        stakedVotes.delegate(ALICE);
        _pass(1);
        uint256 past = block.timestamp - 1;
        // 10,000,000 more were given to her to stake: held and staked add up, none is counted twice.
        vm.assertEq(power.getPastVotes(ALICE, past), 60_000_000 ether);
        vm.prank(ALICE);
        staking.undelegate(1, 4_000_000 ether);
        _pass(1);
        vm.assertEq(power.getPastVotes(ALICE, block.timestamp - 1), 56_000_000 ether); // unbonding has no vote
        uint48 epoch = staking.currentEpoch();
        vm.prank(address(slasher));
        staking.slash(1, epoch, 500_000, REPORTER, 1);
        stakedVotes.sync(1, ALICE); // anyone
        _pass(1);
        vm.assertEq(power.getPastVotes(ALICE, block.timestamp - 1), 53_000_000 ether);
    }

    function test_a_quorum_at_the_last_moment_gives_time_to_answer() external {
        token.transfer(BOB, 60_000_000 ether);
        vm.prank(BOB);
        token.delegate(BOB);
        _pass(1);
        uint256 id = _proposeGasLimit();
        _pass(VOTING_DELAY + VOTING_PERIOD - 10);
        uint256 deadline = governor.proposalDeadline(id);
        vm.prank(ALICE);
        governor.castVote(id, 1);
        vm.assertEq(governor.proposalDeadline(id), block.timestamp + 1 days);
        vm.warp(deadline + 1);
        vm.prank(BOB);
        governor.castVote(id, 0);
        _pass(1 days);
        vm.assertTrue(governor.state(id) == IGovernor.ProposalState.Defeated);
    }

    function test_nothing_passes_below_the_quorum() external {
        vm.prank(ALICE);
        token.transfer(BOB, 20_000_000 ether); // 3 % left
        _pass(1);
        uint256 id = _proposeGasLimit();
        _pass(VOTING_DELAY + 1);
        vm.prank(ALICE);
        governor.castVote(id, 1);
        _pass(VOTING_PERIOD + 1);
        vm.assertTrue(governor.state(id) == IGovernor.ProposalState.Defeated);
    }

    function test_nobody_changes_the_owner_without_the_delay() external {
        bytes memory change = abi.encodeWithSignature("transferOwnership(address)", BOB);
        vm.expectRevert();
        config.transferOwnership(BOB);
        vm.prank(address(governor)); // not even the governor itself
        vm.expectRevert();
        config.transferOwnership(BOB);
        bytes32 proposer = timelock.PROPOSER_ROLE();
        vm.expectRevert();
        timelock.schedule(address(config), 0, change, 0, 0, DELAY);
        vm.expectRevert();
        timelock.grantRole(proposer, address(this));
        vm.expectRevert();
        timelock.updateDelay(0);
        vm.expectRevert();
        timelock.execute(address(config), 0, change, 0, 0);
        // By a vote it waits.
        _call(address(config), change);
        uint256 id = _propose();
        _pass(VOTING_DELAY + 1);
        vm.prank(ALICE);
        governor.castVote(id, 1);
        _pass(VOTING_PERIOD + 1);
        governor.queue(targets, values, calls, keccak256(bytes(WHY)));
        _pass(DELAY - 1);
        vm.expectRevert();
        governor.execute(targets, values, calls, keccak256(bytes(WHY)));
        vm.assertEq(config.owner(), address(timelock));
    }

    // ---------------------------------------------------------------- the guardian

    function test_the_guardian_pauses_together_for_a_bounded_time_and_nothing_else() external {
        vm.prank(address(0x51));
        vm.expectRevert(abi.encodeWithSelector(Guardian.NotTarget.selector, address(config)));
        guardian.approvePause(address(config), 1 days);
        vm.prank(address(timelock));
        guardian.setTarget(address(config), true);
        vm.expectRevert(abi.encodeWithSelector(Guardian.NotMember.selector, address(this)));
        guardian.approvePause(address(config), 1 days);
        vm.prank(address(0x51));
        guardian.approvePause(address(config), 8 days);
        vm.prank(address(0x52)); // longer than SystemConfig allows
        vm.expectRevert();
        guardian.approvePause(address(config), 8 days);
        vm.prank(address(0x51));
        guardian.approvePause(address(config), 7 days);
        vm.assertFalse(config.paused());
        vm.prank(address(0x51));
        vm.expectRevert(Guardian.AlreadyApproved.selector);
        guardian.approvePause(address(config), 7 days);
        vm.prank(address(0x52));
        guardian.approvePause(address(config), 7 days);
        vm.assertTrue(config.paused());
        _pass(7 days);
        vm.assertFalse(config.paused());
        // Not again before a gap.
        vm.prank(address(0x51));
        guardian.approvePause(address(config), 7 days);
        vm.prank(address(0x52));
        vm.expectRevert();
        guardian.approvePause(address(config), 7 days);
        vm.prank(address(0x51));
        vm.expectRevert(abi.encodeWithSelector(Guardian.NotOwner.selector, address(0x51)));
        guardian.setTarget(address(0x51), true);
    }

    function test_an_old_approval_does_not_count() external {
        vm.prank(address(timelock));
        guardian.setTarget(address(config), true);
        vm.prank(address(0x51));
        guardian.approvePause(address(config), 1 days);
        _pass(1 days);
        vm.prank(address(0x52));
        guardian.approvePause(address(config), 1 days);
        vm.assertFalse(config.paused());
    }

    // ---------------------------------------------------------------- helpers

    function _proposeGasLimit() private returns (uint256) {
        ISystemConfig.ChainParameters memory p = config.chainParameters();
        p.gasLimit = 90_000_000;
        _call(address(config), abi.encodeCall(SystemConfig.setChainParameters, (p)));
        return _propose();
    }

    function _call(address target, bytes memory data) private {
        targets.push(target);
        values.push(0);
        calls.push(data);
    }

    function _propose() private returns (uint256) {
        vm.prank(ALICE);
        return governor.propose(targets, values, calls, WHY);
    }

    /// Through vote, queue and delay.
    function _pass_(uint256 id) private {
        _pass(VOTING_DELAY + 1);
        vm.prank(ALICE);
        governor.castVote(id, 1);
        _pass(VOTING_PERIOD + 1);
        governor.queue(targets, values, calls, keccak256(bytes(WHY)));
        _pass(DELAY + 1);
        governor.execute(targets, values, calls, keccak256(bytes(WHY)));
    }
}
