// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {TokenMetadata} from "../common/Types.sol";

/// Creates the one L2 representation of an L1 token, at an address that L1 can compute.
interface IL2TokenFactory {
    event TokenCreated(address indexed l1Token, address indexed l2Token);

    error NotBridge(address caller);

    /// Creates it when it does not exist.
    function ensure(address l1Token, TokenMetadata calldata metadata)
        external
        returns (address l2Token);
    function tokenOf(address l1Token) external pure returns (address l2Token);
}
