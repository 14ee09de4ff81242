// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";

/// OpenZeppelin's ERC-721, minted by anyone under a counter that every mint reads and writes.
contract Badge is ERC721 {
    uint256 public minted;

    constructor() ERC721("Badge", "BDG") {}

    function mint() external {
        _mint(msg.sender, ++minted);
    }
}
