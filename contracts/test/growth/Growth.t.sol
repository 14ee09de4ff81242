// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {Faucet} from "../../src/growth/Faucet.sol";
import {Grants} from "../../src/growth/Grants.sol";
import {LiquidityMining} from "../../src/growth/LiquidityMining.sol";
import {MegaToken} from "../../src/token/MegaToken.sol";
import {bounded, vm} from "../support/Vm.sol";

interface IUniswapV2Factory {
    function getPair(address a, address b) external view returns (address);
}

interface IUniswapV2Router {
    function addLiquidityETH(address token, uint256 amount, uint256 leastToken, uint256 leastEth, address to, uint256 deadline)
        external
        payable
        returns (uint256, uint256, uint256 liquidity);
    function swapExactETHForTokens(uint256 least, address[] calldata path, address to, uint256 deadline)
        external
        payable
        returns (uint256[] memory);
}

contract GrantsTest {
    MegaToken private token;
    Grants private grants;
    address private constant BUILDER = address(0xB1D);
    uint128[] private amounts;

    function setUp() external {
        vm.warp(1_800_000_000);
        token = new MegaToken(address(this));
        grants = new Grants(token, address(this));
        token.approve(address(grants), type(uint256).max);
        amounts.push(1_000 ether);
        amounts.push(3_000 ether);
        grants.make(BUILDER, amounts, 400 days, 100 days, "a client");
    }

    function test_a_milestone_vests_after_its_cliff() external {
        vm.assertEq(token.balanceOf(address(grants)), 4_000 ether);
        vm.expectRevert(Grants.NothingVested.selector);
        grants.pay(0);
        grants.approveMilestone(0, 0);
        vm.expectRevert(Grants.AlreadyApproved.selector);
        grants.approveMilestone(0, 0);
        vm.warp(block.timestamp + 99 days);
        vm.expectRevert(Grants.NothingVested.selector);
        grants.pay(0);
        vm.warp(block.timestamp + 101 days);
        grants.pay(0);
        vm.assertEq(token.balanceOf(BUILDER), 500 ether);
        vm.warp(block.timestamp + 900 days);
        grants.pay(0);
        vm.assertEq(token.balanceOf(BUILDER), 1_000 ether);
        vm.expectRevert(Grants.NothingVested.selector);
        grants.pay(0);
    }

    function test_a_clawback_takes_the_unvested_alone() external {
        uint256 before = token.balanceOf(address(this));
        grants.approveMilestone(0, 0);
        vm.warp(block.timestamp + 200 days);
        grants.clawBack(0);
        vm.assertEq(token.balanceOf(address(this)), before + 3_500 ether);
        vm.expectRevert(Grants.Ended.selector);
        grants.clawBack(0);
        vm.expectRevert(Grants.Ended.selector);
        grants.approveMilestone(0, 1);
        vm.warp(block.timestamp + 900 days);
        grants.pay(0);
        vm.assertEq(token.balanceOf(BUILDER), 500 ether);
        vm.assertEq(token.balanceOf(address(grants)), 0);
    }

    function test_others_neither_make_approve_nor_claw_back() external {
        bytes memory refused = abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, BUILDER);
        vm.prank(BUILDER);
        vm.expectRevert(refused);
        grants.make(BUILDER, amounts, 1, 0, "");
        vm.prank(BUILDER);
        vm.expectRevert(refused);
        grants.approveMilestone(0, 0);
        vm.prank(BUILDER);
        vm.expectRevert(refused);
        grants.clawBack(0);
        vm.expectRevert(Grants.NotGrantee.selector);
        grants.changeGrantee(0, address(this));
    }

    function testFuzz_never_more_than_the_grant_and_never_less_than_before(uint64[8] memory steps, bool isClawed) external {
        grants.approveMilestone(0, 0);
        uint256 before;
        for (uint256 i; i < 8; ++i) {
            vm.warp(block.timestamp + steps[i] % 120 days);
            if (i == 2) grants.approveMilestone(0, 1);
            if (i == 4 && isClawed) grants.clawBack(0);
            uint256 vested = grants.vestedOf(0);
            vm.assertGe(vested, before);
            vm.assertLe(vested, 4_000 ether);
            before = vested;
            try grants.pay(0) {} catch {}
            vm.assertEq(token.balanceOf(BUILDER), vested);
        }
    }
}

