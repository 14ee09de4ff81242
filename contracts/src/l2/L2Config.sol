// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {AddressAlias} from "../common/AddressAlias.sol";
import {IL2Config} from "../interfaces/IL2Config.sol";

/// See IL2Config; a predeploy. The layout of slots 0 to 2 is a rule of consensus.
contract L2Config is IL2Config {
    Parameters internal _parameters; // slots 0 to 2
    address public relay; // slot 3, set in genesis

    function setParameters(Parameters calldata p) external {
        require(msg.sender == AddressAlias.toL2(relay), NotRelay(msg.sender));
        _parameters = p;
        emit ParametersChanged(p);
    }

    function parameters() external view returns (Parameters memory) {
        return _parameters;
    }
}
