// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {VestingWallet} from "@openzeppelin/contracts/finance/VestingWallet.sol";
import {VestingWalletCliff} from "@openzeppelin/contracts/finance/VestingWalletCliff.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// One line of the genesis distribution. With a duration of 0 the beneficiary gets it at once.
struct Allocation {
    string name;
    address beneficiary;
    uint256 amount;
    uint64 start;
    uint64 duration; // seconds of linear vesting, the cliff included
    uint64 cliff; // seconds before which nothing is free
}

/// Holds an allocation and frees it to its owner in the course of time.
contract MegaVesting is VestingWalletCliff {
    constructor(address beneficiary, uint64 start_, uint64 duration_, uint64 cliff_)
        VestingWallet(beneficiary, start_, duration_)
        VestingWalletCliff(cliff_)
    {}
}

/// Hands the whole supply out, once, by a list whose hash is fixed at deployment. Anyone may start
/// it; it pays all or nothing, and only when the list adds up to what there is.
contract Distributor {
    using SafeERC20 for IERC20;

    error WrongList();
    error AlreadyDone();
    error DoesNotSumToSupply(uint256 sum, uint256 supply);
    error BadAllocation(uint256 index);

    event Allocated(string name, address indexed beneficiary, address indexed paidTo, uint256 amount);

    bytes32 public immutable listHash;
    /// By token: a worthless one must not use up the list.
    mapping(IERC20 => bool) public isDone;

    constructor(bytes32 listHash_) {
        listHash = listHash_;
    }

    function distribute(IERC20 token, Allocation[] calldata list) external {
        if (keccak256(abi.encode(list)) != listHash) {
            revert WrongList();
        }
        if (isDone[token]) {
            revert AlreadyDone();
        }
        uint256 sum;
        for (uint256 i; i < list.length; ++i) {
            sum += list[i].amount;
        }
        uint256 supply = token.totalSupply();
        if (sum != supply || token.balanceOf(address(this)) != supply) {
            revert DoesNotSumToSupply(sum, supply);
        }
        isDone[token] = true;
        for (uint256 i; i < list.length; ++i) {
            address to = _walletOf(list[i], i);
            emit Allocated(list[i].name, list[i].beneficiary, to, list[i].amount);
            token.safeTransfer(to, list[i].amount);
        }
    }

    function _walletOf(Allocation calldata line, uint256 index) private returns (address) {
        bool isSound = line.beneficiary != address(0) && line.amount > 0 && line.cliff <= line.duration
            && (line.duration == 0 || line.start > 0);
        if (!isSound) {
            revert BadAllocation(index);
        }
        if (line.duration == 0) {
            return line.beneficiary;
        }
        return address(new MegaVesting(line.beneficiary, line.start, line.duration, line.cliff));
    }
}
