// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {L2TokenAddress} from "../common/L2TokenAddress.sol";
import {Predeploys} from "../common/Predeploys.sol";
import {TokenMetadata} from "../common/Types.sol";
import {IL2Token} from "../interfaces/IL2Token.sol";
import {IL2TokenFactory} from "../interfaces/IL2TokenFactory.sol";

/// Creates L2 tokens; a predeploy. The bridge alone may, because only the bridge knows what the token
/// calls itself on L1.
contract L2TokenFactory is IL2TokenFactory {
    function ensure(address l1Token, TokenMetadata calldata metadata)
        external
        returns (address l2Token)
    {
        require(msg.sender == Predeploys.L2_STANDARD_BRIDGE, NotBridge(msg.sender));
        l2Token = tokenOf(l1Token);
        if (l2Token.code.length != 0) return l2Token;
        Clones.cloneDeterministic(Predeploys.L2_TOKEN_TEMPLATE, L2TokenAddress.salt(l1Token));
        IL2Token(l2Token).initialize(l1Token, metadata);
        emit TokenCreated(l1Token, l2Token);
    }

    function tokenOf(address l1Token) public pure returns (address) {
        return L2TokenAddress.compute(l1Token);
    }
}
