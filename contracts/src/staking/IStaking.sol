// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {PublicKey} from "./lib/Bls12381.sol";

/// What the other contracts of the staking system ask of `Staking`.
interface IStaking {
    function l2ChainId() external view returns (uint64);
    function currentEpoch() external view returns (uint48);
    function epochOf(uint256 timestamp) external view returns (uint48);
    function epochStart(uint48 epoch) external view returns (uint256);
    function epochLength() external view returns (uint48);
    function unbondingEpochs() external view returns (uint48);

    /// The stake table of an epoch: identifiers in ascending order, and what each has at stake.
    function stakeTable(uint48 epoch) external view returns (uint32[] memory ids, uint96[] memory stakes);
    function stakeAt(uint32 id, uint48 epoch) external view returns (uint96);
    function operatorOf(uint32 id) external view returns (address);
    /// 0 when there is none.
    function idOfOperator(address operator) external view returns (uint32);
    function signerOf(uint32 id) external view returns (address);
    function blsKeyOf(uint32 id) external view returns (PublicKey memory);
    /// That the validator is jailed or out at this moment, whatever the epoch's table says.
    function isBarred(uint32 id) external view returns (bool);
    function stakeOf(uint32 id, address account) external view returns (uint256);

    /// For the Slasher alone. `jailEpochs` = max: for ever (tombstone), and frozen until `thaw`.
    function slash(uint32 id, uint48 infractionEpoch, uint256 ppm, address reporter, uint48 jailEpochs)
        external
        returns (uint256 slashed, uint256 reward);
    function thaw(uint32 id) external;
}

/// Where the voting power of staked tokens is kept up to date.
interface IStakedVotes {
    function sync(uint32 id, address account) external;
}
