// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// Decides claims by a proof: a committee's signatures, a fault game, a validity proof.
interface IProofVerifier {
    /// What a claim states: executing the batches after `parentBatch` up to and including
    /// `lastBatch` turns the state behind `parentOutputRoot` into the one behind `outputRoot`.
    struct Statement {
        uint256 l2ChainId;
        uint256 claim; // its number in StateClaims
        bytes32 parentOutputRoot;
        bytes32 outputRoot;
        bytes32 parentBatchHash; // 0 when the parent is the genesis
        bytes32 batchHash;
        uint64 parentBlock;
        uint64 lastBlock;
    }

    enum Verdict {
        Undecided, // the proof shows nothing
        Valid,
        Invalid
    }

    /// Called by StateClaims alone when somebody submits a proof. Must not revert for a bad proof
    /// of bounded size and must answer from the statement and the proof (and its own state).
    function judge(Statement calldata statement, bytes calldata proof)
        external
        returns (Verdict);
}
