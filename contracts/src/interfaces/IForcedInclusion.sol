// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// Gets a signed L2 transaction in without the sequencer's consent.
interface IForcedInclusion {
    error NotATransaction();
    error TypeNotAllowed(uint8 transactionType);

    /// Queues `envelope`, a signed transaction as its sender would send it to the node. Payable:
    /// `fee(gas limit of the transaction)`; what is more comes back.
    function forceTransaction(bytes calldata envelope) external payable returns (uint64 index);
    function fee(uint64 gasLimit) external view returns (uint256);
    /// The gas limit that a signed transaction states; reverts when it is not one.
    function gasLimitOf(bytes calldata envelope) external pure returns (uint64);
}
