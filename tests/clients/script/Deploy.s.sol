// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Token} from "../contracts/Token.sol";
import {Collectible} from "../contracts/Collectible.sol";
import {Council} from "../contracts/Council.sol";

/// The cheat codes this script needs, at the address where forge answers them.
interface Vm {
    function startBroadcast() external;
    function stopBroadcast() external;
}

contract Deploy {
    bool public constant IS_SCRIPT = true;
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// Token, collectible and a council that owns the collectible; the deployer's votes count.
    function run() external returns (Token token, Collectible collectible, Council council) {
        vm.startBroadcast();
        token = new Token("Vote", "VOTE", 1_000_000e18);
        token.delegate(msg.sender);
        council = new Council(token);
        collectible = new Collectible(address(council));
        vm.stopBroadcast();
    }
}
