// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {BlockHeader} from "@openzeppelin/contracts/utils/BlockHeader.sol";

import {IStaking} from "./IStaking.sol";

/// Draws duties from an epoch's seed and stake table.
interface IEpochFollower {
    function epochOpened(uint48 epoch, bytes32 seed, uint32[] calldata ids, uint96[] calldata stakes) external;
}

/// Gives each epoch its seed, out of the first L1 block at or after the epoch's start. Which block
/// that is follows from two headers, so it does not matter who opens an epoch, or when:
///
///   seed = keccak256(abi.encode("mega.epoch", l1 chain id, l2 chain id, epoch, prevrandao, hash of that block))
///
/// The stake table stands before the block is known. The block's proposer can withhold it, at the
/// price of its reward: one bit of influence, as everywhere on Ethereum.
///
/// An epoch that nobody opens in time (8,191 L1 blocks) stays without a seed; duties go on by the
/// last one that has been opened.
contract Epochs is Ownable2Step {
    error NotYet(uint48 epoch);
    error AlreadyOpen(uint48 epoch);
    error NotTheFirstBlock();
    error UnknownHeader();
    error TooManyFollowers();
    error TableIsEmpty(uint48 epoch);

    event EpochOpened(uint48 indexed epoch, bytes32 seed, uint64 l1Block, bytes32 tableHash);
    event FollowersSet(address[] followers);

    struct Opening {
        bytes32 seed;
        uint64 l1Block; // the epoch's first
        uint64 l1Timestamp;
    }

    IStaking public immutable staking;
    /// Seconds between two L1 blocks; 0 where they come at no known pace.
    uint64 public immutable l1SlotTime;

    mapping(uint48 => Opening) public openings;
    /// The greatest epoch that has been opened, + 1; 0 when there is none.
    uint48 public openedEnd;
    IEpochFollower[] public followers;

    constructor(IStaking staking_, uint64 l1SlotTime_, address owner_) Ownable(owner_) {
        staking = staking_;
        l1SlotTime = l1SlotTime_;
    }

    function setFollowers(address[] calldata followers_) external onlyOwner {
        if (followers_.length > 4) {
            revert TooManyFollowers();
        }
        delete followers;
        for (uint256 i; i < followers_.length; ++i) {
            followers.push(IEpochFollower(followers_[i]));
        }
        emit FollowersSet(followers_);
    }

    /// `header` is the RLP of the first L1 block of the epoch, `parent` that of the block before.
    function open(uint48 epoch, bytes calldata header, bytes calldata parent) external {
        if (openings[epoch].l1Block != 0) {
            revert AlreadyOpen(epoch);
        }
        if (epoch < openedEnd) {
            revert AlreadyOpen(openedEnd - 1);
        }
        Opening memory opening = _check(epoch, header, parent);
        openings[epoch] = opening;
        openedEnd = epoch + 1;
        (uint32[] memory ids, uint96[] memory stakes) = staking.stakeTable(epoch);
        if (ids.length == 0) {
            revert TableIsEmpty(epoch);
        }
        emit EpochOpened(epoch, opening.seed, opening.l1Block, keccak256(abi.encode(ids, stakes)));
        for (uint256 i; i < followers.length; ++i) {
            followers[i].epochOpened(epoch, opening.seed, ids, stakes);
        }
    }

    /// The last epoch up to this one that has been opened. `isOpen` is false when there is none.
    function lastOpened(uint48 epoch) external view returns (bool isOpen, uint48 last) {
        uint48 end = openedEnd;
        if (end == 0) {
            return (false, 0);
        }
        last = epoch < end - 1 ? epoch : end - 1;
        // Gaps are rare and short; a long one ends the search.
        for (uint256 i; i < 64; ++i) {
            if (openings[last].l1Block != 0) {
                return (true, last);
            }
            if (last == 0) {
                break;
            }
            --last;
        }
        return (false, 0);
    }

    function isOpened(uint48 epoch) external view returns (bool) {
        return openings[epoch].l1Block != 0;
    }

    /// That L1 made fewer than three quarters of the blocks that fit into the epoch, or that this
    /// or the next epoch never got a seed: nobody is to blame for what was missed in it.
    function isOutage(uint48 epoch) external view returns (bool) {
        Opening storage first = openings[epoch];
        Opening storage next = openings[epoch + 1];
        if (first.l1Block == 0 || next.l1Block == 0) {
            return true;
        }
        if (l1SlotTime == 0) {
            return false;
        }
        uint256 time = uint256(next.l1Block - first.l1Block) * l1SlotTime;
        return time * 4 < uint256(staking.epochLength()) * 3;
    }

    function _check(uint48 epoch, bytes memory header, bytes memory parent) private view returns (Opening memory) {
        uint256 start = staking.epochStart(epoch);
        if (block.timestamp < start) {
            revert NotYet(epoch);
        }
        if (!BlockHeader.verifyBlockHeader(header)) {
            revert UnknownHeader();
        }
        if (BlockHeader.getParentHash(header) != keccak256(parent)) {
            revert UnknownHeader();
        }
        uint256 timestamp = BlockHeader.getTimestamp(header);
        bool isFirst = timestamp >= start && timestamp < staking.epochStart(epoch + 1)
            && BlockHeader.getTimestamp(parent) < start;
        if (!isFirst) {
            revert NotTheFirstBlock();
        }
        bytes32 seed = keccak256(
            abi.encode(
                "mega.epoch",
                block.chainid,
                staking.l2ChainId(),
                epoch,
                BlockHeader.getPrevRandao(header),
                keccak256(header)
            )
        );
        return Opening(seed, uint64(BlockHeader.getNumber(header)), uint64(timestamp));
    }
}
