// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// Messages between contracts of the two layers. One that fails is kept and may be tried again by
/// anyone; one that succeeded never runs twice.
interface ICrossDomainMessenger {
    event SentMessage(
        address indexed target,
        address sender,
        bytes message,
        uint256 messageNonce,
        uint256 gasLimit
    );
    event SentMessageExtension1(address indexed sender, uint256 value);
    event RelayedMessage(bytes32 indexed msgHash);
    event FailedRelayedMessage(bytes32 indexed msgHash);

    error WrongVersion(uint256 version);
    error AlreadyRelayed(bytes32 msgHash);
    error NotRelayable(bytes32 msgHash);
    error WrongValue(uint256 given, uint256 due);
    error BadTarget(address target);
    error NoMessageRunning();
    error MessageTooLong(uint256 length, uint256 limit);
    error OnlySelf();

    function sendMessage(address target, bytes calldata message, uint32 minGasLimit)
        external
        payable;
    function relayMessage(
        uint256 nonce,
        address sender,
        address target,
        uint256 value,
        uint256 minGasLimit,
        bytes calldata message
    ) external payable;
    /// Who sent the message that is being delivered; reverts when none is.
    function xDomainMessageSender() external view returns (address);
    /// The hash of the message that is being delivered; 0 when none is.
    function activeMessage() external view returns (bytes32);
    function messageNonce() external view returns (uint256);
    function successfulMessages(bytes32 msgHash) external view returns (bool);
    function failedMessages(bytes32 msgHash) external view returns (bool);
    /// Gas for a relay on the other layer that gives the target at least `minGasLimit`.
    function baseGas(uint256 messageLength, uint32 minGasLimit) external pure returns (uint64);
}
