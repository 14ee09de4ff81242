// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {Allocation, Distributor, MegaVesting} from "../../src/token/Distributor.sol";
import {MegaToken} from "../../src/token/MegaToken.sol";
import {vm} from "../support/Vm.sol";

/// Would take tokens and tell; MEGA never calls it.
contract Listener {
    uint256 public calls;

    fallback() external {
        ++calls;
    }
}

contract TokenTest {
    address private constant ALICE = address(0xA11CE);
    string private constant FILE = "contracts/config/distribution.json";

    function test_mints_the_cap_once_and_nothing_after() external {
        MegaToken token = new MegaToken(ALICE);
        vm.assertEq(token.totalSupply(), 1_000_000_000e18);
        vm.assertEq(token.balanceOf(ALICE), token.CAP());
        vm.assertEq(uint256(token.decimals()), 18);
        (bool ok,) = address(token).call(abi.encodeWithSignature("mint(address,uint256)", ALICE, 1));
        vm.assertFalse(ok);
        (ok,) = address(token).call(abi.encodeWithSignature("burn(uint256)", 1));
        vm.assertFalse(ok);
        (ok,) = address(token).call(abi.encodeWithSignature("owner()"));
        vm.assertFalse(ok);
    }

    function testFuzz_a_transfer_moves_exactly_its_amount_and_calls_nobody(uint256 amount) external {
        MegaToken token = new MegaToken(address(this));
        Listener listener = new Listener();
        amount %= token.CAP() + 1;
        token.transfer(address(listener), amount);
        vm.assertEq(token.balanceOf(address(listener)), amount);
        vm.assertEq(token.balanceOf(address(this)), token.CAP() - amount);
        vm.assertEq(listener.calls(), 0);
    }

    function test_permit_lets_a_signature_approve() external {
        MegaToken token = new MegaToken(address(this));
        uint256 key = 0xA11CE;
        bytes32 digest = keccak256(
            abi.encodePacked(
                hex"1901",
                token.DOMAIN_SEPARATOR(),
                keccak256(
                    abi.encode(
                        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                        vm.addr(key),
                        address(this),
                        5 ether,
                        0,
                        type(uint256).max
                    )
                )
            )
        );
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        token.permit(vm.addr(key), address(this), 5 ether, type(uint256).max, v, r, s);
        vm.assertEq(token.allowance(vm.addr(key), address(this)), 5 ether);
        vm.expectRevert();
        token.permit(vm.addr(key), address(this), 5 ether, type(uint256).max, v, r, s);
    }

    /// The file as `tools/check-distribution` checks it, on chain.
    function test_the_genesis_distribution_pays_out_the_cap() external {
        Allocation[] memory list = _list();
        Distributor distributor = new Distributor(keccak256(abi.encode(list)));
        MegaToken token = new MegaToken(address(distributor));
        distributor.distribute(token, list);
        vm.assertEq(token.balanceOf(address(distributor)), 0);
        for (uint256 i; i < list.length; ++i) {
            if (list[i].duration == 0) {
                vm.assertGe(token.balanceOf(list[i].beneficiary), list[i].amount);
            }
        }
        vm.expectRevert(Distributor.AlreadyDone.selector);
        distributor.distribute(token, list);
    }

    function test_refuses_a_list_that_was_not_agreed_or_does_not_sum_up() external {
        Allocation[] memory list = _list();
        Distributor distributor = new Distributor(keccak256(abi.encode(list)));
        MegaToken token = new MegaToken(address(distributor));
        list[0].amount -= 1;
        vm.expectRevert(Distributor.WrongList.selector);
        distributor.distribute(token, list);
        Distributor short = new Distributor(keccak256(abi.encode(list)));
        MegaToken other = new MegaToken(address(short));
        vm.expectRevert(
            abi.encodeWithSelector(Distributor.DoesNotSumToSupply.selector, token.CAP() - 1, token.CAP())
        );
        short.distribute(other, list);
    }

    function test_a_worthless_token_does_not_use_the_list_up() external {
        Allocation[] memory list = _list();
        Distributor distributor = new Distributor(keccak256(abi.encode(list)));
        MegaToken token = new MegaToken(address(distributor));
        MegaToken fake = new MegaToken(address(distributor));
        distributor.distribute(fake, list);
        distributor.distribute(token, list);
        vm.assertEq(token.balanceOf(address(distributor)), 0);
    }

    function test_nothing_is_free_before_the_cliff_and_all_at_the_end() external {
        vm.warp(1_800_000_000);
        MegaVesting wallet = new MegaVesting(ALICE, 1_800_000_000, 400, 100);
        MegaToken token = new MegaToken(address(wallet));
        vm.warp(1_800_000_099);
        vm.assertEq(wallet.releasable(address(token)), 0);
        vm.warp(1_800_000_100);
        vm.assertEq(wallet.releasable(address(token)), token.CAP() / 4);
        wallet.release(address(token));
        vm.assertEq(token.balanceOf(ALICE), token.CAP() / 4);
        vm.warp(1_800_000_400);
        wallet.release(address(token));
        vm.assertEq(token.balanceOf(ALICE), token.CAP());
    }

    function _list() private view returns (Allocation[] memory list) {
        string memory json = vm.readFile(FILE);
        uint256 count = vm.parseJsonUint(json, ".count");
        list = new Allocation[](count);
        for (uint256 i; i < count; ++i) {
            string memory at = string.concat(".allocations[", vm.toString(i), "].");
            list[i] = Allocation({
                name: vm.parseJsonString(json, string.concat(at, "name")),
                beneficiary: vm.parseJsonAddress(json, string.concat(at, "beneficiary")),
                amount: vm.parseJsonUint(json, string.concat(at, "amount")),
                start: uint64(vm.parseJsonUint(json, string.concat(at, "start"))),
                duration: uint64(vm.parseJsonUint(json, string.concat(at, "duration"))),
                cliff: uint64(vm.parseJsonUint(json, string.concat(at, "cliff")))
            });
        }
    }
}
