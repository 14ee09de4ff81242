// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Batch, OutputRootProof, WithdrawalTransaction} from "./Types.sol";

/// The hashes that L1, L2, node and SDKs have to agree on; docs/settlement.md lists them.
library Hashing {
    bytes32 internal constant DEPOSIT_DOMAIN = keccak256("mega.deposit");

    function sourceHash(uint256 l2ChainId, address queue, uint64 index)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(DEPOSIT_DOMAIN, l2ChainId, queue, index));
    }

    function rolling(bytes32 previous, uint8 kind, bytes32 envelopeHash)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encodePacked(previous, kind, envelopeHash));
    }

    function batch(uint256 l2ChainId, Batch memory b) internal pure returns (bytes32) {
        return keccak256(abi.encode(l2ChainId, b.header, b.kind, b.dataHashes));
    }

    function withdrawal(WithdrawalTransaction memory w) internal pure returns (bytes32) {
        return keccak256(abi.encode(w.nonce, w.sender, w.target, w.value, w.gasLimit, w.data));
    }

    function outputRoot(OutputRootProof memory proof) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                proof.version,
                proof.stateRoot,
                proof.messagePasserStorageRoot,
                proof.latestBlockhash
            )
        );
    }

    /// As the OP Stack's version 1.
    function message(
        uint256 nonce,
        address sender,
        address target,
        uint256 value,
        uint256 minGasLimit,
        bytes memory data
    ) internal pure returns (bytes32) {
        return keccak256(
            abi.encodeWithSignature(
                "relayMessage(uint256,address,address,uint256,uint256,bytes)",
                nonce,
                sender,
                target,
                value,
                minGasLimit,
                data
            )
        );
    }
}
