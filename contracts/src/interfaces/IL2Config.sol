// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// Parameters of the chain as L2 itself knows them. The nodes read the storage of this contract at
/// the end of a block for the block after it (src/execution/l2_parameters.hpp): a change takes
/// effect everywhere at the same block, without a restart.
interface IL2Config {
    /// What is zero is left to the configuration of the chain.
    struct Parameters {
        uint64 gasLimit; // of a block
        uint32 elasticity;
        uint32 baseFeeDenominator;
        uint32 baseFeeScalar; // millionths of L1's base fee that a byte of a batch costs
        uint32 blobBaseFeeScalar; // millionths of L1's blob base fee
        uint16 baseFeeShareBps; // of the base fee, to the fee vault; the rest is burnt
        uint32 miniBlockMillis;
        uint256 minBaseFee; // wei of MEGA
        uint256 megaPerEth; // wei of MEGA for 10^18 wei of ether
    }

    event ParametersChanged(Parameters parameters);

    error NotRelay(address caller);

    function setParameters(Parameters calldata parameters) external;
    function parameters() external view returns (Parameters memory);
    /// The L1 contract that may set them, by a deposit.
    function relay() external view returns (address);
}
