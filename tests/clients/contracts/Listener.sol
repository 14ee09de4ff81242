// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

interface Messenger {
    function xDomainMessageSender() external view returns (address);
}

/// Hears messages from the other layer and remembers the last one.
contract Listener {
    uint256 public calls;
    address public messenger;
    address public sender;
    uint256 public value;
    bytes32 public word;

    function hear(bytes32 word_) external payable {
        calls += 1;
        messenger = msg.sender;
        sender = Messenger(msg.sender).xDomainMessageSender();
        value = msg.value;
        word = word_;
    }
}
