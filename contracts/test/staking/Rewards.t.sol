// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {Rewards} from "../../src/staking/Rewards.sol";
import {RewardMath} from "../../src/staking/lib/RewardMath.sol";
import {bounded, vm} from "../support/Vm.sol";
import {CallingToken} from "./Staking.t.sol";
import {StakingWorld} from "./StakingWorld.sol";

contract RewardsTest is StakingWorld {
    address private constant ALICE = address(0xA11CE);
    address private constant BOB = address(0xB0B);
    uint256 private constant RESERVE = 15_000_000 ether;

    function setUp() external {
        _deploy(100_000_000 ether);
        _registerMany(2);
        token.approve(address(rewards), type(uint256).max);
        rewards.addReserve(RESERVE);
        for (uint256 i = 1; i <= 2; ++i) {
            token.transfer(_operator(i), 100_000 ether);
            vm.prank(_operator(i));
            token.approve(address(rewards), type(uint256).max);
        }
        _toEpoch(10);
    }

    function test_an_epoch_is_proposed_stands_and_is_claimed_once() external {
        (bytes32 root, bytes32 aliceLeaf, bytes32 bobLeaf) = _tree(0, 100 ether, 50 ether);
        _propose(0, root, 150 ether);
        vm.expectRevert(abi.encodeWithSelector(Rewards.WrongStatus.selector, Rewards.Status.Proposed));
        rewards.claim(0, ALICE, 100 ether, _one(bobLeaf));
        _pass(1 days);
        rewards.finalize(0);
        vm.prank(BOB); // pays Alice, whoever calls
        rewards.claim(0, ALICE, 100 ether, _one(bobLeaf));
        vm.assertEq(token.balanceOf(ALICE), 100 ether);
        vm.expectRevert(Rewards.AlreadyClaimed.selector);
        rewards.claim(0, ALICE, 100 ether, _one(bobLeaf));
        vm.expectRevert(Rewards.BadProof.selector);
        rewards.claim(0, BOB, 100 ether, _one(aliceLeaf));
        vm.expectRevert(Rewards.BadProof.selector);
        rewards.claim(0, address(this), 100 ether, _one(bobLeaf));
        rewards.claim(0, BOB, 50 ether, _one(aliceLeaf));
        vm.assertEq(rewards.owed(), 0);
        vm.assertEq(rewards.reserve(), RESERVE - 150 ether);
    }

    function test_the_proof_of_one_epoch_claims_nothing_in_another() external {
        (bytes32 root,, bytes32 bobLeaf) = _tree(0, 100 ether, 50 ether);
        _propose(0, root, 150 ether);
        _propose(1, root, 150 ether);
        _pass(1 days);
        rewards.finalize(1);
        vm.expectRevert(Rewards.BadProof.selector);
        rewards.claim(1, ALICE, 100 ether, _one(bobLeaf));
    }

    function test_claiming_many_pays_an_epoch_once() external {
        (bytes32 root,, bytes32 bobLeaf) = _tree(0, 100 ether, 50 ether);
        _propose(0, root, 150 ether);
        _pass(1 days);
        rewards.finalize(0);
        uint48[] memory twice = new uint48[](2);
        uint256[] memory amounts = new uint256[](2);
        bytes32[][] memory proofs = new bytes32[][](2);
        for (uint256 i; i < 2; ++i) {
            amounts[i] = 100 ether;
            proofs[i] = _one(bobLeaf);
        }
        vm.expectRevert(Rewards.AlreadyClaimed.selector);
        rewards.claimMany(twice, ALICE, amounts, proofs);
        vm.assertEq(token.balanceOf(ALICE), 0);
    }

    function test_a_root_pays_no_more_than_its_epochs_emission_and_fees() external {
        uint256 emission = rewards.emissionNow();
        vm.assertEq(emission, RESERVE / 1000);
        (bytes32 root,, bytes32 bobLeaf) = _tree(0, emission + 1 ether, 1);
        vm.prank(_operator(1));
        vm.expectRevert(abi.encodeWithSelector(Rewards.TooMuch.selector, emission + 1, emission));
        rewards.propose(0, root, uint128(emission + 1));
        token.transfer(address(rewards), 5 ether); // fees
        _propose(0, root, uint128(emission)); // says less than its leaves add up to
        vm.assertEq(rewards.reserve(), RESERVE - emission + 5 ether); // fees pay first
        _pass(1 days);
        rewards.finalize(0);
        vm.expectRevert(abi.encodeWithSelector(Rewards.TooMuch.selector, emission + 1 ether, emission));
        rewards.claim(0, ALICE, emission + 1 ether, _one(bobLeaf));
    }

    function test_an_objection_goes_to_governance_and_the_loser_pays() external {
        (bytes32 root,,) = _tree(0, 100 ether, 50 ether);
        _propose(0, root, 150 ether);
        uint256 before = token.balanceOf(_operator(2));
        vm.prank(_operator(2));
        rewards.object(0);
        _pass(2 days);
        vm.expectRevert(abi.encodeWithSelector(Rewards.WrongStatus.selector, Rewards.Status.Disputed));
        rewards.finalize(0);
        rewards.resolve(0, false);
        vm.assertEq(token.balanceOf(_operator(2)), before + 1_000 ether);
        vm.assertEq(rewards.reserve(), RESERVE);
        vm.assertEq(rewards.bonds(), 0);
        rewards.settle(0, root, 150 ether);
        _propose(1, root, 10 ether);
        vm.prank(_operator(2));
        rewards.object(1);
        uint256 own = token.balanceOf(_operator(1));
        rewards.resolve(1, true);
        vm.assertEq(token.balanceOf(_operator(1)), own + 2_000 ether);
        vm.expectRevert(abi.encodeWithSelector(Rewards.WrongStatus.selector, Rewards.Status.Final));
        rewards.resolve(1, false);
    }

    function test_epochs_come_in_order_when_closed_and_from_operators() external {
        (bytes32 root,,) = _tree(0, 1, 1);
        vm.expectRevert(Rewards.NotAnOperator.selector);
        rewards.propose(0, root, 2);
        vm.prank(_operator(1));
        vm.expectRevert(abi.encodeWithSelector(Rewards.WrongEpoch.selector, 1, 0));
        rewards.propose(1, root, 2);
        for (uint48 e; e < 8; ++e) {
            _propose(e, root, 2);
        }
        vm.prank(_operator(1));
        vm.expectRevert(abi.encodeWithSelector(Rewards.EpochNotClosed.selector, 8));
        rewards.propose(8, root, 2);
    }

    /// The reserve pays a part of what is left: after any number of epochs something is.
    function testFuzz_emission_never_exceeds_the_reserve(uint256 reserve, uint256 rate, uint256 cap) external pure {
        reserve = bounded(reserve, 0, 1e27);
        rate = bounded(rate, 0, 1e7);
        uint256 paid;
        for (uint256 i; i < 40; ++i) {
            uint256 amount = RewardMath.emission(reserve - paid, rate, cap);
            vm.assertLe(amount, cap);
            paid += amount;
        }
        vm.assertLe(paid, reserve);
    }

    function testFuzz_parts_never_exceed_the_pot(uint96 pot, uint96[5] memory stakes, uint8[5] memory done, uint16 bps)
        external
        pure
    {
        bps = uint16(bounded(bps, 0, 5000));
        uint256 total;
        for (uint256 i; i < 5; ++i) total += stakes[i];
        uint256 sum;
        uint256 allBlocks;
        for (uint256 i; i < 5; ++i) allBlocks += done[i];
        for (uint256 i; i < 5; ++i) {
            uint256 reward = RewardMath.attesterReward(pot, stakes[i], total, done[i], 255)
                + RewardMath.sequencerReward(pot, done[i], allBlocks);
            uint256 commission = RewardMath.commission(reward, bps);
            uint256 shares;
            for (uint256 j; j < 3; ++j) shares += RewardMath.shareOf(reward - commission, j + 1, 6);
            vm.assertLe(commission + shares, reward);
            sum += reward;
        }
        vm.assertLe(sum, pot);
    }

    function _propose(uint48 epoch, bytes32 root, uint128 total) private {
        vm.prank(_operator(1));
        rewards.propose(epoch, root, total);
    }

    function _tree(uint48 epoch, uint256 alice, uint256 bob)
        private
        view
        returns (bytes32 root, bytes32 aliceLeaf, bytes32 bobLeaf)
    {
        aliceLeaf = rewards.leafOf(epoch, ALICE, alice);
        bobLeaf = rewards.leafOf(epoch, BOB, bob);
        root = aliceLeaf < bobLeaf
            ? keccak256(abi.encode(aliceLeaf, bobLeaf))
            : keccak256(abi.encode(bobLeaf, aliceLeaf));
    }

    function _one(bytes32 leaf) private pure returns (bytes32[] memory proof) {
        proof = new bytes32[](1);
        proof[0] = leaf;
    }
}

