// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// Keeps ether and ERC-20s of L1 while their representations live on L2.
interface IL1StandardBridge {
    event ETHBridgeInitiated(
        address indexed from, address indexed to, uint256 amount, bytes extraData
    );
    event ETHBridgeFinalized(
        address indexed from, address indexed to, uint256 amount, bytes extraData
    );
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
    event RateLimitChanged(address indexed token, uint256 capacity, uint64 window);
    event FastExitChanged(address indexed fastExit);

    error FinalisingPaused();
    error NotOtherBridge();
    error MegaIsNative();
    error NotAToken(address token);
    error NothingToBridge();
    error BadRecipient(address to);
    error FeeNotPaid(uint256 due, uint256 paid);
    error TransferFailed(address to);
    error ExtraDataTooLong(uint256 length, uint256 limit);

    function bridgeETH(uint256 amount, uint32 minGasLimit, bytes calldata extraData)
        external
        payable;
    function bridgeETHTo(
        address to,
        uint256 amount,
        uint32 minGasLimit,
        bytes calldata extraData
    ) external payable;
    function bridgeERC20(
        address token,
        uint256 amount,
        uint32 minGasLimit,
        bytes calldata extraData
    ) external payable;
    function bridgeERC20To(
        address token,
        address to,
        uint256 amount,
        uint32 minGasLimit,
        bytes calldata extraData
    ) external payable;
    function finalizeBridgeETH(
        address from,
        address to,
        uint256 amount,
        bytes calldata extraData
    ) external;
    function finalizeBridgeERC20(
        address token,
        address from,
        address to,
        uint256 amount,
        bytes calldata extraData
    ) external;
    /// What the bridge owes to L2, per token; ether is address 0.
    function escrowed(address token) external view returns (uint256);
    /// Wei of ether on top of the amount.
    function bridgeFee(address token, uint32 minGasLimit, uint256 extraDataLength)
        external
        view
        returns (uint256);
    /// The address that `token` has or will have on L2.
    function l2TokenOf(address token) external pure returns (address);
}
