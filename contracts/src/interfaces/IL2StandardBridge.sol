// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {TokenMetadata} from "../common/Types.sol";

/// Mints and burns on L2 what the L1 bridge keeps.
interface IL2StandardBridge {
    event ERC20BridgeInitiated(
        address indexed localToken,
        address indexed remoteToken,
        address indexed from,
        address to,
        uint256 amount,
        bytes extraData
    );
    event ERC20BridgeFinalized(
        address indexed localToken,
        address indexed remoteToken,
        address indexed from,
        address to,
        uint256 amount,
        bytes extraData
    );

    error NotOtherBridge();
    error NotBridged(address token);
    error NothingToBridge();
    error BadRecipient(address to);
    error ExtraDataTooLong(uint256 length, uint256 limit);

    function bridgeERC20(
        address l2Token,
        uint256 amount,
        uint32 minGasLimit,
        bytes calldata extraData
    ) external;
    function bridgeERC20To(
        address l2Token,
        address to,
        uint256 amount,
        uint32 minGasLimit,
        bytes calldata extraData
    ) external;
    function finalizeBridgeETH(
        address from,
        address to,
        uint256 amount,
        bytes calldata extraData
    ) external;
    function finalizeBridgeERC20(
        address l1Token,
        TokenMetadata calldata metadata,
        address from,
        address to,
        uint256 amount,
        bytes calldata extraData
    ) external;
    function otherBridge() external view returns (address);
}
