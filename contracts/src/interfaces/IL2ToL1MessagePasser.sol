// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// Where messages leave L2: slot 0 holds the mapping that withdrawals are proven against.
interface IL2ToL1MessagePasser {
    event MessagePassed(
        uint256 indexed nonce,
        address indexed sender,
        address indexed target,
        uint256 value,
        uint256 gasLimit,
        bytes data,
        bytes32 withdrawalHash
    );

    error GasLimitTooHigh(uint256 gasLimit, uint256 maximum);
    error DataTooLong(uint256 length, uint256 limit);
    error BurnFailed();

    function initiateWithdrawal(address target, uint256 gasLimit, bytes calldata data)
        external
        payable;
    function sentMessages(bytes32 withdrawalHash) external view returns (bool);
    function messageNonce() external view returns (uint256);
}
