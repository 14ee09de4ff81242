// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";

import {IBatchInbox} from "../interfaces/IBatchInbox.sol";
import {ISequencerRegistry} from "../interfaces/ISequencerRegistry.sol";
import {Epochs, IEpochFollower} from "./Epochs.sol";
import {IStaking} from "./IStaking.sol";
import {Draw} from "./lib/Draw.sol";

/// Which sequencer is in charge. An epoch has `slotsPerEpoch` slots; each has up to eight ranked
/// candidates, drawn by stake:
///
///   order(slot) = Draw.order(stakes, keccak256(abi.encode("mega.leader", seed, slot)), 8)
///
/// The first rank is in charge from the slot's start. When the chain on L1 has not moved for
/// `silence` seconds, the next rank may take over, after twice the time the one after it too, and so
/// on around the list. Who has taken over stays in charge until the slot ends or it is silent itself.
///
/// The present leader may post blocks of any time before, so that a chain that has fallen behind can
/// catch up. The leader of the slot before may still post what it had sequenced in its slot, for `grace`
/// seconds.
contract LeaderSchedule is ISequencerRegistry, IEpochFollower, Ownable2Step {
    uint256 public constant RANKS = 8;

    struct Holder {
        uint8 rank; // in the slot's order
        uint48 since; // 0: nobody has taken over
    }

    error NotEpochs();
    error BadParameters();
    error NotACandidate(address caller);
    error NotSilent(uint256 since, uint256 rank);

    event Drawn(uint48 indexed epoch, bytes32[] slots);
    event TookOver(uint48 indexed epoch, uint256 indexed slot, uint32 indexed id, uint256 rank);
    event SlotMissed(uint48 indexed epoch, uint256 indexed slot, uint32 indexed id);
    event ParametersSet(uint32 silence, uint32 grace, address fallbackSequencer);
    event InboxSet(address inbox);

    IStaking public immutable staking;
    Epochs public immutable epochs;
    uint256 public immutable slotsPerEpoch;
    uint256 public immutable slotLength;

    IBatchInbox public inbox;
    uint32 public silence;
    uint32 public grace;
    /// In charge while no epoch has been opened, or all candidates of a slot are barred.
    address public fallbackSequencer;

    /// Candidates of a slot by rank: uint32 each, the first in the top bits, 0 behind the last.
    mapping(uint48 => mapping(uint256 => bytes32)) public slotOrder;
    /// Slots of an epoch in which a validator had to be taken over from.
    mapping(uint48 => mapping(uint32 => uint256)) public missedSlots;
    /// By the slot's start.
    mapping(uint256 => Holder) public holders;

    constructor(Epochs epochs_, uint256 slotsPerEpoch_, uint32 silence_, uint32 grace_, address fallback_, address owner_)
        Ownable(owner_)
    {
        epochs = epochs_;
        staking = epochs_.staking();
        uint48 length = staking.epochLength();
        if (slotsPerEpoch_ == 0 || slotsPerEpoch_ > 64 || length % slotsPerEpoch_ != 0) {
            revert BadParameters();
        }
        slotsPerEpoch = slotsPerEpoch_;
        slotLength = length / slotsPerEpoch_;
        _set(silence_, grace_, fallback_);
    }

    function setInbox(IBatchInbox inbox_) external onlyOwner {
        inbox = inbox_;
        emit InboxSet(address(inbox_));
    }

    function setParameters(uint32 silence_, uint32 grace_, address fallback_) external onlyOwner {
        _set(silence_, grace_, fallback_);
    }

    function epochOpened(uint48 epoch, bytes32 seed, uint32[] calldata ids, uint96[] calldata stakes) external {
        if (msg.sender != address(epochs)) {
            revert NotEpochs();
        }
        bytes32[] memory slots = new bytes32[](slotsPerEpoch);
        for (uint256 slot; slot < slotsPerEpoch; ++slot) {
            slots[slot] = drawSlot(seed, slot, ids, stakes);
            slotOrder[epoch][slot] = slots[slot];
        }
        emit Drawn(epoch, slots);
    }

    function drawSlot(bytes32 seed, uint256 slot, uint32[] memory ids, uint96[] memory stakes)
        public
        pure
        returns (bytes32 word)
    {
        uint256[] memory order = Draw.order(stakes, keccak256(abi.encode("mega.leader", seed, slot)), RANKS);
        for (uint256 rank; rank < order.length; ++rank) {
            word |= bytes32(uint256(ids[order[rank]]) << (32 * (RANKS - 1 - rank)));
        }
    }

    /// That a batch whose last block has this timestamp is to be taken from this sequencer now.
    function isInCharge(address sequencer, uint64 timestamp) external view returns (bool) {
        uint256 present = slotStartOf(block.timestamp);
        uint256 start = slotStartOf(timestamp);
        if (start <= present && sequencer == leaderOf(present)) {
            return true;
        }
        bool isHandingOver = start + slotLength == present && block.timestamp - present < grace;
        bool isAhead = start == present + slotLength;
        return (isHandingOver || isAhead) && sequencer == leaderOf(start);
    }

    /// The sequencer in charge at this moment.
    function leader() external view returns (address) {
        return leaderOf(slotStartOf(block.timestamp));
    }

    /// The sequencer in charge of the slot that starts at this time.
    function leaderOf(uint256 slotStart) public view returns (address) {
        (, bytes32 word) = _orderOf(slotStart);
        (uint32[] memory ranks, uint256 count) = _candidates(word);
        uint256 base = holders[slotStart].rank;
        // Who is barred is passed over at once.
        for (uint256 step; step < count; ++step) {
            uint32 id = ranks[(base + step) % count];
            if (!staking.isBarred(id)) {
                return staking.operatorOf(id);
            }
        }
        return fallbackSequencer;
    }

    /// Candidates of a slot's start by rank.
    function candidatesOf(uint256 slotStart) external view returns (uint32[] memory ids) {
        (, bytes32 word) = _orderOf(slotStart);
        uint256 count;
        (ids, count) = _candidates(word);
        assembly ("memory-safe") {
            mstore(ids, count)
        }
    }

    function slotStartOf(uint256 timestamp) public view returns (uint256) {
        uint256 start = staking.epochStart(staking.epochOf(timestamp));
        return timestamp < start ? start : timestamp - (timestamp - start) % slotLength;
    }

    /// Makes the caller leader of the present slot: the one in charge and those ranked between have
    /// each been silent for `silence` seconds, and missed their duty.
    function takeOver() external {
        uint256 slotStart = slotStartOf(block.timestamp);
        (uint48 epoch, bytes32 word) = _orderOf(slotStart);
        (uint32[] memory ranks, uint256 count) = _candidates(word);
        uint32 own = staking.idOfOperator(msg.sender);
        if (own == 0 || staking.isBarred(own)) {
            revert NotACandidate(msg.sender);
        }
        Holder memory holder = holders[slotStart];
        uint256 since = _movedAt(slotStart, holder.since);
        uint256 turns = (block.timestamp - since) / silence;
        uint256 slot = _slotIndex(slotStart);
        for (uint256 step; step < count; ++step) {
            uint256 rank = (holder.rank + step) % count;
            uint32 id = ranks[rank];
            if (id == own) {
                if (step == 0) {
                    revert NotSilent(since, rank); // in charge as it is; that gives it no more time
                }
                holders[slotStart] = Holder(uint8(rank), uint48(block.timestamp));
                emit TookOver(epoch, slot, own, rank);
                return;
            }
            if (!staking.isBarred(id)) {
                if (turns == 0) {
                    revert NotSilent(since, rank);
                }
                --turns;
                ++missedSlots[epoch][id];
                emit SlotMissed(epoch, slot, id);
            }
        }
        revert NotACandidate(msg.sender);
    }

    /// When the chain last moved, as far as this slot is concerned.
    function _movedAt(uint256 slotStart, uint256 since) private view returns (uint256) {
        since = since > slotStart ? since : slotStart;
        uint256 last = inbox.lastTimestamp();
        last = last > block.timestamp ? block.timestamp : last;
        return last > since ? last : since;
    }

    function _slotIndex(uint256 slotStart) private view returns (uint256) {
        return (slotStart - staking.epochStart(staking.epochOf(slotStart))) / slotLength;
    }

    function _orderOf(uint256 slotStart) private view returns (uint48 epoch, bytes32 word) {
        epoch = staking.epochOf(slotStart);
        (bool isOpen, uint48 opened) = epochs.lastOpened(epoch);
        if (isOpen) {
            word = slotOrder[opened][_slotIndex(slotStart)];
        }
    }

    function _candidates(bytes32 word) private pure returns (uint32[] memory ranks, uint256 count) {
        ranks = new uint32[](RANKS);
        for (; count < RANKS; ++count) {
            ranks[count] = uint32(uint256(word) >> (32 * (RANKS - 1 - count)));
            if (ranks[count] == 0) {
                break;
            }
        }
    }

    function _set(uint32 silence_, uint32 grace_, address fallback_) private {
        if (silence_ == 0 || silence_ > slotLength || grace_ > slotLength) {
            revert BadParameters();
        }
        silence = silence_;
        grace = grace_;
        fallbackSequencer = fallback_;
        emit ParametersSet(silence_, grace_, fallback_);
    }
}