/// On Uniswap v2 as npm ships it: factory, router, WETH and a MEGA/ETH pair.
contract LiquidityMiningTest {
    address private constant ALICE = address(0xA11CE);
    address private constant BOB = address(0xB0B);

    MegaToken private token;
    IUniswapV2Router private router;
    address private weth;
    IERC20 private pair;
    LiquidityMining private mining;

    function setUp() external {
        vm.warp(1_800_000_000);
        token = new MegaToken(address(this));
        weth = _deploy("@uniswap/v2-periphery/build/WETH9.json", "");
        address factory = _deploy("@uniswap/v2-core/build/UniswapV2Factory.json", abi.encode(address(this)));
        router = IUniswapV2Router(
            _deploy("@uniswap/v2-periphery/build/UniswapV2Router02.json", abi.encode(factory, weth))
        );
        _provide(address(this), 1_000_000 ether, 500 ether);
        pair = IERC20(IUniswapV2Factory(factory).getPair(address(token), weth));
        _provide(ALICE, 10_000 ether, 5 ether);
        _provide(BOB, 30_000 ether, 15 ether);
        mining = new LiquidityMining(pair, token, address(this));
        token.approve(address(mining), type(uint256).max);
        vm.prank(ALICE);
        pair.approve(address(mining), type(uint256).max);
        vm.prank(BOB);
        pair.approve(address(mining), type(uint256).max);
    }

    receive() external payable {}

    function _deploy(string memory artifact, bytes memory arguments) private returns (address deployed) {
        string memory json = vm.readFile(string.concat("node_modules/", artifact));
        bytes memory code = abi.encodePacked(vm.parseJsonBytes(json, ".bytecode"), arguments);
        assembly {
            deployed := create(0, add(code, 32), mload(code))
        }
        vm.assertTrue(deployed.code.length > 0);
    }

    function _provide(address who, uint256 amount, uint256 eth) private {
        if (who != address(this)) token.transfer(who, amount);
        vm.deal(who, eth);
        vm.startPrank(who);
        token.approve(address(router), amount);
        router.addLiquidityETH{value: eth}(address(token), amount, 0, 0, who, block.timestamp);
        vm.stopPrank();
    }

    function test_the_pair_trades() external {
        address[] memory path = new address[](2);
        (path[0], path[1]) = (weth, address(token));
        vm.deal(ALICE, 1 ether);
        vm.prank(ALICE);
        router.swapExactETHForTokens{value: 1 ether}(0, path, ALICE, block.timestamp);
        vm.assertGt(token.balanceOf(ALICE), 1_900 ether);
    }

    function test_rewards_go_by_liquidity_and_time() external {
        mining.start(1_000 ether, 1_000);
        _stake(ALICE);
        vm.warp(block.timestamp + 500);
        _stake(BOB); // three times as much
        vm.warp(block.timestamp + 500);
        _near(mining.earned(ALICE), 625 ether);
        _near(mining.earned(BOB), 375 ether);
        vm.warp(block.timestamp + 500); // nothing after the end
        mining.pay(ALICE);
        mining.pay(BOB);
        _near(token.balanceOf(ALICE), 625 ether);
        _near(token.balanceOf(BOB), 375 ether);
        mining.pay(ALICE);
        _near(token.balanceOf(ALICE), 625 ether);
        vm.assertLe(token.balanceOf(ALICE) + token.balanceOf(BOB), 1_000 ether);
    }

    function test_idle_time_goes_back_to_the_funder() external {
        mining.start(1_000 ether, 1_000);
        vm.warp(block.timestamp + 400);
        _stake(ALICE);
        vm.expectRevert();
        mining.returnUnspent();
        vm.warp(block.timestamp + 600);
        uint256 before = token.balanceOf(address(this));
        mining.returnUnspent();
        vm.assertEq(token.balanceOf(address(this)), before + 400 ether);
        mining.pay(ALICE);
        _near(token.balanceOf(ALICE), 600 ether);
        vm.startPrank(ALICE);
        mining.unstake(mining.staked(ALICE));
        vm.expectRevert(LiquidityMining.NothingStaked.selector);
        mining.unstake(1);
        vm.stopPrank();
    }

    function test_a_stake_at_the_last_second_earns_a_second() external {
        mining.start(1_000 ether, 1_000);
        _stake(ALICE);
        vm.warp(block.timestamp + 999);
        _stake(BOB);
        vm.warp(block.timestamp + 1);
        vm.assertLe(mining.earned(BOB), 1 ether);
    }

    /// However often and in whatever amounts: the programme never pays more than it has.
    function testFuzz_pays_no_more_than_it_was_given(uint256[6] memory amounts, uint16[6] memory times) external {
        mining.start(1_000 ether, 10_000);
        for (uint256 i; i < 6; ++i) {
            address who = i % 2 == 0 ? ALICE : BOB;
            vm.startPrank(who);
            uint256 has = pair.balanceOf(who);
            if (has > 0) mining.stake(bounded(amounts[i], 1, has));
            vm.warp(block.timestamp + times[i] % 3_000);
            uint256 in_ = mining.staked(who);
            if (in_ > 0) mining.unstake(bounded(amounts[i], 1, in_));
            mining.pay(who);
            vm.stopPrank();
        }
        vm.warp(block.timestamp + 20_000);
        mining.pay(ALICE);
        mining.pay(BOB);
        mining.returnUnspent();
        vm.assertEq(pair.balanceOf(address(mining)), mining.totalStaked());
        vm.assertLe(token.balanceOf(ALICE) + token.balanceOf(BOB), 1_000 ether);
    }

    function _stake(address who) private {
        uint256 amount = pair.balanceOf(who);
        vm.prank(who);
        mining.stake(amount);
    }

    function _near(uint256 a, uint256 b) private pure {
        vm.assertLe(a, b);
        vm.assertGe(a + 1e12, b);
    }
}

