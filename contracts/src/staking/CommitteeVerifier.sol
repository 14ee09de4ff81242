// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Hashing} from "../common/Hashing.sol";
import {Batch, BatchKind, OutputRootProof} from "../common/Types.sol";
import {IBatchInbox} from "../interfaces/IBatchInbox.sol";
import {IProofVerifier} from "../interfaces/IProofVerifier.sol";
import {Aggregate, Committee, Members} from "./Committee.sol";
import {Attestation} from "./lib/Attestations.sol";

/// Early finality by the committee's word: a claim is valid when members with at least two thirds of
/// the stake of the committee of its last block's epoch attest to the block that it names. Governance
/// installs it in StateClaims; from then on claims are as good as two thirds of the stake.
///
///   proof = abi.encode(Proof)
contract CommitteeVerifier is IProofVerifier {
    struct Proof {
        Batch batch; // of the statement
        OutputRootProof output; // preimage of the statement's output root
        Members members;
        Aggregate aggregate;
    }

    error WrongBatch();
    error WrongOutput();
    error NoCommittee(uint48 epoch);
    error NotEnoughStake(uint256 signed, uint256 total);

    Committee public immutable committee;

    constructor(Committee committee_) {
        committee = committee_;
    }

    function judge(Statement calldata statement, bytes calldata proof) external view returns (Verdict) {
        try this.examine(statement, proof) {
            return Verdict.Valid;
        } catch {
            return Verdict.Undecided;
        }
    }

    /// Reverts, and says why, unless the proof holds.
    function examine(Statement calldata statement, bytes calldata proof) external view {
        Proof memory p = abi.decode(proof, (Proof));
        if (statement.l2ChainId != committee.l2ChainId()) {
            revert WrongBatch();
        }
        if (Hashing.batch(statement.l2ChainId, p.batch) != statement.batchHash) {
            revert WrongBatch();
        }
        if (Hashing.outputRoot(p.output) != statement.outputRoot) {
            revert WrongOutput();
        }
        requireAttested(p.batch.header.lastTimestamp, p.members, _attestationOf(p, statement.lastBlock), p.aggregate);
    }

    /// The committee in charge of blocks of this time: that of the epoch, or of the last one before it
    /// that has been opened.
    function committeeEpoch(uint256 timestamp) public view returns (uint48) {
        uint48 epoch = committee.staking().epochOf(timestamp);
        (bool isOpen, uint48 opened) = committee.epochs().lastOpened(epoch);
        if (!isOpen) {
            revert NoCommittee(epoch);
        }
        return opened;
    }

    function requireAttested(
        uint256 timestamp,
        Members memory members,
        Attestation memory attestation,
        Aggregate memory aggregate
    ) public view {
        (uint256 signed, uint256 total) =
            committee.signedStake(committeeEpoch(timestamp), members, attestation, aggregate);
        if (signed * 3 < total * 2) {
            revert NotEnoughStake(signed, total);
        }
    }

    function _attestationOf(Proof memory p, uint64 blockNumber) private pure returns (Attestation memory) {
        return Attestation(blockNumber, p.output.latestBlockhash, p.output.stateRoot);
    }
}

/// Who did its duty: keeps, for each epoch, which members of the committee attested the last block
/// of a batch. An epoch counts once two thirds of the stake have attested one of its batches; who has
/// been left out of the aggregates hands its own signature in until the epoch is closed.
contract DutyRecord {
    error UnknownBatch();
    error ForcedBatch();
    error Closed(uint48 epoch);

    /// `bitmap` is over the committee's members, as in CommitteeDrawn.
    event DutyRecorded(uint48 indexed epoch, uint64 indexed batchIndex, uint64 blockNumber, uint256 bitmap, bool isQuorate);

    /// Epochs after which an epoch's record is closed.
    uint48 public constant CLOSING = 3;

    CommitteeVerifier public immutable verifier;
    Committee public immutable committee;
    IBatchInbox public immutable inbox;

    mapping(uint48 => bool) public isQuorate;
    mapping(uint48 => mapping(uint256 => uint256)) private servedBits;

    constructor(CommitteeVerifier verifier_, IBatchInbox inbox_) {
        verifier = verifier_;
        committee = verifier_.committee();
        inbox = inbox_;
    }

    function hasServed(uint48 epoch, uint32 id) external view returns (bool) {
        return servedBits[epoch][id >> 8] >> (id & 0xff) & 1 == 1;
    }

    /// The attested block is the batch's last one, which the inbox knows.
    function record(Batch calldata batch, bytes32 stateRoot, Members calldata members, Aggregate calldata aggregate)
        external
    {
        if (batch.kind == BatchKind.Forced) {
            revert ForcedBatch();
        }
        if (inbox.batchHash(batch.header.index) != Hashing.batch(committee.l2ChainId(), batch)) {
            revert UnknownBatch();
        }
        uint48 epoch = verifier.committeeEpoch(batch.header.lastTimestamp);
        if (committee.staking().currentEpoch() >= epoch + CLOSING) {
            revert Closed(epoch);
        }
        (uint256 signed, uint256 total) = committee.signedStake(
            epoch,
            members,
            Attestation(batch.header.lastBlock, batch.header.lastBlockHash, stateRoot),
            aggregate
        );
        if (signed * 3 >= total * 2) {
            isQuorate[epoch] = true;
        }
        for (uint256 i; i < members.ids.length; ++i) {
            if (aggregate.bitmap >> i & 1 == 1) {
                uint32 id = members.ids[i];
                servedBits[epoch][id >> 8] |= 1 << (id & 0xff);
            }
        }
        emit DutyRecorded(
            epoch, batch.header.index, batch.header.lastBlock, aggregate.bitmap, signed * 3 >= total * 2
        );
    }
}
