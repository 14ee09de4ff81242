// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Blockhash} from "@openzeppelin/contracts/utils/Blockhash.sol";
import {Hashing} from "../common/Hashing.sol";
import {Batch, BatchHeader, BatchKind} from "../common/Types.sol";
import {IBatchInbox} from "../interfaces/IBatchInbox.sol";
import {IDepositQueue} from "../interfaces/IDepositQueue.sol";
import {ISequencerRegistry} from "../interfaces/ISequencerRegistry.sol";
import {ISystemConfig} from "../interfaces/ISystemConfig.sol";
import {Configured} from "./Configured.sol";

/// The chain of batches; docs/settlement.md draws header and hash.
///
/// What holds for every batch: it continues the one before without a gap, its deposit cursor never
/// moves back, never passes what its origin had queued, and covers all that is overdue; its origin is
/// a block of this L1; its timestamps do not run ahead. Whether its blocks are what they claim to be
/// is not decided here: derivation and StateClaims do that.
contract BatchInbox is IBatchInbox, Configured {
    uint64 public constant MAX_BLOCKS = 7_200;
    uint256 public constant MAX_DATA_LENGTH = 120_000;
    uint64 public constant MAX_SECONDS_AHEAD = 15;
    uint128 public constant FORCED_BATCH_GAS = 20_000_000;

    // One slot: what the next batch has to continue.
    struct Head {
        uint48 nextIndex;
        uint48 lastBlock;
        uint48 depositCursor;
        uint48 originNumber;
        uint48 lastTimestamp;
    }

    struct Forced {
        uint64 blockNumber;
        uint64 timestamp;
    }

    IDepositQueue public queue;
    Head private _head;
    mapping(uint64 index => bytes32) public batchHash;
    Forced[] public forcedBatch;

    function initialize(ISystemConfig config_, IDepositQueue queue_, uint64 genesisTimestamp)
        external
        initializer
    {
        _setConfig(config_);
        queue = queue_;
        _head.lastTimestamp = uint48(genesisTimestamp);
    }

    function submitBlobs(BatchHeader calldata header) external {
        uint256 count;
        while (blobhash(count) != 0) ++count;
        require(count > 0, NoBlobs());
        bytes32[] memory hashes = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) hashes[i] = blobhash(i);
        _submit(header, BatchKind.Blobs, hashes);
    }

    function submitCalldata(BatchHeader calldata header, bytes calldata data) external {
        require(data.length > 0, NoData());
        require(data.length <= MAX_DATA_LENGTH, DataTooLong(data.length, MAX_DATA_LENGTH));
        bytes32[] memory hashes = new bytes32[](1);
        hashes[0] = keccak256(data);
        _submit(header, BatchKind.Calldata, hashes);
        emit BatchCalldata(header.index, data);
    }

    /// A batch of one block that holds what is overdue, by anyone.
    function submitForced() external {
        Head memory head = _head;
        require(_overdueCursor(head.depositCursor) > head.depositCursor, NothingOverdue(head.depositCursor));
        uint64 origin = uint64(block.number - 1);
        uint64 timestamp = uint64(block.timestamp);
        if (timestamp <= head.lastTimestamp) timestamp = head.lastTimestamp + 1;
        BatchHeader memory header = BatchHeader({
            parent: _parent(head.nextIndex),
            index: head.nextIndex,
            firstBlock: head.lastBlock + 1,
            lastBlock: head.lastBlock + 1,
            depositCursor: queue.cursorWithin(head.depositCursor, FORCED_BATCH_GAS, origin),
            originNumber: origin,
            originHash: blockhash(origin),
            lastTimestamp: timestamp,
            lastBlockHash: 0,
            miniBlockDigest: 0,
            sequencer: address(0)
        });
        forcedBatch.push(Forced(header.lastBlock, timestamp));
        _append(header, BatchKind.Forced, new bytes32[](0));
    }

    function forcedCount() external view returns (uint256) {
        return forcedBatch.length;
    }

    function nextIndex() external view returns (uint64) {
        return _head.nextIndex;
    }

    function lastBlock() external view returns (uint64) {
        return _head.lastBlock;
    }

    function depositCursor() external view returns (uint64) {
        return _head.depositCursor;
    }

    function originNumber() external view returns (uint64) {
        return _head.originNumber;
    }

    function lastTimestamp() external view returns (uint64) {
        return _head.lastTimestamp;
    }

    function overdueCursor() external view returns (uint64) {
        return _overdueCursor(_head.depositCursor);
    }

    function _submit(BatchHeader calldata h, BatchKind kind, bytes32[] memory hashes) private {
        Head memory head = _head;
        require(h.sequencer == msg.sender, WrongSequencer(h.sequencer, msg.sender));
        require(
            ISequencerRegistry(config.sequencerRegistry()).isInCharge(msg.sender, h.lastTimestamp),
            NotInCharge(msg.sender)
        );
        bytes32 parent = _parent(head.nextIndex);
        require(h.parent == parent, WrongParent(h.parent, parent));
        require(h.index == head.nextIndex, WrongIndex(h.index, head.nextIndex));
        _checkBlocks(h, head);
        _checkOrigin(h, head);
        _checkCursor(h, head);
        _append(h, kind, hashes);
    }

    function _checkBlocks(BatchHeader calldata h, Head memory head) private view {
        uint64 first = head.lastBlock + 1;
        require(h.firstBlock == first, WrongFirstBlock(h.firstBlock, first));
        uint64 highest = head.lastBlock + MAX_BLOCKS;
        require(
            first <= h.lastBlock && h.lastBlock <= highest,
            WrongLastBlock(h.lastBlock, first, highest)
        );
        uint64 latest = uint64(block.timestamp) + MAX_SECONDS_AHEAD;
        require(
            head.lastTimestamp <= h.lastTimestamp && h.lastTimestamp <= latest,
            WrongTimestamp(h.lastTimestamp, head.lastTimestamp, latest)
        );
        require(h.lastBlockHash != 0, NoBlockHash());
    }

    function _checkOrigin(BatchHeader calldata h, Head memory head) private view {
        uint64 latest = uint64(block.number - 1);
        require(
            head.originNumber <= h.originNumber && h.originNumber <= latest,
            WrongOrigin(h.originNumber, head.originNumber, latest)
        );
        // 0 for a block older than 8,191 (EIP-2935), which no honest batch names.
        bytes32 expected = Blockhash.blockHash(h.originNumber);
        require(
            h.originHash == expected && expected != 0, WrongOriginHash(h.originHash, expected)
        );
    }

    function _checkCursor(BatchHeader calldata h, Head memory head) private view {
        uint64 cursor = h.depositCursor;
        uint64 end = queue.length();
        require(
            head.depositCursor <= cursor && cursor <= end,
            WrongCursor(cursor, head.depositCursor, end)
        );
        uint64 overdue = _overdueCursor(head.depositCursor);
        require(cursor >= overdue, DepositOverdue(cursor, overdue));
        if (cursor > head.depositCursor) {
            (, uint64 queuedIn,) = queue.entry(cursor - 1);
            require(queuedIn <= h.originNumber, CursorBeyondOrigin(cursor, h.originNumber));
        }
    }

    function _append(BatchHeader memory h, BatchKind kind, bytes32[] memory hashes) private {
        bytes32 hash = Hashing.batch(config.l2ChainId(), Batch(h, kind, hashes));
        batchHash[h.index] = hash;
        // Each is bounded above by a block number, a timestamp or a count: 48 bits hold them.
        _head = Head({
            nextIndex: uint48(h.index + 1),
            lastBlock: uint48(h.lastBlock),
            depositCursor: uint48(h.depositCursor),
            originNumber: uint48(h.originNumber),
            lastTimestamp: uint48(h.lastTimestamp)
        });
        emit BatchPosted(h.index, hash, kind, h, hashes);
    }

    function _parent(uint64 index) private view returns (bytes32) {
        return index == 0 ? bytes32(0) : batchHash[index - 1];
    }

    function _overdueCursor(uint64 from) private view returns (uint64) {
        uint256 delay = config.windows().forcedInclusionDelay;
        if (block.timestamp < delay) return from;
        return queue.overdueCursor(from, uint64(block.timestamp - delay));
    }
}
