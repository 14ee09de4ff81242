// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {BlockHeader} from "@openzeppelin/contracts/utils/BlockHeader.sol";

import {Hashing} from "../common/Hashing.sol";
import {Batch, BatchKind, OutputRootProof} from "../common/Types.sol";
import {IBatchInbox} from "../interfaces/IBatchInbox.sol";
import {IStateClaims} from "../interfaces/IStateClaims.sol";
import {Committee} from "./Committee.sol";
import {DutyRecord} from "./CommitteeVerifier.sol";
import {Epochs} from "./Epochs.sol";
import {IStaking} from "./IStaking.sol";
import {LeaderSchedule} from "./LeaderSchedule.sol";
import {Attestation, Attestations} from "./lib/Attestations.sol";
import {Bls12381, PublicKey} from "./lib/Bls12381.sol";
import {MiniBlockHeader, MiniBlocks} from "./lib/MiniBlocks.sol";
import {PenaltyMath} from "./lib/PenaltyMath.sol";

/// Takes stake for what L1 itself can check. Whoever brings evidence is rewarded by Staking.
///
/// A contradiction costs 10 % at once and the seat for good; when its period is over, `settle` takes
/// the rest of 10 % + 3 times the share of stake that contradicted itself in that period. Missed
/// duties cost 0.1 % to 1.6 %, and the seat for a while.
///
/// Evidence is dated by the batch on L1 that holds the block it speaks of.
///
/// Evidence counts once, for `unbondingEpochs`, and on this chain alone: attestations name the L2
/// chain, keys of mini-blocks belong to one chain (ChainKeys), and a fork of L1 with another chain
/// id is refused. What a forced batch has voided is no contradiction.
contract Slasher is Ownable2Step {
    using Bls12381 for PublicKey;

    enum Kind {
        TwoMiniBlocks,
        TwoAttestations,
        MiniBlockAgainstBatch,
        AttestationAgainstHeader,
        AttestationAgainstClaim,
        Downtime
    }

    struct SignedMiniBlock {
        MiniBlockHeader header;
        bytes signature; // r, s, v
    }

    struct Offence {
        uint32 id;
        uint48 infractionEpoch;
        uint48 settleFrom;
        bool isSettled;
        address reporter;
    }

    error WrongChain(uint256 chainId);
    error AlreadyPunished();
    error AlreadyOut(uint32 id);
    error NotTheSigner(address recovered);
    error BadSignature();
    error NoContradiction();
    error VoidedByForcedBatch();
    error TooOld(uint48 epoch);
    error UnknownBatch();
    error NotItsBatch();
    error WrongDigest();
    error ClaimNotDisproved(uint64 claim);
    error NotSettleable();
    error WindowOverlaps(uint48 from);
    error WindowOpen();
    error DutyDone(uint256 missed, uint256 duties);
    error BadParameters();
    error Paused();

    event Punished(
        Kind indexed kind, uint32 indexed id, address indexed reporter, bytes32 offence, uint48 infractionEpoch, uint256 ppm
    );
    event Settled(uint256 indexed index, uint32 indexed id, uint256 guilty, uint256 total, uint256 ppm);
    event PausedUntil(uint64 until);
    event ParametersSet(uint48 downtimeWindow, address guardian);

    /// Seconds by which a sequencer's clock may run ahead of L1 (BatchInbox).
    uint64 public constant CLOCK_SLACK = 15;
    uint64 public constant MAX_PAUSE = 3 days;
    uint64 public constant PAUSE_GAP = 9 days;

    IStaking public immutable staking;
    Epochs public immutable epochs;
    Committee public immutable committee;
    DutyRecord public immutable duties;
    LeaderSchedule public immutable schedule;
    IBatchInbox public immutable inbox;
    IStateClaims public immutable claims;
    uint256 public immutable l1ChainId;
    uint64 public immutable l2ChainId;
    /// Epochs before and after an offence that count towards its correlation.
    uint48 public immutable correlationEpochs;

    uint48 public downtimeWindow;
    address public guardian;
    uint64 public pausedUntil;

    mapping(bytes32 => bool) public isPunished;
    mapping(uint32 => bool) public isOut;
    Offence[] public offences;
    mapping(uint48 => uint256) public guiltyStake; // by epoch of infraction
    mapping(uint32 => uint48) public downtimeEnd; // first epoch not yet judged
    mapping(uint32 => uint256) public downtimeTimes;

    struct Parts {
        IStaking staking;
        Committee committee;
        DutyRecord duties;
        LeaderSchedule schedule;
        IStateClaims claims;
        uint48 correlationEpochs;
        uint48 downtimeWindow;
        address guardian;
    }

    modifier onThisChain() {
        if (block.chainid != l1ChainId) {
            revert WrongChain(block.chainid);
        }
        if (block.timestamp < pausedUntil) {
            revert Paused();
        }
        _;
    }

    constructor(Parts memory parts, address owner_) Ownable(owner_) {
        staking = parts.staking;
        committee = parts.committee;
        epochs = parts.committee.epochs();
        duties = parts.duties;
        schedule = parts.schedule;
        inbox = parts.duties.inbox();
        claims = parts.claims;
        l1ChainId = block.chainid;
        l2ChainId = parts.staking.l2ChainId();
        // What is frozen at the report must still be there when the period is over.
        if (parts.correlationEpochs == 0 || parts.correlationEpochs > 256) {
            revert BadParameters();
        }
        correlationEpochs = parts.correlationEpochs;
        _set(parts.downtimeWindow, parts.guardian);
    }

    // ---------------------------------------------------------------- contradictions

    /// Two mini-blocks of one height: the same number, or the same place in the same block. `batch`
    /// holds the lower of their blocks.
    function twoMiniBlocks(
        uint32 id,
        SignedMiniBlock calldata a,
        SignedMiniBlock calldata b,
        Batch calldata batch
    ) external onThisChain {
        bytes32 hashA = _checkMiniBlock(id, a);
        bytes32 hashB = _checkMiniBlock(id, b);
        bool isSameNumber = a.header.miniBlockNumber == b.header.miniBlockNumber;
        bool isSamePlace = a.header.blockNumber == b.header.blockNumber && a.header.index == b.header.index;
        if (hashA == hashB || !(isSameNumber || isSamePlace)) {
            revert NoContradiction();
        }
        _refuseVoided(a.header, b.header);
        uint64 number = a.header.blockNumber < b.header.blockNumber ? a.header.blockNumber : b.header.blockNumber;
        _punish(Kind.TwoMiniBlocks, id, keccak256(abi.encode(id, hashA ^ hashB)), _dateOf(batch, number));
    }

    /// Two attestations of one block number. A validator keeps what it has signed and never attests
    /// a height twice, so nothing excuses this.
    function twoAttestations(
        uint32 id,
        Attestation calldata a,
        bytes calldata signatureA,
        Attestation calldata b,
        bytes calldata signatureB,
        Batch calldata batch
    ) external onThisChain {
        if (a.blockNumber != b.blockNumber || (a.blockHash == b.blockHash && a.stateRoot == b.stateRoot)) {
            revert NoContradiction();
        }
        _checkAttestation(id, a, signatureA);
        _checkAttestation(id, b, signatureB);
        bytes32 offence = keccak256(abi.encode(id, "attestation", a.blockNumber));
        _punish(Kind.TwoAttestations, id, offence, _dateOf(batch, a.blockNumber));
    }

    /// A mini-block that its own signer left out of the batch it posted for that block.
    /// `signingHashes` are those of the batch's mini-blocks: the preimage of its digest.
    function miniBlockAgainstBatch(
        uint32 id,
        SignedMiniBlock calldata signed,
        Batch calldata batch,
        bytes32[] calldata signingHashes
    ) external onThisChain {
        bytes32 hash = _checkMiniBlock(id, signed);
        uint64 number = signed.header.blockNumber;
        uint48 epoch = _dateOf(batch, number);
        // Of a batch of someone else, who took over, the signer is innocent.
        if (batch.kind == BatchKind.Forced || staking.idOfOperator(batch.header.sequencer) != id) {
            revert NotItsBatch();
        }
        if (keccak256(abi.encodePacked(signingHashes)) != batch.header.miniBlockDigest) {
            revert WrongDigest();
        }
        for (uint256 i; i < signingHashes.length; ++i) {
            if (signingHashes[i] == hash) {
                revert NoContradiction();
            }
        }
        if (_isVoided(number, signed.header.blockTimestamp, type(uint64).max)) {
            revert VoidedByForcedBatch();
        }
        _punish(Kind.MiniBlockAgainstBatch, id, keccak256(abi.encode(id, hash)), epoch);
    }

    /// An attestation whose state root is not the one in the header of the block that it names.
    function attestationAgainstHeader(
        uint32 id,
        Attestation calldata attestation,
        bytes calldata signature,
        bytes calldata header,
        Batch calldata batch
    ) external onThisChain {
        if (keccak256(header) != attestation.blockHash) {
            revert NoContradiction();
        }
        bool isTrue = BlockHeader.getStateRoot(header) == attestation.stateRoot
            && BlockHeader.getNumber(header) == attestation.blockNumber;
        if (isTrue) {
            revert NoContradiction();
        }
        _checkAttestation(id, attestation, signature);
        bytes32 offence = keccak256(abi.encode(id, "attestation", attestation.blockNumber));
        _punish(Kind.AttestationAgainstHeader, id, offence, _dateOf(batch, attestation.blockNumber));
    }

    /// An attestation of what a claim stated that was disproved. A claim that fell with its parent
    /// has not been.
    function attestationAgainstClaim(
        uint32 id,
        Attestation calldata attestation,
        bytes calldata signature,
        uint64 claim,
        OutputRootProof calldata output,
        Batch calldata batch
    ) external onThisChain {
        IStateClaims.Claim memory c = claims.getClaim(claim);
        bool isDisproved = c.status == IStateClaims.Status.Rejected
            && claims.getClaim(c.parent).status != IStateClaims.Status.Rejected;
        if (!isDisproved) {
            revert ClaimNotDisproved(claim);
        }
        bool isSame = Hashing.outputRoot(output) == c.outputRoot && attestation.blockNumber == c.lastBlock
            && attestation.blockHash == output.latestBlockhash && attestation.stateRoot == output.stateRoot;
        if (!isSame) {
            revert NoContradiction();
        }
        _checkAttestation(id, attestation, signature);
        bytes32 offence = keccak256(abi.encode(id, "attestation", attestation.blockNumber));
        _punish(Kind.AttestationAgainstClaim, id, offence, _dateOf(batch, attestation.blockNumber));
    }

    /// Takes what correlation adds, once the period is over, and lets what is left go.
    function settle(uint256 index) external onThisChain {
        Offence storage offence = offences[index];
        if (offence.isSettled || staking.currentEpoch() < offence.settleFrom) {
            revert NotSettleable();
        }
        offence.isSettled = true;
        (uint256 guilty, uint256 total) = guiltyAround(offence.infractionEpoch);
        uint256 target = PenaltyMath.contradictionPpm(guilty, total);
        uint256 ppm = PenaltyMath.remainderPpm(target, PenaltyMath.INITIAL_PPM);
        emit Settled(index, offence.id, guilty, total, ppm);
        staking.slash(offence.id, _liableFrom(offence.infractionEpoch), ppm, offence.reporter, type(uint48).max);
        staking.thaw(offence.id);
    }

    /// Stake that contradicted itself around an epoch, and all stake of that epoch.
    function guiltyAround(uint48 epoch) public view returns (uint256 guilty, uint256 total) {
        uint48 first = epoch > correlationEpochs ? epoch - correlationEpochs : 0;
        for (uint48 e = first; e <= epoch + correlationEpochs; ++e) {
            guilty += guiltyStake[e];
        }
        (, uint96[] memory stakes) = staking.stakeTable(epoch);
        for (uint256 i; i < stakes.length; ++i) {
            total += stakes[i];
        }
    }

    // ---------------------------------------------------------------- missed duties

    /// A duty was missed in half or more of the `downtimeWindow` epochs from `first` on. Epochs without
    /// two thirds of attestations, and those in which L1 was out, are none that were missed. Half of
    /// the window, not of the duties: who has just come or is about to leave has few.
    function downtime(uint32 id, uint48 first) external onThisChain {
        uint48 end = first + downtimeWindow;
        if (isOut[id]) {
            revert AlreadyOut(id);
        }
        if (first < downtimeEnd[id]) {
            revert WindowOverlaps(downtimeEnd[id]);
        }
        if (staking.currentEpoch() < end + duties.CLOSING()) {
            revert WindowOpen();
        }
        if (first < _evidenceFrom()) {
            revert TooOld(first);
        }
        (uint256 missed, uint256 due) = missedDuties(id, first, end);
        if (missed * 2 < downtimeWindow) {
            revert DutyDone(missed, due);
        }
        // It escalates when the last time is near.
        uint256 times = first <= downtimeEnd[id] + 4 * downtimeWindow && downtimeEnd[id] != 0 ? downtimeTimes[id] : 0;
        downtimeTimes[id] = times + 1;
        downtimeEnd[id] = staking.currentEpoch() + 1; // the jail's epochs are not judged
        uint256 ppm = PenaltyMath.downtimePpm(times);
        emit Punished(Kind.Downtime, id, msg.sender, bytes32(uint256(first)), first, ppm);
        staking.slash(id, first, ppm, msg.sender, downtimeWindow);
    }

    function missedDuties(uint32 id, uint48 first, uint48 end) public view returns (uint256 missed, uint256 due) {
        for (uint48 epoch = first; epoch < end; ++epoch) {
            if (epochs.isOutage(epoch)) {
                continue;
            }
            bool hadToAttest = committee.isMember(epoch, id) && duties.isQuorate(epoch);
            bool wasSilent = schedule.missedSlots(epoch, id) > 0;
            if (hadToAttest || wasSilent) {
                ++due;
                if (wasSilent || !duties.hasServed(epoch, id)) {
                    ++missed;
                }
            }
        }
    }

    // ---------------------------------------------------------------- governance

    function setParameters(uint48 downtimeWindow_, address guardian_) external onlyOwner {
        _set(downtimeWindow_, guardian_);
    }

    /// A mistake here would cost the innocent: the guardian can stop it for three days, and not again
    /// for nine.
    function pause(uint64 duration) external {
        bool isAllowed = msg.sender == guardian && duration <= MAX_PAUSE
            && (pausedUntil == 0 || block.timestamp >= pausedUntil + PAUSE_GAP);
        if (!isAllowed) {
            revert BadParameters();
        }
        pausedUntil = uint64(block.timestamp) + duration;
        emit PausedUntil(pausedUntil);
    }

    function unpause() external onlyOwner {
        pausedUntil = uint64(block.timestamp);
        emit PausedUntil(pausedUntil);
    }

    function offenceCount() external view returns (uint256) {
        return offences.length;
    }

    // ---------------------------------------------------------------- inside

    function _checkMiniBlock(uint32 id, SignedMiniBlock calldata signed) private view returns (bytes32) {
        address signer = MiniBlocks.signerOf(signed.header, signed.signature);
        if (signer != staking.signerOf(id)) {
            revert NotTheSigner(signer);
        }
        return MiniBlocks.signingHash(signed.header);
    }

    function _checkAttestation(uint32 id, Attestation calldata attestation, bytes calldata signature) private view {
        if (!staking.blsKeyOf(id).verify(Attestations.messageOf(attestation, l2ChainId), signature)) {
            revert BadSignature();
        }
    }

    function _refuseVoided(MiniBlockHeader calldata a, MiniBlockHeader calldata b) private view {
        (uint64 early, uint64 late) = a.blockTimestamp < b.blockTimestamp
            ? (a.blockTimestamp, b.blockTimestamp)
            : (b.blockTimestamp, a.blockTimestamp);
        uint64 number = a.blockTimestamp < b.blockTimestamp ? a.blockNumber : b.blockNumber;
        if (_isVoided(number, early, late)) {
            revert VoidedByForcedBatch();
        }
    }

    /// That a forced batch took the place of a block `number` made at `early`, and what was made at
    /// `late` came after it. Forced batches are in order of time and number.
    function _isVoided(uint64 number, uint64 early, uint64 late) private view returns (bool) {
        uint256 low;
        uint256 high = inbox.forcedCount();
        while (low < high) {
            uint256 middle = (low + high) / 2;
            (, uint64 at) = inbox.forcedBatch(middle);
            if (at + CLOCK_SLACK < early) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        if (low == inbox.forcedCount()) {
            return false;
        }
        (uint64 forcedNumber, uint64 timestamp) = inbox.forcedBatch(low);
        return timestamp < late && forcedNumber <= number;
    }

    function _punish(Kind kind, uint32 id, bytes32 offence, uint48 infractionEpoch) private {
        if (isPunished[offence]) {
            revert AlreadyPunished();
        }
        isPunished[offence] = true;
        if (isOut[id]) {
            revert AlreadyOut(id);
        }
        isOut[id] = true;
        uint48 present = staking.currentEpoch();
        if (infractionEpoch < _evidenceFrom()) {
            revert TooOld(infractionEpoch);
        }
        guiltyStake[infractionEpoch] += staking.stakeAt(id, infractionEpoch);
        offences.push(Offence(id, infractionEpoch, present + correlationEpochs + 1, false, msg.sender));
        emit Punished(kind, id, msg.sender, offence, infractionEpoch, PenaltyMath.INITIAL_PPM);
        staking.slash(id, _liableFrom(infractionEpoch), PenaltyMath.INITIAL_PPM, msg.sender, type(uint48).max);
    }

    /// The epoch of a block, by the batch that holds it: what signatures say of time is not believed.
    /// Where the batch reaches back over the border of epochs it is the earlier one.
    function _dateOf(Batch calldata batch, uint64 number) private view returns (uint48) {
        if (inbox.batchHash(batch.header.index) != Hashing.batch(l2ChainId, batch)) {
            revert UnknownBatch();
        }
        if (number < batch.header.firstBlock || number > batch.header.lastBlock) {
            revert NotItsBatch();
        }
        // Blocks are a second apart.
        uint256 span = uint256(batch.header.lastBlock) - batch.header.firstBlock + 1;
        uint256 from = batch.header.lastTimestamp > span ? batch.header.lastTimestamp - span : 0;
        return staking.epochOf(from);
    }

    /// Stake that left up to this epoch does not answer. One more epoch than the dated one: who leaves
    /// at a border of epochs does not leave the last blocks before it behind.
    function _liableFrom(uint48 infractionEpoch) private pure returns (uint48) {
        return infractionEpoch > 0 ? infractionEpoch - 1 : 0;
    }

    /// The first epoch that evidence may still be about: what left before it may have been paid out.
    function _evidenceFrom() private view returns (uint48) {
        uint48 present = staking.currentEpoch();
        uint48 back = staking.unbondingEpochs();
        return present > back ? present - back : 0;
    }

    function _set(uint48 downtimeWindow_, address guardian_) private {
        if (downtimeWindow_ == 0 || downtimeWindow_ + 3 > staking.unbondingEpochs()) {
            revert BadParameters();
        }
        downtimeWindow = downtimeWindow_;
        guardian = guardian_;
        emit ParametersSet(downtimeWindow_, guardian_);
    }
}
