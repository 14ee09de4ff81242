// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICrossDomainMessenger} from "../interfaces/ICrossDomainMessenger.sol";
import {Hashing} from "./Hashing.sol";
import {SafeCall} from "./SafeCall.sol";

/// What both messengers share; see ICrossDomainMessenger.
///
/// A message is first delivered by the other messenger, which carries its value. If the target does
/// not take it, or did not get the gas that was promised, its hash is kept in `failedMessages`, the
/// value stays here, and anyone may try again with more gas. While a message runs no other one
/// starts: a nested delivery is kept as failed.
abstract contract CrossDomainMessenger is ICrossDomainMessenger {
    uint256 internal constant MESSAGE_VERSION = 1;
    uint256 public constant MAX_MESSAGE_LENGTH = 90_000;

    /// Gas of relayMessage around the call, with cold storage and a copy of the message; the sum of
    /// everything but the promised gas and what grows with the length.
    uint64 private constant RELAY_OVERHEAD = 220_000;
    /// Kept aside for what follows the call.
    uint256 internal constant RESERVED_GAS = 60_000;
    /// Calldata and its floor (EIP-7623), copying, hashing, memory: per byte of the message.
    uint64 private constant GAS_PER_BYTE = 48;
    /// Arguments of relayMessage beside the message.
    uint64 private constant RELAY_CALLDATA = 260;

    mapping(bytes32 => bool) public successfulMessages; // slot 0
    mapping(bytes32 => bool) public failedMessages; // slot 1
    uint240 internal _nextNonce; // slot 2

    address transient private _sender;
    bytes32 transient public activeMessage;

    /// Whether the caller speaks for the messenger of the other layer.
    function _isOtherMessenger() internal view virtual returns (bool);

    /// Targets that would take the messenger's word for something, or its money.
    function _isForbidden(address target) internal view virtual returns (bool);

    /// Hands value and message to the target, with at least `minGasLimit` gas or not at all.
    function _deliver(address target, uint256 value, uint256 minGasLimit, bytes calldata message)
        internal
        virtual
        returns (bool);

    /// Value that the first delivery brings along.
    function _deliveredValue(uint256 value) internal view virtual returns (uint256);

    function relayMessage(
        uint256 nonce,
        address sender,
        address target,
        uint256 value,
        uint256 minGasLimit,
        bytes calldata message
    ) external payable {
        require(nonce >> 240 == MESSAGE_VERSION, WrongVersion(nonce >> 240));
        bytes32 hash = Hashing.message(nonce, sender, target, value, minGasLimit, message);
        require(!successfulMessages[hash], AlreadyRelayed(hash));
        require(!_isForbidden(target), BadTarget(target));
        if (_isOtherMessenger()) {
            uint256 due = _deliveredValue(value);
            require(msg.value == due, WrongValue(msg.value, due));
            // The other side never repeats a nonce; a second first delivery would be its fault.
            require(!failedMessages[hash], NotRelayable(hash));
        } else {
            require(msg.value == 0, WrongValue(msg.value, 0));
            require(failedMessages[hash], NotRelayable(hash));
        }

        bool success;
        if (_sender == address(0) && SafeCall.hasMinGas(minGasLimit, RESERVED_GAS)) {
            _sender = sender;
            activeMessage = hash;
            success = _deliver(target, value, minGasLimit, message);
            _sender = address(0);
            activeMessage = 0;
        }
        if (success) {
            successfulMessages[hash] = true;
            emit RelayedMessage(hash);
        } else {
            failedMessages[hash] = true;
            emit FailedRelayedMessage(hash);
        }
    }

    function xDomainMessageSender() external view returns (address) {
        require(_sender != address(0), NoMessageRunning());
        return _sender;
    }

    function messageNonce() public view returns (uint256) {
        return MESSAGE_VERSION << 240 | _nextNonce;
    }

    function baseGas(uint256 messageLength, uint32 minGasLimit) public pure returns (uint64) {
        // Two divisions by EIP-150 lie between the transaction and the target (three on L1).
        uint64 call_ = uint64(minGasLimit) * 64 / 63 * 64 / 63 * 64 / 63;
        return 21_000 + RELAY_OVERHEAD + call_
            + GAS_PER_BYTE * (uint64(messageLength) + RELAY_CALLDATA);
    }

    /// What the other messenger will be called with.
    function _seal(
        address sender,
        address target,
        uint256 value,
        bytes calldata message,
        uint32 minGasLimit
    ) internal returns (bytes memory relay) {
        require(
            message.length <= MAX_MESSAGE_LENGTH, MessageTooLong(message.length, MAX_MESSAGE_LENGTH)
        );
        uint256 nonce = messageNonce();
        ++_nextNonce;
        emit SentMessage(target, sender, message, nonce, minGasLimit);
        emit SentMessageExtension1(sender, value);
        return abi.encodeCall(
            this.relayMessage, (nonce, sender, target, value, minGasLimit, message)
        );
    }
}
