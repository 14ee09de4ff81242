// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BlockHeader} from "@openzeppelin/contracts/utils/BlockHeader.sol";
import {Memory} from "@openzeppelin/contracts/utils/Memory.sol";
import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";
import {TrieProof} from "@openzeppelin/contracts/utils/cryptography/TrieProof.sol";
import {Hashing} from "../common/Hashing.sol";
import {Predeploys} from "../common/Predeploys.sol";
import {Batch, BatchKind, OutputRootProof} from "../common/Types.sol";
import {IBatchInbox} from "../interfaces/IBatchInbox.sol";
import {IProofVerifier} from "../interfaces/IProofVerifier.sol";
import {IStateClaims} from "../interfaces/IStateClaims.sol";
import {ISystemConfig} from "../interfaces/ISystemConfig.sol";
import {Configured} from "./Configured.sol";

/// Claims about the L2 state after a batch.
///
/// What a claim cannot lie about: its header has the hash that the batch names, and state root and
/// storage root of the message passer are read out of it by proof. What it can be wrong about: the
/// batch's last block hash (the sequencer states it), and the whole header after a forced batch
/// (nobody on L1 knows it); there the header only has to fit the batch. So anyone may challenge.
///
///   Proposed --window passes, parent final--> Final        bond back to the proposer
///   Proposed --challenge--> Challenged
///   Proposed | Challenged --a verifier's proof, parent final--> Final      both bonds to the proposer
///   Proposed | Challenged --a verifier's proof--> Rejected                 both bonds to the challenger,
///                                                          or to who proved it when there is none
///   Challenged --the owner decides--> Final | Rejected     as above
///   Proposed | Challenged --parent rejected--> Rejected    each gets its own bond back
///
/// Bonds: the ether here is at all times the sum of the bonds of open claims and of all credits.
contract StateClaims is IStateClaims, Configured {
    using BlockHeader for Memory.Slice[];
    using RLP for Memory.Slice;

    uint256 private constant HEADER_FIELDS = 21; // Osaka
    bytes32 private constant BY_COUNCIL = "council";
    bytes32 private constant BY_ORPHAN = "orphan";

    IBatchInbox public inbox;
    uint64 public claimCount; // claim 0 is the genesis
    mapping(uint64 => Claim) private _claims;
    mapping(address => uint256) public credit;
    mapping(bytes32 kind => address) public verifier;

    function initialize(ISystemConfig config_, IBatchInbox inbox_) external initializer {
        _setConfig(config_);
        inbox = inbox_;
        _claims[0].status = Status.Final;
        claimCount = 1;
    }

    /// The output root of block 0, known once L1 is deployed; what proofs of the first batch start from.
    function setGenesis(bytes32 outputRoot_) external onlyOwner {
        require(_claims[0].outputRoot == 0, GenesisAlreadySet());
        _claims[0].outputRoot = outputRoot_;
        emit GenesisSet(outputRoot_);
    }

    /// address(0) removes a verifier.
    function setVerifier(bytes32 kind, address verifier_) external onlyOwner {
        verifier[kind] = verifier_;
        emit VerifierChanged(kind, verifier_);
    }

    /// `header`: RLP of the batch's last block; `messagePasserProof`: its account proof there.
    function propose(
        uint64 parent,
        Batch calldata batch,
        bytes calldata header,
        bytes[] calldata messagePasserProof
    ) external payable returns (uint64 claim) {
        ISystemConfig.Bonds memory bonds = config.bonds();
        require(msg.value == bonds.claim, WrongBond(msg.value, bonds.claim));
        uint64 index = batch.header.index;
        require(
            inbox.batchHash(index) == Hashing.batch(config.l2ChainId(), batch)
                && index < inbox.nextIndex(),
            UnknownBatch(index)
        );
        _checkParent(parent, batch.header.lastBlock);

        OutputRootProof memory output;
        output.latestBlockhash = keccak256(header);
        output.stateRoot = _checkHeader(batch, header, output.latestBlockhash);
        output.messagePasserStorageRoot =
            _storageRootOf(Predeploys.MESSAGE_PASSER, output.stateRoot, messagePasserProof);

        claim = claimCount++;
        Claim storage c = _claims[claim];
        c.outputRoot = Hashing.outputRoot(output);
        c.proposer = msg.sender;
        c.batchIndex = index;
        c.status = Status.Proposed;
        c.parent = parent;
        c.lastBlock = batch.header.lastBlock;
        c.proposedAt = uint64(block.timestamp);
        // Fixed now: a change of the window does not move claims that exist.
        c.finalizableAt = uint64(block.timestamp) + config.windows().challengeWindow;
        c.bond = uint128(msg.value);
        emit ClaimProposed(
            claim,
            parent,
            index,
            c.outputRoot,
            output.stateRoot,
            output.messagePasserStorageRoot,
            output.latestBlockhash,
            c.lastBlock,
            msg.sender
        );
    }

    function challenge(uint64 claim) external payable {
        uint128 due = config.bonds().challenge;
        require(msg.value == due, WrongBond(msg.value, due));
        Claim storage c = _open(claim);
        require(c.status == Status.Proposed, WrongStatus(claim, c.status));
        require(block.timestamp < c.finalizableAt, WindowClosed(c.finalizableAt));
        c.status = Status.Challenged;
        c.challenger = msg.sender;
        c.challengeBond = due;
        emit ClaimChallenged(claim, msg.sender);
    }

    function finalize(uint64 claim) external {
        Claim storage c = _open(claim);
        require(c.status == Status.Proposed, WrongStatus(claim, c.status));
        require(block.timestamp >= c.finalizableAt, WindowOpen(c.finalizableAt));
        _finalize(claim, c, 0);
    }

    /// Lets a verifier decide, at any time before the claim is final.
    function prove(uint64 claim, bytes32 kind, bytes calldata proof) external {
        address judge = verifier[kind];
        require(judge != address(0), NoVerifier(kind));
        Claim storage c = _open(claim);
        IProofVerifier.Verdict verdict =
            IProofVerifier(judge).judge(_statementOf(claim, c), proof);
        // The verifier is another contract: it may have called back.
        _open(claim);
        if (verdict == IProofVerifier.Verdict.Valid) _finalize(claim, c, kind);
        else if (verdict == IProofVerifier.Verdict.Invalid) _reject(claim, c, kind, msg.sender);
        else revert Undecided(kind);
    }

    /// The security council, behind the timelock, decides a challenge that no verifier decides.
    function resolve(uint64 claim, bool isValid) external onlyOwner {
        Claim storage c = _open(claim);
        require(c.status == Status.Challenged, WrongStatus(claim, c.status));
        if (isValid) _finalize(claim, c, BY_COUNCIL);
        else _reject(claim, c, BY_COUNCIL, c.challenger);
    }

    /// Ends a claim whose parent was rejected: there is nothing it could become.
    function rejectOrphan(uint64 claim) external {
        Claim storage c = _open(claim);
        require(_claims[c.parent].status == Status.Rejected, ParentNotRejected(c.parent));
        credit[c.proposer] += c.bond;
        credit[c.challenger] += c.challengeBond;
        _end(c, Status.Rejected);
        emit ClaimRejected(claim, BY_ORPHAN, c.outputRoot);
    }

    function withdrawBonds(address to) external {
        uint256 amount = credit[msg.sender];
        require(amount != 0, NothingToWithdraw());
        credit[msg.sender] = 0;
        emit BondWithdrawn(msg.sender, to, amount);
        (bool success,) = to.call{value: amount}("");
        require(success, TransferFailed());
    }

    function getClaim(uint64 claim) external view returns (Claim memory) {
        return _claims[claim];
    }

    function isFinal(uint64 claim) external view returns (bool) {
        return _claims[claim].status == Status.Final;
    }

    function outputRoot(uint64 claim) external view returns (bytes32) {
        return _claims[claim].outputRoot;
    }

    function _open(uint64 claim) private view returns (Claim storage c) {
        require(claim < claimCount, NoSuchClaim(claim));
        c = _claims[claim];
        require(
            c.status == Status.Proposed || c.status == Status.Challenged,
            WrongStatus(claim, c.status)
        );
    }

    function _checkParent(uint64 parent, uint64 lastBlock) private view {
        require(parent < claimCount, NoSuchClaim(parent));
        Claim storage p = _claims[parent];
        require(p.status != Status.Rejected, ParentRejected(parent));
        require(p.lastBlock < lastBlock, ParentNotBefore(parent));
    }

    function _checkHeader(Batch calldata batch, bytes calldata header, bytes32 hash)
        private
        pure
        returns (bytes32 stateRoot)
    {
        Memory.Slice[] memory fields = BlockHeader.parseHeader(header);
        require(
            fields.length == HEADER_FIELDS && fields.getNumber() == batch.header.lastBlock
                && fields.getTimestamp() == batch.header.lastTimestamp,
            HeaderContradictsBatch()
        );
        if (batch.kind != BatchKind.Forced) {
            require(
                hash == batch.header.lastBlockHash, WrongHeader(hash, batch.header.lastBlockHash)
            );
        }
        return fields.getStateRoot();
    }

    function _storageRootOf(address account, bytes32 stateRoot, bytes[] memory proof)
        private
        pure
        returns (bytes32)
    {
        bytes memory value = TrieProof.traverse(
            stateRoot, abi.encodePacked(keccak256(abi.encodePacked(account))), proof
        );
        return RLP.decodeList(value)[2].readBytes32();
    }

    function _statementOf(uint64 claim, Claim storage c)
        private
        view
        returns (IProofVerifier.Statement memory)
    {
        Claim storage p = _claims[c.parent];
        return IProofVerifier.Statement({
            l2ChainId: config.l2ChainId(),
            claim: claim,
            parentOutputRoot: p.outputRoot,
            outputRoot: c.outputRoot,
            parentBatchHash: c.parent == 0 ? bytes32(0) : inbox.batchHash(p.batchIndex),
            batchHash: inbox.batchHash(c.batchIndex),
            parentBlock: p.lastBlock,
            lastBlock: c.lastBlock
        });
    }

    function _finalize(uint64 claim, Claim storage c, bytes32 by) private {
        require(!config.paused(), FinalisingPaused());
        require(_claims[c.parent].status == Status.Final, ParentNotFinal(c.parent));
        credit[c.proposer] += uint256(c.bond) + c.challengeBond;
        _end(c, Status.Final);
        emit ClaimFinalized(claim, by, c.outputRoot);
    }

    function _reject(uint64 claim, Claim storage c, bytes32 by, address winner) private {
        address to = c.challenger == address(0) ? winner : c.challenger;
        credit[to] += uint256(c.bond) + c.challengeBond;
        _end(c, Status.Rejected);
        emit ClaimRejected(claim, by, c.outputRoot);
    }

    function _end(Claim storage c, Status status) private {
        c.status = status;
        c.bond = 0;
        c.challengeBond = 0;
    }
}
