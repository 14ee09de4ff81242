// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Votes} from "@openzeppelin/contracts/governance/utils/Votes.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IStakedVotes, IStaking} from "../staking/IStaking.sol";

/// The voting power of staked MEGA: what an account's shares were worth when last looked at.
/// `Staking` looks whenever shares move; after a slash anyone may. An account that has named no
/// delegate has no votes, as with the token.
contract StakedVotes is IStakedVotes, Votes {
    IStaking public immutable staking;

    mapping(address => mapping(uint32 => uint256)) public counted;
    mapping(address => uint256) public units;

    constructor(IStaking staking_) EIP712("MEGA staked votes", "1") {
        staking = staking_;
    }

    function sync(uint32 id, address account) external {
        uint256 present = staking.stakeOf(id, account);
        uint256 before = counted[account][id];
        if (present == before) {
            return;
        }
        counted[account][id] = present;
        units[account] = units[account] + present - before;
        if (present > before) {
            _transferVotingUnits(address(0), account, present - before);
        } else {
            _transferVotingUnits(account, address(0), before - present);
        }
    }

    function clock() public view override returns (uint48) {
        return uint48(block.timestamp);
    }

    // solhint-disable-next-line func-name-mixedcase
    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=timestamp";
    }

    function _getVotingUnits(address account) internal view override returns (uint256) {
        return units[account];
    }
}
