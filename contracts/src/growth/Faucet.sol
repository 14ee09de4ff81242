// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";

/// Gives the chain's native currency away on test networks: so much to a recipient in so much time,
/// and so much in all. On L2 the native currency is MEGA. A relay may ask on behalf of those who
/// have no gas yet.
contract Faucet is Ownable2Step {
    error TooSoon(uint256 until);
    error DayIsSpent(uint256 given, uint256 limit);
    error NoContracts();
    error TransferFailed();
    error Empty();

    event Given(address indexed to, uint256 amount);
    event LimitsSet(uint256 amount, uint64 interval, uint256 perDay);

    uint256 public amount;
    uint64 public interval; // seconds between two gifts to one recipient
    uint256 public perDay;
    mapping(address => uint256) public nextAt;
    mapping(uint256 => uint256) public givenOn; // by day

    constructor(uint256 amount_, uint64 interval_, uint256 perDay_, address owner_) payable Ownable(owner_) {
        _set(amount_, interval_, perDay_);
    }

    receive() external payable {}

    function give(address payable to) external {
        // A contract could be made anew for every gift, and would run in the middle of this one.
        if (to.code.length != 0) {
            revert NoContracts();
        }
        if (block.timestamp < nextAt[to]) {
            revert TooSoon(nextAt[to]);
        }
        uint256 day = block.timestamp / 1 days;
        if (givenOn[day] + amount > perDay) {
            revert DayIsSpent(givenOn[day], perDay);
        }
        if (address(this).balance < amount) {
            revert Empty();
        }
        nextAt[to] = block.timestamp + interval;
        givenOn[day] += amount;
        emit Given(to, amount);
        (bool ok,) = to.call{value: amount}("");
        if (!ok) {
            revert TransferFailed();
        }
    }

    function setLimits(uint256 amount_, uint64 interval_, uint256 perDay_) external onlyOwner {
        _set(amount_, interval_, perDay_);
    }

    function withdraw(address payable to) external onlyOwner {
        (bool ok,) = to.call{value: address(this).balance}("");
        if (!ok) {
            revert TransferFailed();
        }
    }

    function _set(uint256 amount_, uint64 interval_, uint256 perDay_) private {
        amount = amount_;
        interval = interval_;
        perDay = perDay_;
        emit LimitsSet(amount_, interval_, perDay_);
    }
}
