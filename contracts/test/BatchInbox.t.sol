// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";
import {Batch, BatchHeader, BatchKind} from "../src/common/Types.sol";
import {IBatchInbox} from "../src/interfaces/IBatchInbox.sol";
import {World} from "./support/World.sol";
import {Vm, vm, bounded} from "./support/Vm.sol";

contract BatchInboxTest is World {
    function setUp() public {
        _world();
    }

    function _deposit(uint64 gasLimit) internal {
        vm.prank(ALICE, ALICE);
        portal.depositTransaction{value: 1 ether}(BOB, 0, 0, gasLimit, false, "");
    }

    function _hash(BatchHeader memory h, uint8 kind, bytes32[] memory hashes)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(L2_CHAIN_ID, h, kind, hashes));
    }

    function _expect(BatchHeader memory h, bytes memory error_) internal {
        vm.prank(SEQUENCER);
        vm.expectRevert(error_);
        inbox.submitCalldata(h, "data");
    }

    function test_keepsTheChain() public {
        _deposit(100_000);
        _mine(1);
        BatchHeader memory h = _nextBatch();
        vm.assertEq(h.depositCursor, 1);
        bytes32[] memory hashes = new bytes32[](1);
        hashes[0] = keccak256("data");
        vm.expectEmit();
        emit IBatchInbox.BatchPosted(0, _hash(h, 1, hashes), BatchKind.Calldata, h, hashes);
        vm.expectEmit();
        emit IBatchInbox.BatchCalldata(0, "data");
        _post(h);
        vm.assertEq(inbox.batchHash(0), _hash(h, 1, hashes));
        vm.assertEq(inbox.nextIndex(), 1);
        vm.assertEq(inbox.lastBlock(), 1);
        vm.assertEq(inbox.depositCursor(), 1);
        vm.assertEq(inbox.originNumber(), block.number - 1);
        vm.assertEq(inbox.lastTimestamp(), block.timestamp);
        h = _nextBatch();
        h.lastBlock += 99;
        _post(h);
        vm.assertEq(inbox.lastBlock(), 101);
    }

    function test_takesBlobs() public {
        bytes32[] memory blobs = new bytes32[](3);
        for (uint256 i = 0; i < 3; ++i) blobs[i] = keccak256(abi.encode(i));
        vm.blobhashes(blobs);
        BatchHeader memory h = _nextBatch();
        vm.prank(SEQUENCER);
        inbox.submitBlobs(h);
        vm.assertEq(inbox.batchHash(0), _hash(h, 0, blobs));
    }

    function test_refusesToBeGivenNothing() public {
        BatchHeader memory h = _nextBatch();
        vm.startPrank(SEQUENCER);
        vm.expectRevert(IBatchInbox.NoBlobs.selector);
        inbox.submitBlobs(h);
        vm.expectRevert(IBatchInbox.NoData.selector);
        inbox.submitCalldata(h, "");
        vm.expectRevert(
            abi.encodeWithSelector(IBatchInbox.DataTooLong.selector, 120_001, 120_000)
        );
        inbox.submitCalldata(h, new bytes(120_001));
        inbox.submitCalldata(h, new bytes(120_000));
        vm.stopPrank();
    }

    function test_onlyTheSequencerInCharge() public {
        BatchHeader memory h = _nextBatch();
        vm.prank(ALICE);
        vm.expectRevert(
            abi.encodeWithSelector(IBatchInbox.WrongSequencer.selector, SEQUENCER, ALICE)
        );
        inbox.submitCalldata(h, "data");
        h.sequencer = ALICE;
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(IBatchInbox.NotInCharge.selector, ALICE));
        inbox.submitCalldata(h, "data");
        _asOwner();
        config.setSequencer(ALICE);
        vm.prank(ALICE);
        inbox.submitCalldata(h, "data");
        h = _nextBatch();
        _expect(h, abi.encodeWithSelector(IBatchInbox.NotInCharge.selector, SEQUENCER));
    }

    function test_refusesWhatDoesNotContinue() public {
        _post(_nextBatch());
        bytes32 first = inbox.batchHash(0);
        BatchHeader memory h = _nextBatch();
        h.parent = bytes32(uint256(1));
        _expect(h, abi.encodeWithSelector(IBatchInbox.WrongParent.selector, h.parent, first));
        h = _nextBatch();
        h.index = 2;
        _expect(h, abi.encodeWithSelector(IBatchInbox.WrongIndex.selector, 2, 1));
        h = _nextBatch();
        h.firstBlock = 3;
        _expect(h, abi.encodeWithSelector(IBatchInbox.WrongFirstBlock.selector, 3, 2));
        h = _nextBatch();
        h.lastBlock = 1;
        _expect(h, abi.encodeWithSelector(IBatchInbox.WrongLastBlock.selector, 1, 2, 7_201));
        h.lastBlock = 7_202;
        _expect(h, abi.encodeWithSelector(IBatchInbox.WrongLastBlock.selector, 7_202, 2, 7_201));
        h.lastBlock = 7_201;
        h.lastBlockHash = 0;
        _expect(h, abi.encodeWithSelector(IBatchInbox.NoBlockHash.selector));
        h.lastBlockHash = bytes32(uint256(1));
        _post(h);
    }

    function test_timestampsGoForwardAndNotAhead() public {
        _post(_nextBatch());
        uint64 low = uint64(block.timestamp);
        BatchHeader memory h = _nextBatch();
        h.lastTimestamp = low - 1;
        _expect(
            h, abi.encodeWithSelector(IBatchInbox.WrongTimestamp.selector, low - 1, low, low + 15)
        );
        h.lastTimestamp = low + 16;
        _expect(
            h,
            abi.encodeWithSelector(IBatchInbox.WrongTimestamp.selector, low + 16, low, low + 15)
        );
        h.lastTimestamp = low + 15;
        _post(h);
    }

    function test_originIsABlockOfThisL1() public {
        _mine(300);
        _post(_nextBatch());
        _mine(1);
        BatchHeader memory h = _nextBatch();
        uint64 highest = uint64(block.number - 1);
        h.originNumber = highest + 1;
        _expect(
            h,
            abi.encodeWithSelector(
                IBatchInbox.WrongOrigin.selector, highest + 1, highest - 1, highest
            )
        );
        h.originNumber = highest - 2;
        _expect(
            h,
            abi.encodeWithSelector(
                IBatchInbox.WrongOrigin.selector, highest - 2, highest - 1, highest
            )
        );
        h = _nextBatch();
        bytes32 right = h.originHash;
        h.originHash = keccak256("reorganised away");
        _expect(
            h,
            abi.encodeWithSelector(IBatchInbox.WrongOriginHash.selector, h.originHash, right)
        );
        h.originHash = right;
        _post(h);
    }

    /// Older than 256 blocks: the history contract answers (EIP-2935).
    function test_oldOriginIsLookedUp() public {
        BatchHeader memory h = _nextBatch();
        _mine(1_000);
        address history = 0x0000F90827F1C53a10cb7A02335B175320002935;
        // Answers any number with keccak256("old").
        vm.etch(history, abi.encodePacked(hex"7f", keccak256("old"), hex"5f5260205ff3"));
        _expect(
            h,
            abi.encodeWithSelector(
                IBatchInbox.WrongOriginHash.selector, h.originHash, keccak256("old")
            )
        );
        h.originHash = keccak256("old");
        _post(h);
        // What nobody remembers is refused, zero or not.
        vm.etch(history, hex"");
        h = _nextBatch();
        _mine(9_000);
        h.originHash = 0;
        _expect(h, abi.encodeWithSelector(IBatchInbox.WrongOriginHash.selector, 0, 0));
    }

    function test_cursorGoesForwardWithinTheOrigin() public {
        _deposit(100_000);
        _mine(1);
        _deposit(100_000);
        BatchHeader memory h = _nextBatch();
        vm.assertEq(h.depositCursor, 1);
        h.depositCursor = 3;
        _expect(h, abi.encodeWithSelector(IBatchInbox.WrongCursor.selector, 3, 0, 2));
        // The second was queued in this very block, which no origin can be yet.
        h.depositCursor = 2;
        _expect(
            h,
            abi.encodeWithSelector(
                IBatchInbox.CursorBeyondOrigin.selector, 2, block.number - 1
            )
        );
        _mine(1);
        h = _nextBatch();
        _post(h);
        h = _nextBatch();
        h.depositCursor = 1;
        _expect(h, abi.encodeWithSelector(IBatchInbox.WrongCursor.selector, 1, 2, 2));
    }

    function test_refusesABatchThatSkipsAnOverdueDeposit() public {
        _deposit(100_000);
        _mine(5);
        _deposit(100_000);
        vm.warp(block.timestamp + 12 hours - 61);
        vm.roll(block.number + 3_000);
        BatchHeader memory h = _nextBatch();
        h.depositCursor = 0;
        _post(h); // nothing is overdue yet
        vm.warp(block.timestamp + 1);
        vm.roll(block.number + 1);
        vm.assertEq(inbox.overdueCursor(), 1);
        h = _nextBatch();
        h.depositCursor = 0;
        _expect(h, abi.encodeWithSelector(IBatchInbox.DepositOverdue.selector, 0, 1));
        h.depositCursor = 1;
        _post(h);
        vm.warp(block.timestamp + 60);
        vm.roll(block.number + 5);
        h = _nextBatch();
        h.depositCursor = 1;
        _expect(h, abi.encodeWithSelector(IBatchInbox.DepositOverdue.selector, 1, 2));
    }

    // ------------------------------------------------------------------ forced

    function test_anyoneForcesWhatIsOverdue() public {
        _post(_nextBatch());
        _deposit(100_000);
        bytes memory envelope = _signed(300_000);
        vm.prank(BOB);
        forced.forceTransaction{value: 1 ether}(envelope);
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(IBatchInbox.NothingOverdue.selector, 0));
        inbox.submitForced();

        _skip(12 hours);
        _deposit(100_000); // of this block: no origin has it
        BatchHeader memory h;
        h.parent = inbox.batchHash(0);
        h.index = 1;
        h.firstBlock = 2;
        h.lastBlock = 2;
        h.depositCursor = 2;
        h.originNumber = uint64(block.number - 1);
        h.originHash = blockhash(block.number - 1);
        h.lastTimestamp = uint64(block.timestamp);
        vm.expectEmit();
        emit IBatchInbox.BatchPosted(
            1, _hash(h, 2, new bytes32[](0)), BatchKind.Forced, h, new bytes32[](0)
        );
        vm.prank(ALICE);
        inbox.submitForced();
        vm.assertEq(inbox.depositCursor(), 2);

        // The sequencer's preconfirmed block 2 is void: the chain goes on from block 3.
        h = _nextBatch();
        vm.assertEq(h.firstBlock, 3);
        _post(h);
    }

    function test_forcedBatchTakesWhatFits() public {
        for (uint256 i = 0; i < 5; ++i) {
            _deposit(9_000_000);
            _mine(1);
        }
        _skip(12 hours);
        uint64[3] memory cursors = [uint64(2), 4, 5];
        for (uint256 i = 0; i < 3; ++i) {
            inbox.submitForced();
            vm.assertEq(inbox.depositCursor(), cursors[i]);
            vm.assertEq(inbox.lastBlock(), i + 1);
            // Within one L1 block time still goes forward.
            vm.assertEq(inbox.lastTimestamp(), block.timestamp + i);
        }
        vm.expectRevert(abi.encodeWithSelector(IBatchInbox.NothingOverdue.selector, 5));
        inbox.submitForced();
    }

    function test_worksWithoutAnySequencer() public {
        _asOwner();
        config.setSequencer(address(0));
        _deposit(100_000);
        _skip(12 hours);
        BatchHeader memory h = _nextBatch();
        h.sequencer = address(0);
        _expect(h, abi.encodeWithSelector(IBatchInbox.WrongSequencer.selector, 0, SEQUENCER));
        inbox.submitForced();
    }

    /// Whatever order of posts, forced batches and deposits: the chain has no gap, and after each
    /// post nothing is left that was overdue.
    function testFuzz_anyOrderKeepsTheRules(uint256 seed) public {
        uint64 block_;
        bytes32 parent;
        for (uint256 i = 0; i < 20; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            uint256 what = seed % 4;
            if (what == 0) {
                _deposit(uint64(bounded(seed >> 8, 21_000, 10_000_000)));
            } else if (what == 1) {
                _skip(bounded(seed >> 8, 1, 8 hours));
                continue;
            } else if (what == 2) {
                BatchHeader memory h = _nextBatch();
                h.lastBlock += uint64(bounded(seed >> 8, 0, 100));
                if (h.lastTimestamp < inbox.lastTimestamp()) h.lastTimestamp = inbox.lastTimestamp();
                block_ = h.lastBlock;
                _post(h);
                vm.assertEq(inbox.overdueCursor(), inbox.depositCursor());
                vm.assertEq(h.parent, parent);
                parent = inbox.batchHash(h.index);
            } else if (inbox.overdueCursor() > inbox.depositCursor()) {
                uint64 before = inbox.depositCursor();
                inbox.submitForced();
                block_ += 1;
                vm.assertGt(inbox.depositCursor(), before);
                parent = inbox.batchHash(inbox.nextIndex() - 1);
            }
            vm.assertEq(inbox.lastBlock(), block_);
            vm.assertLe(inbox.depositCursor(), queue.length());
            _mine(1);
        }
    }

    function _signed(uint64 gasLimit) private pure returns (bytes memory) {
        bytes[] memory f = new bytes[](12);
        for (uint256 i = 0; i < 12; ++i) f[i] = RLP.encode(i);
        f[4] = RLP.encode(uint256(gasLimit));
        return bytes.concat(hex"02", RLP.encode(f));
    }
}
