// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {Predeploys} from "./Predeploys.sol";

/// Where the L2 representation of an L1 token is or will be; both layers compute it.
library L2TokenAddress {
    function salt(address l1Token) internal pure returns (bytes32) {
        return bytes32(uint256(uint160(l1Token)));
    }

    function compute(address l1Token) internal pure returns (address) {
        if (l1Token == address(0)) return Predeploys.L2_ETH;
        return Clones.predictDeterministicAddress(
            Predeploys.L2_TOKEN_TEMPLATE, salt(l1Token), Predeploys.L2_TOKEN_FACTORY
        );
    }
}
