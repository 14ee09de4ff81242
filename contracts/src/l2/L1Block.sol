// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Predeploys} from "../common/Predeploys.sol";
import {IL1Block} from "../interfaces/IL1Block.sol";

/// What L2 knows of L1; a predeploy, written by the L1 attributes at the head of blocks.
contract L1Block is IL1Block {
    uint64 public number; // slot 0, lowest 64 bits
    uint64 public timestamp; // slot 0, bits 64 to 127
    uint64 public depositCursor; // slot 0, bits 128 to 191
    uint256 public basefee; // slot 1
    uint256 public blobBaseFee; // slot 2
    bytes32 public hash; // slot 3

    function setL1BlockValues(
        uint64 number_,
        uint64 timestamp_,
        uint256 baseFee_,
        uint256 blobBaseFee_,
        bytes32 hash_,
        uint64 cursor_
    ) external {
        require(msg.sender == Predeploys.DEPOSITOR, NotDepositor(msg.sender));
        number = number_;
        timestamp = timestamp_;
        depositCursor = cursor_;
        basefee = baseFee_;
        blobBaseFee = blobBaseFee_;
        hash = hash_;
    }
}
