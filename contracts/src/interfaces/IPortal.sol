// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {OutputRootProof, WithdrawalTransaction} from "../common/Types.sol";

/// The door between the layers: keeps the MEGA that exists on L2, queues deposits, pays withdrawals.
/// Function and event shapes of withdrawals are the OP Stack's.
interface IPortal {
    event WithdrawalProven(
        bytes32 indexed withdrawalHash, address indexed from, address indexed to
    );
    event WithdrawalProvenExtension1(
        bytes32 indexed withdrawalHash, address indexed proofSubmitter
    );
    event WithdrawalFinalized(bytes32 indexed withdrawalHash, bool success);
    event EscrowFunded(address indexed by, uint256 amount);
    event RateLimitChanged(uint256 capacity, uint64 window);

    error FinalisingPaused();
    error BadTarget(address target);
    error CreationWithTarget(address to);
    error FeeNotPaid(uint256 due, uint256 paid);
    error WrongOutputRoot(bytes32 given, bytes32 claimed);
    error ClaimRejected(uint64 claim);
    error ClaimNotFinal(uint64 claim);
    error WrongProof();
    error AlreadyProven(bytes32 withdrawalHash, address submitter);
    error NotProven(bytes32 withdrawalHash, address submitter);
    error NotMature(uint64 matureAt);
    error AlreadyFinalized(bytes32 withdrawalHash);
    error RateLimited(uint256 value, uint256 available);
    error NotEnoughGas();
    error Reentered();

    function depositTransaction(
        address to,
        uint256 mint,
        uint256 value,
        uint64 gasLimit,
        bool isCreation,
        bytes calldata data
    ) external payable returns (uint64 index);
    function depositFee(uint64 gasLimit) external view returns (uint256);
    function fundEscrow(uint256 amount) external;

    function proveWithdrawalTransaction(
        WithdrawalTransaction calldata withdrawal,
        uint256 claim,
        OutputRootProof calldata outputRootProof,
        bytes[] calldata withdrawalProof
    ) external;
    function finalizeWithdrawalTransaction(WithdrawalTransaction calldata withdrawal) external;
    function finalizeWithdrawalTransactionExternalProof(
        WithdrawalTransaction calldata withdrawal,
        address proofSubmitter
    ) external;

    function token() external view returns (address);
    function escrowed() external view returns (uint256);
    function finalizedWithdrawals(bytes32 withdrawalHash) external view returns (bool);
    function provenWithdrawals(bytes32 withdrawalHash, address submitter)
        external
        view
        returns (uint64 claim, uint64 provenAt, uint64 matureAt);
    function numProofSubmitters(bytes32 withdrawalHash) external view returns (uint256);
    function proofSubmitters(bytes32 withdrawalHash, uint256 index)
        external
        view
        returns (address);
    /// While a withdrawal is being finalised: who sent it on L2, its hash and value; 0 otherwise.
    function l2Sender() external view returns (address);
    function activeWithdrawal() external view returns (bytes32);
    function activeValue() external view returns (uint256);
    function rateLimitAvailable() external view returns (uint256);
}
