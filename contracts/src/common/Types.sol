// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// What a batch says of itself; see docs/settlement.md.
struct BatchHeader {
    bytes32 parent; // hash of the batch before; 0 for the first
    uint64 index; // from 0
    uint64 firstBlock; // last of the parent + 1; the first batch starts at 1
    uint64 lastBlock;
    uint64 depositCursor; // entries of the DepositQueue consumed after lastBlock
    uint64 originNumber; // origin of lastBlock, an earlier L1 block
    bytes32 originHash; // its hash: a batch built on an L1 block that was reorganised away is refused
    uint64 lastTimestamp; // of lastBlock, in seconds
    bytes32 lastBlockHash; // 0 for a forced batch
    bytes32 miniBlockDigest; // 0 for a forced batch
    address sequencer; // 0 for a forced batch
}

enum BatchKind {
    Blobs,
    Calldata,
    Forced
}

/// Everything that the hash of a batch commits to, but the chain id.
struct Batch {
    BatchHeader header;
    BatchKind kind;
    bytes32[] dataHashes; // blobhash(0..n-1) | [keccak256(data)] | []
}

/// An entry of the DepositQueue of kind 0, before it has a place in the queue.
struct Deposit {
    address to; // ignored for a creation
    bool isCreation;
    uint256 mint;
    uint256 value;
    uint64 gasLimit;
    bytes data;
}

/// A message that left L2 through the L2ToL1MessagePasser. The same shape as the OP Stack's.
struct WithdrawalTransaction {
    uint256 nonce;
    address sender;
    address target;
    uint256 value;
    uint256 gasLimit;
    bytes data;
}

/// The preimage of an output root. The same shape as the OP Stack's version 0.
struct OutputRootProof {
    bytes32 version;
    bytes32 stateRoot;
    bytes32 messagePasserStorageRoot;
    bytes32 latestBlockhash;
}

/// What a bridged ERC-20 calls itself; read from the L1 token, kept by its L2 representation.
struct TokenMetadata {
    string name;
    string symbol;
    uint8 decimals;
}
