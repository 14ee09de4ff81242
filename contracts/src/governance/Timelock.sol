// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// The owner of everything that can be changed: OpenZeppelin's TimelockController, as it is.
/// The Governor proposes and cancels, anyone executes what is due, and it administers itself: that
/// delay or roles change takes a proposal that waits for the delay.
contract Timelock is TimelockController {
    constructor(uint256 minDelay, address[] memory proposers, address[] memory executors, address admin)
        TimelockController(minDelay, proposers, executors, admin)
    {}
}
