// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// Hash-time-locked payments, the same contract on both layers. Nobody owns it, nothing can pause it.
interface IAtomicSwap {
    struct Lock {
        address sender; // gets the amount back from the deadline on
        address recipient; // gets it with the preimage before the deadline
        address token; // 0: the layer's native currency (ETH on L1, MEGA on L2)
        uint256 amount;
        bytes32 hashLock; // sha256 of a 32-byte preimage
        uint64 deadline; // seconds
    }

    enum Status {
        None,
        Open,
        Claimed,
        Refunded
    }

    event Locked(
        bytes32 indexed id,
        address indexed sender,
        address indexed recipient,
        address token,
        uint256 amount,
        bytes32 hashLock,
        uint64 deadline
    );
    event Claimed(bytes32 indexed id, bytes32 preimage);
    event Refunded(bytes32 indexed id);

    error WrongSender(address inLock, address caller);
    error WrongAmount(uint256 given, uint256 due);
    error WrongDeadline(uint64 given, uint64 earliest, uint64 latest);
    error NoRecipient();
    error WrongStatus(bytes32 id, Status status);
    error WrongPreimage();
    error DeadlinePassed(uint64 deadline);
    error DeadlineAhead(uint64 deadline);
    error TransferFailed(address to);

    function lock(Lock calldata terms) external payable returns (bytes32 id);
    function claim(Lock calldata terms, bytes32 preimage) external;
    function refund(Lock calldata terms) external;
    function idOf(Lock calldata terms) external view returns (bytes32);
    function status(bytes32 id) external view returns (Status);
}