/// MEGA calls nobody; rewards hold against a token that does.
contract RewardsReentrancyTest is StakingWorld {
    address private constant ALICE = address(0xA11CE);

    function test_reentering_on_a_payment_pays_once() external {
        _deploy(100_000_000 ether);
        _registerMany(1);
        CallingToken calling = new CallingToken();
        Rewards paying =
            new Rewards(IERC20(address(calling)), staking, 1 days, 1 ether, 1e6, 1 ether, address(this));
        calling.mint(address(paying), 300 ether); // fees: more than the epoch pays
        calling.mint(_operator(1), 1 ether);
        _toEpoch(10);
        bytes32 leaf = paying.leafOf(0, ALICE, 100 ether);
        vm.prank(_operator(1));
        paying.propose(0, leaf, 100 ether);
        _pass(1 days);
        // The bond once, too.
        calling.arm(address(paying), abi.encodeCall(Rewards.finalize, (0)));
        paying.finalize(0);
        vm.assertTrue(calling.wasRefused());
        vm.assertEq(calling.balanceOf(_operator(1)), 1 ether);
        bytes32[] memory proof = new bytes32[](0);
        calling.arm(address(paying), abi.encodeCall(Rewards.claim, (0, ALICE, 100 ether, proof)));
        paying.claim(0, ALICE, 100 ether, proof);
        vm.assertTrue(calling.wasRefused());
        vm.assertEq(calling.balanceOf(ALICE), 100 ether);
        vm.assertEq(paying.owed(), 0);
        vm.assertEq(calling.balanceOf(address(paying)), 200 ether);
    }
}
