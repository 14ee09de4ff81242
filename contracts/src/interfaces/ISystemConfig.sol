// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// The parameters of the chain, in one place with one owner: the timelock. All other L1 contracts
/// ask it who the owner is and whether finalising is paused.
interface ISystemConfig {
    struct ChainParameters {
        uint64 gasLimit; // of an L2 block
        uint64 minBaseFee; // wei of MEGA
        uint32 elasticity;
        uint32 baseFeeDenominator;
        uint32 miniBlockMillis;
        address beneficiary; // of the fees on L2
    }

    struct Windows {
        uint64 forcedInclusionDelay; // seconds until an entry of the queue is overdue
        uint64 challengeWindow; // seconds a claim may be challenged
        uint64 proofMaturity; // seconds between proving and finalising a withdrawal
    }

    struct Bonds {
        uint128 claim; // wei
        uint128 challenge; // wei
    }

    struct DepositMarket {
        uint64 gasPerBlock; // L2 gas sold in an L1 block at most; the price aims at half of it
        uint64 minGasPrice; // wei of ether per L2 gas
        uint128 forcedFee; // wei of ether of a forced transaction while nothing waits
    }

    event OwnershipTransferred(address indexed from, address indexed to);
    event SequencerChanged(address indexed sequencer);
    event SequencerRegistryChanged(address indexed registry);
    event FeeVaultChanged(address indexed feeVault);
    event ChainParametersChanged(ChainParameters parameters);
    event WindowsChanged(Windows windows);
    event BondsChanged(Bonds bonds);
    event DepositMarketChanged(DepositMarket market);

    function owner() external view returns (address);
    function l2ChainId() external view returns (uint256);
    function sequencer() external view returns (address);
    function sequencerRegistry() external view returns (address);
    function feeVault() external view returns (address);
    function chainParameters() external view returns (ChainParameters memory);
    function windows() external view returns (Windows memory);
    function bonds() external view returns (Bonds memory);
    function depositMarket() external view returns (DepositMarket memory);
    function paused() external view returns (bool);
}
