// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";

/// A Merkle Patricia trie over hashed keys, small and slow, that gives roots and proofs to tests
/// whose withdrawals are made up on the way. test/fixtures holds proofs of another implementation.
library Trie {
    struct Leaf {
        bytes32 key; // hashed
        bytes value;
    }

    function root(Leaf[] memory leaves) internal pure returns (bytes32) {
        if (leaves.length == 0) return keccak256(hex"80");
        return keccak256(_node(leaves, 0));
    }

    /// The nodes from the root to the leaf of `key`.
    function prove(Leaf[] memory leaves, bytes32 key)
        internal
        pure
        returns (bytes[] memory proof)
    {
        bytes[] memory nodes = new bytes[](65);
        uint256 count;
        uint256 depth;
        while (true) {
            nodes[count++] = _node(leaves, depth);
            if (leaves.length <= 1) break;
            uint256 shared = _shared(leaves, depth);
            if (shared > 0) {
                depth += shared;
                continue;
            }
            leaves = _below(leaves, depth, _nibble(key, depth));
            depth += 1;
        }
        proof = new bytes[](count);
        for (uint256 i = 0; i < count; ++i) proof[i] = nodes[i];
    }

    function _node(Leaf[] memory leaves, uint256 depth) private pure returns (bytes memory) {
        if (leaves.length == 1) {
            bytes[] memory leaf = new bytes[](2);
            leaf[0] = RLP.encode(_compact(leaves[0].key, depth, 64, true));
            leaf[1] = RLP.encode(leaves[0].value);
            return RLP.encode(leaf);
        }
        uint256 shared = _shared(leaves, depth);
        if (shared > 0) {
            bytes[] memory extension = new bytes[](2);
            extension[0] = RLP.encode(_compact(leaves[0].key, depth, depth + shared, false));
            extension[1] = _reference(_node(leaves, depth + shared));
            return RLP.encode(extension);
        }
        bytes[] memory branch = new bytes[](17);
        for (uint256 nibble = 0; nibble < 16; ++nibble) {
            Leaf[] memory below = _below(leaves, depth, nibble);
            branch[nibble] =
                below.length == 0 ? bytes(hex"80") : _reference(_node(below, depth + 1));
        }
        branch[16] = hex"80";
        return RLP.encode(branch);
    }

    function _reference(bytes memory node) private pure returns (bytes memory) {
        return node.length < 32 ? node : RLP.encode(keccak256(node));
    }

    function _nibble(bytes32 key, uint256 i) private pure returns (uint256) {
        return uint8(key[i / 2]) >> (i % 2 == 0 ? 4 : 0) & 15;
    }

    function _shared(Leaf[] memory leaves, uint256 depth) private pure returns (uint256 length) {
        for (; depth + length < 64; ++length) {
            uint256 nibble = _nibble(leaves[0].key, depth + length);
            for (uint256 i = 1; i < leaves.length; ++i) {
                if (_nibble(leaves[i].key, depth + length) != nibble) return length;
            }
        }
    }

    function _below(Leaf[] memory leaves, uint256 depth, uint256 nibble)
        private
        pure
        returns (Leaf[] memory below)
    {
        uint256 count;
        for (uint256 i = 0; i < leaves.length; ++i) {
            if (_nibble(leaves[i].key, depth) == nibble) ++count;
        }
        below = new Leaf[](count);
        count = 0;
        for (uint256 i = 0; i < leaves.length; ++i) {
            if (_nibble(leaves[i].key, depth) == nibble) below[count++] = leaves[i];
        }
    }

    /// Hex-prefix encoding of the nibbles [from, to) of `key`.
    function _compact(bytes32 key, uint256 from, uint256 to, bool isLeaf)
        private
        pure
        returns (bytes memory path)
    {
        uint256 length = to - from;
        path = new bytes(length / 2 + 1);
        uint256 flag = (isLeaf ? 2 : 0) + length % 2;
        path[0] = bytes1(uint8(flag << 4));
        uint256 at_ = length % 2 == 0 ? 2 : 1;
        for (uint256 i = from; i < to; ++i) {
            path[at_ / 2] |= bytes1(uint8(_nibble(key, i) << (at_ % 2 == 0 ? 4 : 0)));
            ++at_;
        }
    }
}
