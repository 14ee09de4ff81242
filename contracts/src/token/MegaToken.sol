// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";

/// MEGA. One billion, minted once to the distributor; nothing mints or burns after. No owner, no
/// fee, no rebasing, no call to receivers. Votes are counted in seconds of L1 time.
contract MegaToken is ERC20, ERC20Permit, ERC20Votes {
    uint256 public constant CAP = 1_000_000_000e18;

    constructor(address distributor) ERC20("MEGA", "MEGA") ERC20Permit("MEGA") {
        _mint(distributor, CAP);
    }

    function clock() public view override returns (uint48) {
        return uint48(block.timestamp);
    }

    // solhint-disable-next-line func-name-mixedcase
    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=timestamp";
    }

    function _update(address from, address to, uint256 value) internal override(ERC20, ERC20Votes) {
        super._update(from, to, value);
    }

    function nonces(address owner) public view override(ERC20Permit, Nonces) returns (uint256) {
        return super.nonces(owner);
    }
}
