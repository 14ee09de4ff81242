// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// What L2 knows of L1: the origin of the current block.
interface IL1Block {
    error NotDepositor(address caller);

    function setL1BlockValues(
        uint64 number,
        uint64 timestamp,
        uint256 baseFee,
        uint256 blobBaseFee,
        bytes32 hash,
        uint64 cursor
    ) external;
    function number() external view returns (uint64);
    function timestamp() external view returns (uint64);
    function depositCursor() external view returns (uint64);
    function basefee() external view returns (uint256);
    function blobBaseFee() external view returns (uint256);
    function hash() external view returns (bytes32);
}
