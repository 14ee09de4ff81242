// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// OpenZeppelin's ERC-20 as it is: balances at slot 0, allowances at slot 1.
contract Coin is ERC20 {
    constructor() ERC20("Coin", "COIN") {}
}
