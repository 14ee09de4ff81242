// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Epochs, IEpochFollower} from "./Epochs.sol";
import {IStaking} from "./IStaking.sol";
import {ValidatorKeys} from "./ValidatorKeys.sol";
import {Attestation, Attestations} from "./lib/Attestations.sol";
import {Bls12381, PublicKey} from "./lib/Bls12381.sol";
import {Draw} from "./lib/Draw.sol";

/// The members of a committee in its order; L1 keeps their hash alone.
struct Members {
    uint32[] ids;
    uint96[] stakes;
}

/// A signature of some members of a committee: bit i of `bitmap` is member i's.
struct Aggregate {
    uint256 bitmap;
    bytes signature; // G2, 256 bytes: the sum of their signatures
}

/// The committee of an epoch: the whole stake table when it has at most `size` entries, otherwise
///
///   Draw.order(stakes, keccak256(abi.encode("mega.committee", seed)), size)
///
/// It attests every block of the epoch. L1 keeps the sum of its keys; who verifies a signature takes
/// the absent ones off it.
contract Committee is IEpochFollower {
    using Bls12381 for PublicKey;

    error NotEpochs();
    error BadSize();
    error WrongMembers(uint48 epoch);
    error BadBitmap();
    error BadSignature();

    event CommitteeDrawn(uint48 indexed epoch, uint32[] ids, uint96[] stakes);

    struct Record {
        bytes32 membersHash;
        PublicKey sum;
        uint96 totalStake;
    }

    uint256 public constant MAX_SIZE = 128;

    Epochs public immutable epochs;
    IStaking public immutable staking;
    ValidatorKeys public immutable keys;
    uint64 public immutable l2ChainId;
    uint256 public immutable size;

    mapping(uint48 => Record) private records;
    /// Who is in an epoch's committee: bit id % 256 of word id / 256.
    mapping(uint48 => mapping(uint256 => uint256)) private memberBits;

    constructor(Epochs epochs_, ValidatorKeys keys_, uint256 size_) {
        if (size_ == 0 || size_ > MAX_SIZE) {
            revert BadSize();
        }
        epochs = epochs_;
        staking = epochs_.staking();
        keys = keys_;
        l2ChainId = staking.l2ChainId();
        size = size_;
    }

    function recordOf(uint48 epoch) external view returns (Record memory) {
        return records[epoch];
    }

    function isMember(uint48 epoch, uint32 id) public view returns (bool) {
        return memberBits[epoch][id >> 8] >> (id & 0xff) & 1 == 1;
    }

    function epochOpened(uint48 epoch, bytes32 seed, uint32[] calldata ids, uint96[] calldata stakes) external {
        if (msg.sender != address(epochs)) {
            revert NotEpochs();
        }
        Members memory members = draw(seed, ids, stakes);
        Record storage record = records[epoch];
        PublicKey memory sum;
        uint256 total;
        for (uint256 i; i < members.ids.length; ++i) {
            uint32 id = members.ids[i];
            sum = sum.add(keys.blsKeyOf(id));
            total += members.stakes[i];
            memberBits[epoch][id >> 8] |= 1 << (id & 0xff);
        }
        record.membersHash = hashOf(members);
        record.sum = sum;
        record.totalStake = uint96(total);
        emit CommitteeDrawn(epoch, members.ids, members.stakes);
    }

    function draw(bytes32 seed, uint32[] memory ids, uint96[] memory stakes)
        public
        view
        returns (Members memory members)
    {
        if (ids.length <= size) {
            return Members(ids, stakes);
        }
        uint256[] memory order = Draw.order(stakes, keccak256(abi.encode("mega.committee", seed)), size);
        members = Members(new uint32[](order.length), new uint96[](order.length));
        for (uint256 i; i < order.length; ++i) {
            members.ids[i] = ids[order[i]];
            members.stakes[i] = stakes[order[i]];
        }
    }

    function hashOf(Members memory members) public pure returns (bytes32) {
        return keccak256(abi.encode(members.ids, members.stakes));
    }

    /// The stake of those who signed, and of all. Reverts unless the members are the epoch's
    /// committee and the signature is that of exactly the members in the bitmap.
    function signedStake(
        uint48 epoch,
        Members calldata members,
        Attestation calldata attestation,
        Aggregate calldata aggregate
    ) public view returns (uint256 signed, uint256 total) {
        Record storage record = records[epoch];
        if (record.membersHash == 0 || record.membersHash != hashOf(members)) {
            revert WrongMembers(epoch);
        }
        uint256 count = members.ids.length;
        if (aggregate.bitmap == 0 || (count < 256 && aggregate.bitmap >> count != 0)) {
            revert BadBitmap();
        }
        PublicKey memory sum;
        (sum, signed) = _sumOf(record, members, aggregate.bitmap);
        if (!sum.verify(Attestations.messageOf(attestation, l2ChainId), aggregate.signature)) {
            revert BadSignature();
        }
        total = record.totalStake;
    }

    /// Adds up the present or takes off the absent, whichever are fewer.
    function _sumOf(Record storage record, Members calldata members, uint256 bitmap)
        private
        view
        returns (PublicKey memory sum, uint256 signed)
    {
        uint256 count = members.ids.length;
        uint256 present = _countBits(bitmap);
        bool isSubtracting = present * 2 > count;
        if (isSubtracting) {
            sum = record.sum;
        }
        for (uint256 i; i < count; ++i) {
            bool isPresent = bitmap >> i & 1 == 1;
            if (isPresent) {
                signed += members.stakes[i];
            }
            if (isPresent != isSubtracting) {
                PublicKey memory key = keys.blsKeyOf(members.ids[i]);
                sum = isPresent ? sum.add(key) : sum.subtract(key);
            }
        }
    }

    function _countBits(uint256 word) private pure returns (uint256 count) {
        for (; word != 0; word &= word - 1) {
            ++count;
        }
    }
}
