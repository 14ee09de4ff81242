// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

import {Staking} from "../../src/staking/Staking.sol";
import {KeyProofs, ValidatorKeys} from "../../src/staking/ValidatorKeys.sol";
import {Bls12381, PublicKey} from "../../src/staking/lib/Bls12381.sol";
import {ChainKeys} from "../../src/staking/lib/ChainKeys.sol";
import {StakePoint} from "../../src/staking/lib/StakeHistory.sol";
import {bounded, vm} from "../support/Vm.sol";
import {Bls} from "./Bls.sol";
import {StakingWorld} from "./StakingWorld.sol";

contract StakingTest is StakingWorld {
    address private constant ALICE = address(0xA11CE);
    address private constant BOB = address(0xB0B);

    function setUp() external {
        _deploy(100_000_000 ether);
    }

    // ---------------------------------------------------------------- keys

    function test_registers_with_proofs_of_both_keys() external {
        uint32 id = _register(1, SELF, 500);
        vm.assertEq(id, 1);
        vm.assertEq(staking.signerOf(id), vm.addr(_signerSecret(1)));
        vm.assertEq(Bls12381.encode(staking.blsKeyOf(id)), Bls12381.encode(Bls.publicKey(_blsSecret(1))));
        vm.assertEq(uint256(staking.idOfOperator(_operator(1))), 1);
    }

    function test_refuses_a_rogue_key() external {
        KeyProofs memory proofs = _proofs(1, _operator(1));
        PublicKey memory victim = Bls.publicKey(_blsSecret(2));
        proofs.blsKey = Bls12381.encode(Bls12381.subtract(Bls.publicKey(_blsSecret(1)), victim));
        _expectRefusal(proofs, ValidatorKeys.BadPossession.selector);
    }

    function test_refuses_proofs_copied_from_the_mempool() external {
        KeyProofs memory proofs = _proofs(1, _operator(2)); // made for someone else
        _expectRefusal(proofs, ValidatorKeys.BadBinding.selector);
        proofs.binding = _proofs(1, _operator(1)).binding;
        _expectRefusal(proofs, ValidatorKeys.BadSignerProof.selector);
    }

    function test_refuses_a_key_that_is_in_use() external {
        _register(2, SELF, 0);
        _expectRefusal(_proofs(2, _operator(1)), ValidatorKeys.KeyInUse.selector);
        KeyProofs memory proofs = _proofs(1, _operator(1));
        KeyProofs memory used = _proofs(2, _operator(1));
        (proofs.baseKeyX, proofs.baseKeyParity, proofs.signerProof) =
            (used.baseKeyX, used.baseKeyParity, used.signerProof);
        _expectRefusal(proofs, ValidatorKeys.KeyInUse.selector);
    }

    function _expectRefusal(KeyProofs memory proofs, bytes4 selector) private {
        _fund(_operator(1), SELF);
        vm.prank(_operator(1));
        vm.expectRevert(selector);
        staking.register(proofs, 0, SELF, 0);
    }

    function testFuzz_a_chain_key_is_base_plus_tweak_and_of_one_chain(uint256 secret) external {
        secret = bounded(secret, 1, ChainKeys.N - 1);
        (uint256 x, uint8 parity) = _base(secret);
        uint256 tweak = ChainKeys.tweakOf(x, parity, L2_CHAIN_ID, address(staking));
        uint256 chainSecret = addmod(secret, tweak, ChainKeys.N);
        address key = staking.keys().chainKeyOf(x, parity);
        vm.assertEq(key, vm.addr(chainSecret));
        vm.assertTrue(key != ChainKeys.chainKeyOf(x, parity, L2_CHAIN_ID + 1, address(staking)));
        vm.chainId(5);
        vm.assertTrue(key != staking.keys().chainKeyOf(x, parity));
    }

    // ---------------------------------------------------------------- stake by epoch

    function test_stake_counts_two_epochs_ahead() external {
        uint32 id = _register(1, SELF, 0);
        uint48 now_ = staking.currentEpoch();
        vm.assertEq(uint256(staking.stakeAt(id, now_ + 1)), 0);
        vm.assertEq(uint256(staking.stakeAt(id, now_ + 2)), SELF);
        _delegate(ALICE, id, 5_000 ether);
        vm.assertEq(uint256(staking.stakeAt(id, now_ + 2)), SELF + 5_000 ether);
        (uint32[] memory ids, uint96[] memory stakes) = staking.stakeTable(now_ + 2);
        vm.assertEq(ids.length, 1);
        vm.assertEq(uint256(stakes[0]), SELF + 5_000 ether);
    }

    function test_an_epochs_table_never_changes_once_it_has_begun() external {
        _registerMany(4);
        _delegate(ALICE, 1, 5_000 ether);
        uint48 epoch = staking.currentEpoch();
        bytes32 before = _tableHash(epoch);
        _delegate(BOB, 2, 7_000 ether);
        vm.prank(ALICE);
        staking.undelegate(1, 1_000 ether);
        vm.prank(_operator(3));
        staking.retire();
        vm.prank(address(slasher));
        staking.slash(4, epoch, 500_000, REPORTER, 10);
        vm.assertEq(_tableHash(epoch), before);
        _toEpoch(epoch + 40);
        vm.assertEq(_tableHash(epoch), before);
        (uint32[] memory ids,) = staking.stakeTable(epoch + 40);
        vm.assertEq(ids.length, 2); // 3 left, 4 is jailed
    }

    function test_stake_cannot_be_in_two_places_in_one_epoch() external {
        _registerMany(2);
        _delegate(ALICE, 1, 5_000 ether);
        _toEpoch(staking.currentEpoch() + 2);
        uint48 start = staking.currentEpoch();
        vm.prank(ALICE);
        uint256 request = staking.undelegate(1, 5_000 ether);
        // The tokens are not hers before unbonding is over, long after they left the table.
        vm.prank(ALICE);
        vm.expectRevert();
        staking.delegate(2, 5_000 ether);
        (,, uint48 exitEpoch,) = staking.requests(request);
        _toEpoch(exitEpoch + UNBONDING);
        vm.prank(ALICE);
        staking.withdraw(request);
        vm.prank(ALICE);
        staking.delegate(2, 5_000 ether);
        for (uint48 e = start; e < staking.currentEpoch() + 4; ++e) {
            uint256 hers = staking.stakeAt(1, e) + staking.stakeAt(2, e) - 2 * uint256(SELF);
            vm.assertLe(hers, 5_000 ether);
        }
    }

    function test_withdrawal_waits_for_unbonding_and_for_its_owner() external {
        _registerMany(1);
        _delegate(ALICE, 1, 5_000 ether);
        vm.prank(ALICE);
        uint256 request = staking.undelegate(1, 2_000 ether);
        (,, uint48 exitEpoch,) = staking.requests(request);
        vm.assertGt(uint256(UNBONDING) * EPOCH, 7 days);
        _toEpoch(exitEpoch + UNBONDING - 1);
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(Staking.StillUnbonding.selector, exitEpoch + UNBONDING));
        staking.withdraw(request);
        _toEpoch(exitEpoch + UNBONDING);
        vm.prank(BOB);
        vm.expectRevert(Staking.NotYourRequest.selector);
        staking.withdraw(request);
        vm.prank(ALICE);
        staking.withdraw(request);
        vm.assertEq(token.balanceOf(ALICE), 2_000 ether);
        vm.prank(ALICE);
        vm.expectRevert(Staking.NotYourRequest.selector);
        staking.withdraw(request);
    }

    function test_undelegates_no_more_than_there_is() external {
        _registerMany(1);
        _delegate(ALICE, 1, 5_000 ether);
        vm.prank(ALICE);
        vm.expectRevert();
        staking.undelegate(1, 5_000 ether + 1);
        vm.prank(BOB);
        vm.expectRevert();
        staking.undelegate(1, 1);
    }

    function test_queues_what_exceeds_the_churn() external {
        _deploy(100_000 ether);
        uint48 now_ = staking.currentEpoch();
        _register(1, SELF, 0); // fills the epoch
        _register(2, SELF, 0);
        _register(3, 250_000 ether, 0);
        vm.assertEq(uint256(staking.stakeAt(1, now_ + 2)), SELF);
        vm.assertEq(uint256(staking.stakeAt(2, now_ + 2)), 0);
        vm.assertEq(uint256(staking.stakeAt(2, now_ + 3)), SELF);
        vm.assertEq(uint256(staking.stakeAt(3, now_ + 5)), 0);
        vm.assertEq(uint256(staking.stakeAt(3, now_ + 6)), 250_000 ether);
        _toEpoch(now_ + 10);
        // Exits: so much in a stride of twelve epochs.
        vm.prank(_operator(1));
        staking.retire();
        vm.prank(_operator(2));
        staking.retire();
        (,, uint48 first,) = staking.requests(0);
        (,, uint48 second,) = staking.requests(1);
        vm.assertEq(first % 12, 0);
        vm.assertEq(uint256(second), uint256(first) + 12);
    }

    function test_an_operator_below_the_floor_has_no_part() external {
        _registerMany(1);
        _delegate(ALICE, 1, 50_000 ether);
        vm.prank(_operator(1));
        staking.undelegate(1, uint128(SELF) - 9_999 ether);
        (,, uint48 exitEpoch,) = staking.requests(0);
        vm.assertGt(uint256(staking.stakeAt(1, exitEpoch - 1)), 0);
        vm.assertEq(uint256(staking.stakeAt(1, exitEpoch)), 0);
    }

    function test_a_higher_bid_takes_the_seat() external {
        staking.setParameters(10_000 ether, 1 ether, 100_000_000 ether, 2);
        _register(1, SELF, 0);
        _register(2, 2 * SELF, 0);
        _fund(_operator(3), 2 * SELF);
        KeyProofs memory proofs = _proofs(3, _operator(3));
        vm.prank(_operator(3));
        vm.expectRevert(Staking.NotOutbid.selector);
        staking.register(proofs, 0, 2 * SELF, 2);
        vm.prank(_operator(3));
        staking.register(proofs, 0, 2 * SELF, 1);
        _toEpoch(staking.currentEpoch() + 3);
        (uint32[] memory ids,) = staking.stakeTable(staking.currentEpoch());
        vm.assertEq(ids.length, 2);
        vm.assertEq(uint256(ids[0]), 2);
        vm.assertEq(uint256(ids[1]), 3);
        vm.prank(_operator(1)); // whose stake is still its own
        staking.undelegate(1, uint128(SELF));
    }

    function test_a_listing_is_freed_when_nothing_can_be_said_of_it_any_more() external {
        _registerMany(2);
        vm.prank(_operator(1));
        staking.retire();
        vm.expectRevert(abi.encodeWithSelector(Staking.NotDelistable.selector, 1));
        staking.delist(1);
        vm.expectRevert(abi.encodeWithSelector(Staking.NotDelistable.selector, 2));
        staking.delist(2);
        _toEpoch(staking.currentEpoch() + 12 + UNBONDING + 4);
        staking.delist(1);
        vm.assertEq(staking.listedValidators().length, 1);
    }

    // ---------------------------------------------------------------- commission

    function test_commission_rises_slowly_and_is_announced() external {
        _registerMany(1);
        uint48 epoch = staking.currentEpoch();
        vm.prank(_operator(1));
        vm.expectRevert(Staking.BadCommission.selector);
        staking.setCommission(1501);
        vm.prank(_operator(1));
        staking.setCommission(1500);
        vm.assertEq(uint256(staking.commissionOf(1, epoch + 1)), 1000);
        vm.assertEq(uint256(staking.commissionOf(1, epoch + 2)), 1500);
        vm.prank(_operator(1)); // not in two steps at once
        vm.expectRevert(Staking.BadCommission.selector);
        staking.setCommission(2000);
    }

    // ---------------------------------------------------------------- slashing

    function test_a_slash_is_shared_pro_rata() external {
        _registerMany(1);
        _delegate(ALICE, 1, 100_000 ether);
        uint48 present = staking.currentEpoch();
        vm.prank(address(slasher));
        (uint256 slashed, uint256 reward) = staking.slash(1, present, 100_000, REPORTER, 5);
        vm.assertEq(slashed, 20_000 ether);
        vm.assertEq(staking.stakeOf(1, ALICE), 90_000 ether);
        vm.assertEq(staking.stakeOf(1, _operator(1)), 90_000 ether);
        vm.assertEq(reward, 1_000 ether);
        vm.assertEq(token.balanceOf(REPORTER), 1_000 ether);
        vm.assertEq(token.balanceOf(TREASURY), 19_000 ether);
        vm.assertEq(uint256(staking.stakeAt(1, staking.currentEpoch() + 1)), 0); // jailed
    }

    function test_what_is_unbonding_answers_for_what_was_done_before_it_left() external {
        _registerMany(1);
        _delegate(ALICE, 1, 100_000 ether);
        _toEpoch(staking.currentEpoch() + 2);
        uint48 before = staking.currentEpoch();
        vm.prank(ALICE);
        uint256 request = staking.undelegate(1, 50_000 ether);
        (,, uint48 exitEpoch,) = staking.requests(request);
        _toEpoch(exitEpoch + 20);
        // After it left: not liable.
        vm.prank(address(slasher));
        staking.slash(1, exitEpoch, 100_000, REPORTER, 1);
        vm.assertEq(staking.totalUnbonding(), 50_000 ether);
        // Before: liable.
        vm.prank(address(slasher));
        staking.slash(1, before, 100_000, REPORTER, 1);
        vm.assertEq(staking.totalUnbonding(), 45_000 ether);
        _toEpoch(exitEpoch + UNBONDING);
        vm.prank(ALICE);
        vm.assertEq(staking.withdraw(request), 45_000 ether);
    }

    /// However much others have delegated, and however the operator splits: it always loses.
    function testFuzz_reporting_oneself_loses_money(uint96 own, uint96 others, uint256 ppm, bool isLeaving) external {
        own = uint96(bounded(own, 10_000 ether, 50_000_000 ether));
        others = uint96(bounded(others, 1 ether, 400_000_000 ether));
        ppm = bounded(ppm, 1, 1e6);
        _register(1, own, 5000);
        _delegate(ALICE, 1, others);
        _toEpoch(staking.currentEpoch() + 40);
        uint48 epoch = staking.currentEpoch();
        if (isLeaving) {
            vm.prank(_operator(1));
            staking.retire();
        }
        vm.prank(address(slasher));
        (, uint256 reward) = staking.slash(1, epoch, ppm, REPORTER, type(uint48).max);
        uint256 lost = uint256(own) * ppm / 1e6;
        vm.assertLe(reward, lost / 4 + 1);
    }

    function test_nobody_but_the_slasher_slashes() external {
        _registerMany(1);
        vm.expectRevert(Staking.NotSlasher.selector);
        staking.slash(1, 0, 1e6, address(this), 1);
        vm.prank(ALICE);
        vm.expectRevert(Staking.NotSlasher.selector);
        staking.thaw(1);
    }

    function test_owner_alone_sets_wiring_and_parameters() external {
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, ALICE));
        staking.setParameters(1, 1, 1, 1);
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, ALICE));
        staking.setWiring(ALICE, ALICE, stakedVotes);
    }

    function test_unbonding_outlasts_the_challenge_window() external {
        Staking.Config memory c = _stakingConfig(1 ether);
        c.challengeWindow = UNBONDING * EPOCH;
        vm.expectRevert(
            abi.encodeWithSelector(Staking.BadConfig.selector, "unbonding must outlast the challenge window")
        );
        new Staking(c, address(this));
    }

    // ---------------------------------------------------------------- rounding

    /// Delegating and leaving again in any pieces never gives more than was put in; what rounding
    /// leaves behind, a wei at a time, stays with those who are still there.
    function testFuzz_dust_drains_nothing(uint96[4] memory amounts, uint256 ppm, uint128 piece) external {
        _registerMany(1);
        ppm = bounded(ppm, 1, 999_999);
        vm.prank(address(slasher));
        staking.slash(1, 0, ppm, address(0), 1);
        for (uint256 i; i < 4; ++i) {
            amounts[i] = uint96(bounded(amounts[i], 1 ether, 1_000_000 ether));
            address who = address(uint160(0xD0 + i));
            _delegate(who, 1, amounts[i]);
            vm.assertLe(staking.stakeOf(1, who), amounts[i]);
        }
        for (uint256 i; i < 4; ++i) {
            address who = address(uint160(0xD0 + i));
            uint128 shares = staking.sharesOf(1, who);
            uint128 first = uint128(bounded(piece, 1, shares));
            _tryUndelegate(who, first);
            _tryUndelegate(who, staking.sharesOf(1, who));
        }
        _toEpoch(staking.currentEpoch() + 40 + UNBONDING);
        for (uint256 r; r < staking.requestCount(); ++r) {
            (address account,,,) = staking.requests(r);
            vm.prank(account);
            staking.withdraw(r);
        }
        uint256 in_;
        uint256 out;
        for (uint256 i; i < 4; ++i) {
            uint256 got = token.balanceOf(address(uint160(0xD0 + i)));
            vm.assertLe(got, amounts[i] + 8);
            in_ += amounts[i];
            out += got;
        }
        vm.assertLe(out, in_);
        vm.assertGe(token.balanceOf(address(staking)), staking.totalBonded() + staking.totalUnbonding());
    }

    function _tryUndelegate(address who, uint128 shares) private {
        vm.prank(who);
        try staking.undelegate(1, shares) {} catch {}
    }

    function _tableHash(uint48 epoch) private view returns (bytes32) {
        (uint32[] memory ids, uint96[] memory stakes) = staking.stakeTable(epoch);
        return keccak256(abi.encode(ids, stakes));
    }
}

