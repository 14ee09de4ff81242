// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

// What a deployment takes from OpenZeppelin as it is; named here so that its artifacts are built.
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {TransparentUpgradeableProxy} from
    "@openzeppelin/contracts/proxy/transparent/TransparentUpgradeableProxy.sol";
