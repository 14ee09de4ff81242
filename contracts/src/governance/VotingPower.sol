// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {IERC5805} from "@openzeppelin/contracts/interfaces/IERC5805.sol";

/// What the Governor counts: votes of MEGA held, and of MEGA staked. Both name their delegates
/// themselves; staked tokens are held by `Staking`, which delegates to nobody, so none counts twice.
/// Only questions about the past are of use to the Governor; delegation goes to the two sources.
contract VotingPower is IERC5805 {
    error DelegateAtTheSource();

    IVotes public immutable token;
    IVotes public immutable staked;

    constructor(IVotes token_, IVotes staked_) {
        token = token_;
        staked = staked_;
    }

    function clock() external view returns (uint48) {
        return uint48(block.timestamp);
    }

    // solhint-disable-next-line func-name-mixedcase
    function CLOCK_MODE() external pure returns (string memory) {
        return "mode=timestamp";
    }

    function getVotes(address account) external view returns (uint256) {
        return token.getVotes(account) + staked.getVotes(account);
    }

    function getPastVotes(address account, uint256 timepoint) external view returns (uint256) {
        return token.getPastVotes(account, timepoint) + staked.getPastVotes(account, timepoint);
    }

    /// Staked MEGA is part of the token's supply.
    function getPastTotalSupply(uint256 timepoint) external view returns (uint256) {
        return token.getPastTotalSupply(timepoint);
    }

    function delegates(address account) external view returns (address) {
        return token.delegates(account);
    }

    function delegate(address) external pure {
        revert DelegateAtTheSource();
    }

    function delegateBySig(address, uint256, uint256, uint8, bytes32, bytes32) external pure {
        revert DelegateAtTheSource();
    }
}