/// A token that calls whoever it pays back in, and tries to be paid twice.
contract CallingToken {
    mapping(address => uint256) public balanceOf;
    address public target;
    bytes public callback;
    bool private isInside;
    bool public wasRefused;

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function arm(address target_, bytes calldata callback_) external {
        target = target_;
        callback = callback_;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        _move(msg.sender, to, amount);
        return true;
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        _move(from, to, amount);
        return true;
    }

    function _move(address from, address to, uint256 amount) private {
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
        if (target != address(0) && !isInside) {
            isInside = true;
            (bool ok,) = target.call(callback);
            wasRefused = !ok;
            isInside = false;
        }
    }
}

/// MEGA calls nobody; staking holds against a token that does.
contract StakingReentrancyTest is StakingWorld {
    function test_reentering_on_a_transfer_is_refused() external {
        _deployL1();
        CallingToken calling = new CallingToken();
        Staking.Config memory c = _stakingConfig(100_000_000 ether);
        c.token = IERC20(address(calling));
        staking = new Staking(c, address(this));
        staking.setWiring(address(this), TREASURY, stakedVotes);
        calling.mint(_operator(1), SELF);
        KeyProofs memory proofs = _proofs(1, _operator(1));
        vm.prank(_operator(1));
        staking.register(proofs, 0, SELF, 0);
        calling.mint(address(calling), 10 ether);
        vm.prank(address(calling));
        staking.delegate(1, 10 ether);
        vm.prank(address(calling));
        uint256 first = staking.undelegate(1, 5 ether);
        vm.prank(address(calling));
        staking.undelegate(1, 5 ether);
        _toEpoch(staking.currentEpoch() + 40 + UNBONDING);
        calling.arm(address(staking), abi.encodeCall(Staking.withdraw, (first + 1)));
        vm.prank(address(calling));
        staking.withdraw(first);
        vm.assertTrue(calling.wasRefused());
        vm.assertEq(calling.balanceOf(address(calling)), 5 ether);
        calling.arm(address(staking), abi.encodeCall(Staking.delegate, (1, 1 ether)));
        staking.slash(1, 0, 100_000, REPORTER, 1);
        vm.assertTrue(calling.wasRefused());
    }
}
