// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {ISystemConfig} from "../interfaces/ISystemConfig.sol";

/// Base of the L1 contracts: they live behind proxies, know SystemConfig, and have its owner.
abstract contract Configured is Initializable {
    ISystemConfig public config; // slot 0

    error NotOwner(address caller);

    modifier onlyOwner() {
        require(msg.sender == config.owner(), NotOwner(msg.sender));
        _;
    }

    constructor() {
        _disableInitializers();
    }

    function _setConfig(ISystemConfig config_) internal onlyInitializing {
        config = config_;
    }
}
