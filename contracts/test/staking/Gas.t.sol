// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Batch} from "../../src/common/Types.sol";
import {Aggregate, Members} from "../../src/staking/Committee.sol";
import {Slasher} from "../../src/staking/Slasher.sol";
import {KeyProofs} from "../../src/staking/ValidatorKeys.sol";
import {Attestation} from "../../src/staking/lib/Attestations.sol";
import {vm} from "../support/Vm.sol";
import {StakingWorld} from "./StakingWorld.sol";

/// What the actions of validators, delegators and watchers cost, with a committee of 64;
/// contracts/.gas-snapshot watches over them. A test reads its arguments from storage, so that the
/// figures of docs/benchmarks.md are those of the calls alone, in the gas report:
///
///   tools/contracts test --match-contract StakingGas --gas-report
contract StakingGas is StakingWorld {
    address private constant ALICE = address(0xA11CE);
    uint48 private epoch;
    KeyProofs private proofs;
    Members private members;
    Aggregate private full;
    Aggregate private twoThirds;
    Attestation private attestation;
    Batch private batch;
    Slasher.SignedMiniBlock private miniA;
    Slasher.SignedMiniBlock private miniB;
    Attestation private lie;
    bytes private truthSignature;
    bytes private lieSignature;
    bytes private header;
    bytes private parent;
    uint256 private request;
    bytes32 private root;
    uint32 private standby;

    function setUp() external {
        _deploy(100_000_000 ether);
        for (uint256 i = 1; i <= 64; ++i) {
            _register(i, SELF, 1000);
        }
        _delegate(ALICE, 1, 5_000 ether);
        _toEpoch(2);
        _pass(24);
        _openEpoch();
        vm.prank(ALICE);
        request = staking.undelegate(1, 1_000 ether);
        (,, uint48 exitEpoch,) = staking.requests(request);
        _toEpoch(exitEpoch + UNBONDING);
        _fund(ALICE, 1_000 ether);
        _fund(_operator(65), SELF);
        proofs = _proofs(65, _operator(65));
        attestation = Attestation(10, keccak256("b"), keccak256("s"));
        lie = Attestation(10, keccak256("c"), keccak256("s"));
        staking.setParameters(10_000 ether, 1 ether, 100_000_000 ether, 65);
        _rewards();
        _duties();
        _toEpoch(epoch + 1);
        _pass(24);
        (header, parent) = _epochHeaders(epoch + 1);
        standby = schedule.candidatesOf(schedule.slotStartOf(block.timestamp))[1];
    }

    function _rewards() private {
        token.approve(address(rewards), type(uint256).max);
        rewards.addReserve(15_000_000 ether);
        token.transfer(_operator(1), 10_000 ether);
        vm.prank(_operator(1));
        token.approve(address(rewards), type(uint256).max);
        root = rewards.leafOf(0, ALICE, 1 ether);
        vm.prank(_operator(1));
        rewards.propose(0, root, 1 ether);
        _pass(1 days);
        rewards.finalize(0);
    }

    function _duties() private {
        _toEpoch(staking.currentEpoch() + 1);
        _pass(24);
        epoch = _openEpoch();
        batch = _post(10, attestation.blockHash, none);
        members = _members(epoch);
        full = _aggregate(members, type(uint64).max, attestation);
        twoThirds = _aggregate(members, type(uint64).max << 21 & type(uint64).max, attestation);
        truthSignature = _signAttestation(3, attestation);
        lieSignature = _signAttestation(3, lie);
        miniA = _signMiniBlock(2, _miniBlock(7, 3, keccak256("a")));
        miniB = _signMiniBlock(2, _miniBlock(7, 3, keccak256("b")));
    }

    function test_register() external {
        vm.prank(_operator(65));
        staking.register(proofs, 1000, SELF, 0);
    }

    function test_delegate() external {
        vm.prank(ALICE);
        staking.delegate(1, 1_000 ether);
    }

    function test_undelegate() external {
        vm.prank(ALICE);
        staking.undelegate(1, 1_000 ether);
    }

    function test_withdraw() external {
        vm.prank(ALICE);
        staking.withdraw(request);
    }

    function test_openEpochOf64() external {
        epochs.open(epoch + 1, header, parent);
    }

    function test_takeOver() external {
        _pass(300);
        vm.prank(_operator(standby));
        schedule.takeOver();
    }

    function test_verifyAggregateOf64() external view {
        committee.signedStake(epoch, members, attestation, full);
    }

    function test_verifyAggregateOf43Of64() external view {
        committee.signedStake(epoch, members, attestation, twoThirds);
    }

    function test_recordDuty() external {
        duties.record(batch, attestation.stateRoot, members, full);
    }

    function test_slashTwoMiniBlocks() external {
        slasher.twoMiniBlocks(2, miniA, miniB, batch);
    }

    function test_slashTwoAttestations() external {
        slasher.twoAttestations(3, attestation, truthSignature, lie, lieSignature, batch);
    }

    function test_proposeRewards() external {
        vm.prank(_operator(1));
        rewards.propose(1, root, 1 ether);
    }

    function test_claimReward() external {
        rewards.claim(0, ALICE, 1 ether, new bytes32[](0));
    }
}
