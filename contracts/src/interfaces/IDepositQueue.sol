// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Deposit} from "../common/Types.sol";

/// The ordered list of what L1 puts into L2. Appends only.
interface IDepositQueue {
    /// kind 0: `envelope` is the L2 transaction, its keccak256 the L2 hash.
    event DepositQueued(
        uint64 indexed index, address indexed from, bytes envelope, bytes32 rollingHash
    );
    /// kind 1: `envelope` is a signed transaction of anybody.
    event TransactionForced(
        uint64 indexed index, address indexed payer, bytes envelope, bytes32 rollingHash
    );
    event SenderChanged(address indexed sender, bool allowed);

    error NotSender(address caller);
    error DataTooLong(uint256 length, uint256 limit);
    error GasLimitTooLow(uint64 gasLimit, uint64 minimum);
    error GasLimitTooHigh(uint64 gasLimit, uint64 maximum);
    error BlockGasExhausted(uint64 wanted, uint64 left);
    error FeeNotPaid(uint256 due, uint256 paid);
    error NoSuchEntry(uint64 index, uint64 length);

    function append(address from, Deposit calldata deposit)
        external
        payable
        returns (uint64 index);
    function appendForced(address payer, bytes calldata envelope, uint64 gasLimit)
        external
        payable
        returns (uint64 index);

    function length() external view returns (uint64);
    function rollingHash(uint64 count) external view returns (bytes32);
    function entry(uint64 index)
        external
        view
        returns (uint64 timestamp, uint64 blockNumber, uint128 gasUpTo);
    function minimumGas(uint256 dataLength, bool isCreation) external pure returns (uint64);

    /// Wei of ether for `gasLimit` of L2 gas in the current L1 block.
    function fee(uint64 gasLimit) external view returns (uint256);
    function gasPrice() external view returns (uint256);

    /// How many entries were queued at `timestamp` or before, at least `from`.
    function overdueCursor(uint64 from, uint64 timestamp) external view returns (uint64);
    /// The furthest cursor from `from` whose entries take at most `gas` and were queued in L1 block
    /// `blockNumber` or before.
    function cursorWithin(uint64 from, uint128 gas, uint64 blockNumber)
        external
        view
        returns (uint64);
}
