// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {TokenMetadata} from "../common/Types.sol";

/// What an ERC-20 calls itself, of which the standard promises nothing: missing answers, other types
/// and long names give something short.
library Metadata {
    uint256 private constant MAX_LENGTH = 64;
    uint256 private constant MAX_ANSWER = 160;

    function read(address token) internal view returns (TokenMetadata memory m) {
        m.name = _text(token, IERC20Metadata.name.selector);
        m.symbol = _text(token, IERC20Metadata.symbol.selector);
        (uint256 length, bytes memory answer) = _ask(token, IERC20Metadata.decimals.selector);
        if (length >= 32) {
            uint256 decimals = uint256(bytes32(answer));
            if (decimals <= type(uint8).max) m.decimals = uint8(decimals);
        }
    }

    function _text(address token, bytes4 selector) private view returns (string memory) {
        (uint256 length, bytes memory answer) = _ask(token, selector);
        uint256 textLength;
        uint256 textStart;
        if (length == 32) {
            // bytes32, as some old tokens have it.
            while (textLength < 32 && answer[textLength] != 0) ++textLength;
        } else if (length >= 64 && uint256(bytes32(answer)) == 32) {
            assembly ("memory-safe") {
                textLength := mload(add(answer, 0x40))
            }
            textStart = 64;
            if (textLength > length - 64) textLength = 0;
            if (textLength > MAX_LENGTH) textLength = MAX_LENGTH;
        }
        bytes memory text = new bytes(textLength);
        for (uint256 i = 0; i < textLength; ++i) text[i] = answer[textStart + i];
        return string(text);
    }

    /// The length of the answer, 0 for a failed call, and its first MAX_ANSWER bytes.
    function _ask(address token, bytes4 selector)
        private
        view
        returns (uint256 length, bytes memory answer)
    {
        answer = new bytes(MAX_ANSWER);
        assembly ("memory-safe") {
            mstore(0, selector)
            if staticcall(gas(), token, 0, 4, add(answer, 0x20), MAX_ANSWER) {
                length := returndatasize()
            }
        }
    }
}
