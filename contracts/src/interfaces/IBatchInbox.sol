// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BatchHeader, BatchKind} from "../common/Types.sol";

/// The chain of batches on L1. Refuses what does not continue it.
interface IBatchInbox {
    event BatchPosted(
        uint64 indexed index,
        bytes32 indexed batchHash,
        BatchKind kind,
        BatchHeader header,
        bytes32[] dataHashes
    );
    /// The data of a batch of kind Calldata. Logged because a contract may have called the inbox;
    /// costs nothing on top of the floor price of calldata (EIP-7623).
    event BatchCalldata(uint64 indexed index, bytes data);

    error NotInCharge(address caller);
    error WrongSequencer(address inHeader, address caller);
    error WrongParent(bytes32 given, bytes32 expected);
    error WrongIndex(uint64 given, uint64 expected);
    error WrongFirstBlock(uint64 given, uint64 expected);
    error WrongLastBlock(uint64 given, uint64 lowest, uint64 highest);
    error WrongCursor(uint64 given, uint64 lowest, uint64 highest);
    error DepositOverdue(uint64 cursor, uint64 overdueCursor);
    error CursorBeyondOrigin(uint64 cursor, uint64 originNumber);
    error WrongOrigin(uint64 given, uint64 lowest, uint64 highest);
    error WrongOriginHash(bytes32 given, bytes32 expected);
    error WrongTimestamp(uint64 given, uint64 lowest, uint64 highest);
    error NoBlockHash();
    error NoBlobs();
    error NoData();
    error DataTooLong(uint256 length, uint256 limit);
    error NothingOverdue(uint64 cursor);

    function submitBlobs(BatchHeader calldata header) external;
    function submitCalldata(BatchHeader calldata header, bytes calldata data) external;
    function submitForced() external;

    function batchHash(uint64 index) external view returns (bytes32);
    function nextIndex() external view returns (uint64);
    function lastBlock() external view returns (uint64);
    function depositCursor() external view returns (uint64);
    function originNumber() external view returns (uint64);
    function lastTimestamp() external view returns (uint64);
    /// How far a batch posted now has to go in the queue.
    function overdueCursor() external view returns (uint64);
    /// Forced batches, oldest first: what a sequencer had promised for their blocks is void.
    function forcedCount() external view returns (uint256);
    function forcedBatch(uint256 i) external view returns (uint64 blockNumber, uint64 timestamp);
}
