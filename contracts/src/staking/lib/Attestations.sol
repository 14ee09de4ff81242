// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// A validator's word that it has verified a block (src/validator/attestation.hpp).
struct Attestation {
    uint64 blockNumber;
    bytes32 blockHash;
    bytes32 stateRoot;
}

library Attestations {
    ///   "mega attestation" | chain id u64 | block number u64 | block hash[32] | state root[32]
    ///   (big endian, 96 bytes)
    function messageOf(Attestation memory attestation, uint64 l2ChainId) internal pure returns (bytes memory) {
        return abi.encodePacked(
            bytes16("mega attestation"),
            l2ChainId,
            attestation.blockNumber,
            attestation.blockHash,
            attestation.stateRoot
        );
    }
}
