// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Batch} from "../common/Types.sol";

/// Statements of the L2 state after a batch, with bonds, until they are final.
interface IStateClaims {
    enum Status {
        None,
        Proposed,
        Challenged,
        Final,
        Rejected
    }

    struct Claim {
        bytes32 outputRoot;
        address proposer;
        uint64 batchIndex;
        Status status;
        uint64 parent;
        uint64 lastBlock;
        uint64 proposedAt;
        uint64 finalizableAt;
        uint128 bond;
        uint128 challengeBond;
        address challenger;
    }

    event ClaimProposed(
        uint64 indexed claim,
        uint64 indexed parent,
        uint64 indexed batchIndex,
        bytes32 outputRoot,
        bytes32 stateRoot,
        bytes32 messagePasserStorageRoot,
        bytes32 blockHash,
        uint64 lastBlock,
        address proposer
    );
    event ClaimChallenged(uint64 indexed claim, address indexed challenger);
    /// `by`: the kind of the verifier, "council", or 0 when the window has passed.
    event ClaimFinalized(uint64 indexed claim, bytes32 indexed by, bytes32 outputRoot);
    /// `by`: the kind of the verifier, "council", or "orphan" when an ancestor was rejected.
    event ClaimRejected(uint64 indexed claim, bytes32 indexed by, bytes32 outputRoot);
    event VerifierChanged(bytes32 indexed kind, address verifier);
    event GenesisSet(bytes32 outputRoot);
    event BondWithdrawn(address indexed owner, address indexed to, uint256 amount);

    error FinalisingPaused();
    error WrongBond(uint256 given, uint256 due);
    error UnknownBatch(uint64 index);
    error NoSuchClaim(uint64 claim);
    error WrongStatus(uint64 claim, Status status);
    error ParentNotFinal(uint64 parent);
    error ParentRejected(uint64 parent);
    error ParentNotBefore(uint64 parent);
    error ParentNotRejected(uint64 parent);
    error WrongHeader(bytes32 given, bytes32 expected);
    error HeaderContradictsBatch();
    error WindowOpen(uint64 finalizableAt);
    error WindowClosed(uint64 finalizableAt);
    error NoVerifier(bytes32 kind);
    error Undecided(bytes32 kind);
    error GenesisAlreadySet();
    error NothingToWithdraw();
    error TransferFailed();

    function propose(
        uint64 parent,
        Batch calldata batch,
        bytes calldata header,
        bytes[] calldata messagePasserProof
    ) external payable returns (uint64 claim);
    function challenge(uint64 claim) external payable;
    function finalize(uint64 claim) external;
    function prove(uint64 claim, bytes32 kind, bytes calldata proof) external;
    function resolve(uint64 claim, bool isValid) external;
    function rejectOrphan(uint64 claim) external;
    function withdrawBonds(address to) external;

    function getClaim(uint64 claim) external view returns (Claim memory);
    function claimCount() external view returns (uint64);
    function isFinal(uint64 claim) external view returns (bool);
    function outputRoot(uint64 claim) external view returns (bytes32);
    function credit(address owner) external view returns (uint256);
    function verifier(bytes32 kind) external view returns (address);
}
