// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";

/// The signed fields of a mini-block (src/types/mini_block.hpp).
struct MiniBlockHeader {
    uint64 blockNumber;
    uint64 blockTimestamp;
    uint64 index;
    uint64 miniBlockNumber;
    uint64 timestampUs;
    uint64 gasUsed;
    bytes32 transactionRoot;
    bytes32 receiptRoot;
}

library MiniBlocks {
    using RLP for RLP.Encoder;

    /// keccak256(rlp([the eight fields])).
    function signingHash(MiniBlockHeader memory header) internal pure returns (bytes32) {
        RLP.Encoder memory list = RLP.encoder();
        list.push(uint256(header.blockNumber));
        list.push(uint256(header.blockTimestamp));
        list.push(uint256(header.index));
        list.push(uint256(header.miniBlockNumber));
        list.push(uint256(header.timestampUs));
        list.push(uint256(header.gasUsed));
        list.push(header.transactionRoot);
        list.push(header.receiptRoot);
        return keccak256(list.encode());
    }

    /// Who signed it: 65 bytes r, s, v with v = 27 + y parity and a low s. Reverts when nobody did.
    function signerOf(MiniBlockHeader memory header, bytes memory signature) internal pure returns (address) {
        return ECDSA.recover(signingHash(header), signature);
    }
}
