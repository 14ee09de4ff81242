// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Bls12381, PublicKey} from "../../src/staking/lib/Bls12381.sol";

/// Signs for tests, with the precompiles: a key is a multiple of the generator, a signature one of
/// the message's point.
library Bls {
    bytes internal constant GENERATOR =
        hex"0000000000000000000000000000000017f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb"
        hex"0000000000000000000000000000000008b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1";

    function publicKey(uint256 secret) internal view returns (PublicKey memory) {
        return Bls12381.decode(Bls12381.call(address(0x0c), abi.encodePacked(GENERATOR, secret), 128));
    }

    function sign(uint256 secret, bytes memory message) internal view returns (bytes memory) {
        return signWithTag(secret, message, bytes(Bls12381.SIGNING_TAG));
    }

    function possession(uint256 secret) internal view returns (bytes memory) {
        return signWithTag(secret, Bls12381.compress(publicKey(secret)), bytes(Bls12381.POSSESSION_TAG));
    }

    function signWithTag(uint256 secret, bytes memory message, bytes memory tag) internal view returns (bytes memory) {
        return Bls12381.call(address(0x0e), abi.encodePacked(Bls12381.hashToG2(message, tag), secret), 256);
    }

    function addSignatures(bytes memory a, bytes memory b) internal view returns (bytes memory) {
        return Bls12381.call(address(0x0d), abi.encodePacked(a, b), 256);
    }
}
