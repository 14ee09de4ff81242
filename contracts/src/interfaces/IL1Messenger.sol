// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICrossDomainMessenger} from "./ICrossDomainMessenger.sol";

interface IL1Messenger is ICrossDomainMessenger {
    /// As sendMessage, with `value` MEGA taken from the caller (who has approved the messenger) and
    /// given to `target` on L2. msg.value pays the deposit's gas; what is more comes back.
    function sendMessageWithValue(
        address target,
        bytes calldata message,
        uint32 minGasLimit,
        uint256 value
    ) external payable;
    /// Wei of ether for a message of `messageLength` bytes sent in this block.
    function messageFee(uint256 messageLength, uint32 minGasLimit)
        external
        view
        returns (uint256);
}
