// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {TokenMetadata} from "../common/Types.sol";

/// The L2 representation of an L1 token.
interface IL2Token {
    error NotBridge(address caller);
    error NotFactory(address caller);
    error AlreadyInitialized();
    error PermitExpired(uint256 deadline);
    error WrongSignature(address signer, address owner);

    function initialize(address l1Token, TokenMetadata calldata metadata) external;
    function mint(address to, uint256 amount) external;
    function burn(address from, uint256 amount) external;
    function l1Token() external view returns (address);
}
