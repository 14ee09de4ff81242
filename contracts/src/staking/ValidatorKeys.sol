// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

import {Bls12381, PublicKey} from "./lib/Bls12381.sol";
import {ChainKeys} from "./lib/ChainKeys.sol";

/// The keys with which a validator does its duty, and the proofs that they are its own.
struct KeyProofs {
    bytes blsKey; // G1, 128 bytes
    bytes possession; // G2, 256 bytes: proof of possession of the draft
    bytes binding; // G2, 256 bytes: `bindingMessage` signed with the BLS key
    uint256 baseKeyX; // of the mini-block key's base (ChainKeys)
    uint8 baseKeyParity;
    bytes signerProof; // r, s, v: `bindingHash` signed with the chain's mini-block key
}

/// Checks and keeps keys on behalf of `Staking`, which deploys it. A key serves one validator, for
/// ever: a validator that wants another one leaves and registers again.
///
/// The binding signatures name chain, contract and operator: a proof seen in the mempool is of no
/// use to anyone else.
contract ValidatorKeys {
    using Bls12381 for PublicKey;

    error OnlyStaking();
    error BadPossession();
    error BadBinding();
    error BadSignerProof();
    error KeyInUse();

    address public immutable staking;
    uint64 public immutable l2ChainId;

    mapping(uint32 => PublicKey) private blsKeys;
    mapping(uint32 => address) public signerOf;
    mapping(address => uint32) public idOfSigner;
    mapping(bytes32 => uint32) public idOfBlsKey;

    constructor(uint64 l2ChainId_) {
        staking = msg.sender;
        l2ChainId = l2ChainId_;
    }

    function blsKeyOf(uint32 id) external view returns (PublicKey memory) {
        return blsKeys[id];
    }

    ///   "mega registration" | L1 chain id u256 | L2 chain id u64 | staking[20] | operator[20]
    function bindingMessage(address operator) public view returns (bytes memory) {
        return abi.encodePacked("mega registration", block.chainid, l2ChainId, staking, operator);
    }

    function bindingHash(address operator) public view returns (bytes32) {
        return keccak256(bindingMessage(operator));
    }

    /// The address of the mini-block key that a base key becomes on this chain.
    function chainKeyOf(uint256 baseKeyX, uint8 baseKeyParity) external view returns (address) {
        return ChainKeys.chainKeyOf(baseKeyX, baseKeyParity, l2ChainId, staking);
    }

    function register(uint32 id, address operator, KeyProofs calldata proofs) external {
        if (msg.sender != staking) {
            revert OnlyStaking();
        }
        PublicKey memory key = Bls12381.decode(proofs.blsKey);
        if (!key.verifyPossession(proofs.possession)) {
            revert BadPossession();
        }
        if (!key.verify(bindingMessage(operator), proofs.binding)) {
            revert BadBinding();
        }
        address signer = ChainKeys.chainKeyOf(proofs.baseKeyX, proofs.baseKeyParity, l2ChainId, staking);
        if (ECDSA.recover(bindingHash(operator), proofs.signerProof) != signer) {
            revert BadSignerProof();
        }
        bytes32 keyHash = keccak256(abi.encode(key));
        if (idOfBlsKey[keyHash] != 0 || idOfSigner[signer] != 0) {
            revert KeyInUse();
        }
        idOfBlsKey[keyHash] = id;
        idOfSigner[signer] = id;
        signerOf[id] = signer;
        blsKeys[id] = key;
    }
}
