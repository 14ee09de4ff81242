// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Staking} from "../../src/staking/Staking.sol";
import {StakePoint} from "../../src/staking/lib/StakeHistory.sol";
import {bounded, vm} from "../support/Vm.sol";
import {StakingWorld} from "./StakingWorld.sol";

/// Delegators, operators, slashes and time in any order.
contract StakingHandler is StakingWorld {
    uint32 public constant VALIDATORS = 4;
    uint256 public constant PEOPLE = 3;
    mapping(uint32 => bool) public wasSlashed;
    mapping(uint48 => bytes32) public seenTable;
    uint48[] public seenEpochs;
    uint256 public paidIn;

    constructor() {
        _deploy(150_000 ether);
        for (uint256 i = 1; i <= VALIDATORS; ++i) {
            _register(i, SELF, 1000);
        }
        _toEpoch(6);
        for (uint256 i; i < PEOPLE; ++i) {
            _fund(_person(i), 10_000_000 ether);
        }
        _see();
    }

    function stakingOf() external view returns (Staking) {
        return staking;
    }

    function supplyIsWhole() external view returns (bool) {
        uint256 sum = token.balanceOf(address(this)) + token.balanceOf(address(staking)) + token.balanceOf(TREASURY)
            + token.balanceOf(REPORTER);
        for (uint256 i; i < PEOPLE; ++i) {
            sum += token.balanceOf(_person(i));
        }
        for (uint256 i = 1; i <= VALIDATORS; ++i) {
            sum += token.balanceOf(_operator(i));
        }
        return sum == token.totalSupply() && sum == token.CAP();
    }

    function balance() external view returns (uint256) {
        return token.balanceOf(address(staking));
    }

    function delegate(uint256 who, uint32 id, uint96 amount) external {
        amount = uint96(bounded(amount, 1 ether, 300_000 ether));
        vm.prank(_person(who % PEOPLE));
        try staking.delegate(1 + id % VALIDATORS, amount) {} catch {}
        _see();
    }

    function undelegate(uint256 who, uint32 id, uint128 shares) external {
        id = 1 + id % VALIDATORS;
        address account = who % 4 == 3 ? _operator(id) : _person(who % PEOPLE);
        uint128 held = staking.sharesOf(id, account);
        if (held == 0) return;
        vm.prank(account);
        try staking.undelegate(id, uint128(bounded(shares, 1, held))) {} catch {}
        _see();
    }

    function withdraw(uint256 request) external {
        uint256 count = staking.requestCount();
        if (count == 0) return;
        request = request % count;
        (address account,,,) = staking.requests(request);
        if (account == address(0)) return;
        vm.prank(account);
        try staking.withdraw(request) {} catch {}
    }

    function slash(uint32 id, uint256 ppm, uint48 back, bool isForEver) external {
        id = 1 + id % VALIDATORS;
        uint48 present = staking.currentEpoch();
        back = back % 50;
        vm.prank(address(slasher));
        staking.slash(
            id,
            present > back ? present - back : 0,
            bounded(ppm, 1, 300_000),
            REPORTER,
            isForEver && id == 4 ? type(uint48).max : 3
        );
        wasSlashed[id] = true;
        _see();
    }

    function comeBack(uint32 id) external {
        vm.prank(_operator(1 + id % VALIDATORS));
        try staking.unjail() {} catch {}
        _see();
    }

    function pass(uint48 count) external {
        _toEpoch(staking.currentEpoch() + 1 + count % 40);
        _see();
    }

    /// Remembers the present epoch's table.
    function _see() private {
        uint48 epoch = staking.currentEpoch();
        if (seenTable[epoch] == 0) {
            seenTable[epoch] = hashOfTable(epoch);
            seenEpochs.push(epoch);
        }
    }

    function seenCount() external view returns (uint256) {
        return seenEpochs.length;
    }

    function hashOfTable(uint48 epoch) public view returns (bytes32) {
        (uint32[] memory ids, uint96[] memory stakes) = staking.stakeTable(epoch);
        return keccak256(abi.encode(ids, stakes));
    }

    function person(uint256 i) external pure returns (address) {
        return _person(i);
    }

    function operator(uint256 i) external pure returns (address) {
        return _operator(i);
    }

    function _person(uint256 i) private pure returns (address) {
        return address(uint160(0xBEEF00 + i));
    }
}

contract StakingInvariant {
    StakingHandler private handler;
    Staking private staking;

    function setUp() external {
        handler = new StakingHandler();
        staking = handler.stakingOf();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_supply_is_conserved() external view {
        vm.assertTrue(handler.supplyIsWhole());
    }

    function invariant_balance_is_what_is_bonded_and_unbonding() external view {
        vm.assertEq(handler.balance(), staking.totalBonded() + staking.totalUnbonding());
        uint256 bonded;
        uint256 unbonding;
        for (uint32 id = 1; id <= handler.VALIDATORS(); ++id) {
            (,,,,,,, uint96 stake,) = staking.validators(id);
            bonded += stake;
            uint48[] memory exits = staking.exitEpochsOf(id);
            for (uint256 i; i < exits.length; ++i) {
                (uint96 exiting,,) = staking.exitPools(id, exits[i]);
                unbonding += exiting;
            }
        }
        vm.assertEq(bonded, staking.totalBonded());
        vm.assertEq(unbonding, staking.totalUnbonding());
    }

    function invariant_shares_add_up_and_are_never_worth_more_than_the_pool() external view {
        for (uint32 id = 1; id <= handler.VALIDATORS(); ++id) {
            (,,,,,,, uint96 stake, uint128 shares) = staking.validators(id);
            uint256 sum = staking.sharesOf(id, handler.operator(id));
            uint256 worth = staking.stakeOf(id, handler.operator(id));
            for (uint256 i; i < handler.PEOPLE(); ++i) {
                sum += staking.sharesOf(id, handler.person(i));
                worth += staking.stakeOf(id, handler.person(i));
            }
            vm.assertEq(sum, shares);
            vm.assertLe(worth, stake);
        }
    }

    function invariant_past_tables_stand() external view {
        for (uint256 i; i < handler.seenCount(); ++i) {
            uint48 epoch = handler.seenEpochs(i);
            vm.assertEq(handler.hashOfTable(epoch), handler.seenTable(epoch));
        }
    }

    function invariant_the_last_checkpoint_is_the_pool() external view {
        for (uint32 id = 1; id <= handler.VALIDATORS(); ++id) {
            StakePoint[] memory points = staking.historyOf(id);
            (,,,,,,, uint96 stake,) = staking.validators(id);
            vm.assertEq(uint256(points[points.length - 1].stake), stake);
            for (uint256 i = 1; i < points.length; ++i) {
                vm.assertLt(points[i - 1].epoch, points[i].epoch);
            }
        }
    }

    function invariant_nobody_loses_without_a_slash() external view {
        for (uint32 id = 1; id <= handler.VALIDATORS(); ++id) {
            (,,,,,,, uint96 stake, uint128 shares) = staking.validators(id);
            if (!handler.wasSlashed(id)) {
                vm.assertEq(uint256(stake), shares); // a share is still one wei
            }
        }
    }
}