contract FaucetTest {
    Faucet private faucet;
    address payable private constant ALICE = payable(address(0xA11CE));

    function setUp() external {
        vm.warp(1_800_000_000);
        vm.deal(address(this), 100 ether);
        faucet = new Faucet{value: 100 ether}(1 ether, 1 days, 3 ether, address(this));
    }

    function test_gives_once_in_an_interval() external {
        faucet.give(ALICE);
        vm.assertEq(ALICE.balance, 1 ether);
        vm.expectRevert(abi.encodeWithSelector(Faucet.TooSoon.selector, block.timestamp + 1 days));
        faucet.give(ALICE);
        vm.warp(block.timestamp + 1 days);
        faucet.give(ALICE);
        vm.assertEq(ALICE.balance, 2 ether);
    }

    function test_gives_so_much_a_day_and_no_more() external {
        for (uint160 i = 1; i <= 3; ++i) faucet.give(payable(address(0xF000 + i)));
        vm.expectRevert(abi.encodeWithSelector(Faucet.DayIsSpent.selector, 3 ether, 3 ether));
        faucet.give(ALICE);
    }

    function test_gives_nothing_to_contracts() external {
        vm.expectRevert(Faucet.NoContracts.selector);
        faucet.give(payable(address(this)));
    }

    function test_the_owner_alone_sets_limits_and_empties() external {
        bytes memory refused = abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, ALICE);
        vm.prank(ALICE);
        vm.expectRevert(refused);
        faucet.setLimits(1, 1, 1);
        vm.prank(ALICE);
        vm.expectRevert(refused);
        faucet.withdraw(ALICE);
    }
}
