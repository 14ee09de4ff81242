// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// A public key, a point of G1. EIP-2537 writes a coordinate as 16 zero bytes and 48 big endian;
/// `high` holds the upper 16 bytes of x, then those of y, so that a key takes three slots.
struct PublicKey {
    bytes32 high;
    bytes32 x;
    bytes32 y;
}

/// BLS signatures over BLS12-381 on the precompiles of EIP-2537: public keys in G1, signatures in
/// G2, the scheme with proofs of possession of draft-irtf-cfrg-bls-signature; what
/// src/crypto/bls_signature.hpp signs is what this verifies.
///
/// Points travel in the precompiles' encoding (G1: 128 bytes, G2: 256), uncompressed. Keys that are
/// added up must have proven their possession before.
library Bls12381 {
    error BadPoint();
    error PrecompileFailed(address precompile);

    string internal constant SIGNING_TAG = "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";
    string internal constant POSSESSION_TAG = "BLS_POP_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";

    address private constant MODEXP = address(0x05);
    address private constant G1_ADD = address(0x0b);
    address private constant G2_ADD = address(0x0d);
    address private constant PAIRING = address(0x0f);
    address private constant MAP_FP2_TO_G2 = address(0x11);

    // The field's prime p: its upper 16 and lower 32 bytes.
    uint256 private constant P_HIGH = 0x1a0111ea397fe69a4b1ba7b6434bacd7;
    uint256 private constant P_LOW = 0x64774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab;
    // (p - 1) / 2, above which a y is written with the sign bit.
    uint256 private constant HALF_HIGH = 0x0d0088f51cbff34d258dd3db21a5d66b;
    uint256 private constant HALF_LOW = 0xb23ba5c279c2895fb39869507b587b120f55ffff58a9ffffdcff7fffffffd555;

    // The generator of G1 with its y negated.
    bytes private constant NEGATED_GENERATOR =
        hex"0000000000000000000000000000000017f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb"
        hex"00000000000000000000000000000000114d1d6855d545a8aa7d76c8cf2e21f267816aef1db507c96655b9d5caac42364e6f38ba0ecb751bad54dcd6b939c2ca";

    /// That this key signed this message. `signature` is 256 bytes; the pairing's precompile refuses
    /// points off the curve or out of their groups.
    function verify(PublicKey memory key, bytes memory message, bytes memory signature) internal view returns (bool) {
        return verifyWithTag(key, message, signature, bytes(SIGNING_TAG));
    }

    /// The draft's proof of possession: the key, compressed, signed under a tag of its own.
    function verifyPossession(PublicKey memory key, bytes memory proof) internal view returns (bool) {
        return verifyWithTag(key, compress(key), proof, bytes(POSSESSION_TAG));
    }

    function verifyWithTag(PublicKey memory key, bytes memory message, bytes memory signature, bytes memory tag)
        internal
        view
        returns (bool)
    {
        // With the key at infinity the pairing says yes to the signature at infinity.
        if (signature.length != 256 || isInfinity(key)) {
            return false;
        }
        (bool ok, bytes memory result) = PAIRING.staticcall(
            abi.encodePacked(NEGATED_GENERATOR, signature, encode(key), hashToG2(message, tag))
        );
        return ok && result.length == 32 && abi.decode(result, (uint256)) == 1;
    }

    /// The sum of two keys. Points that are not on the curve revert.
    function add(PublicKey memory a, PublicKey memory b) internal view returns (PublicKey memory) {
        return decode(call(G1_ADD, abi.encodePacked(encode(a), encode(b)), 128));
    }

    function subtract(PublicKey memory a, PublicKey memory b) internal view returns (PublicKey memory) {
        return add(a, negate(b));
    }

    /// (x, -y).
    function negate(PublicKey memory key) internal pure returns (PublicKey memory) {
        uint256 high = uint128(uint256(key.high));
        uint256 low = uint256(key.y);
        if (high == 0 && low == 0) {
            return key;
        }
        unchecked {
            uint256 negatedLow = P_LOW - low;
            uint256 negatedHigh = P_HIGH - high - (low > P_LOW ? 1 : 0);
            bytes32 top = bytes32((uint256(key.high) >> 128 << 128) | uint128(negatedHigh));
            return PublicKey(top, key.x, bytes32(negatedLow));
        }
    }

    function isInfinity(PublicKey memory key) internal pure returns (bool) {
        return key.high == 0 && key.x == 0 && key.y == 0;
    }

    /// From the 128 bytes of EIP-2537. That the point is on the curve shows when it is used.
    function decode(bytes memory point) internal pure returns (PublicKey memory key) {
        if (point.length != 128) {
            revert BadPoint();
        }
        uint256 xHigh;
        uint256 yHigh;
        bytes32 x;
        bytes32 y;
        assembly ("memory-safe") {
            xHigh := mload(add(point, 32))
            x := mload(add(point, 64))
            yHigh := mload(add(point, 96))
            y := mload(add(point, 128))
        }
        if (xHigh >> 128 != 0 || yHigh >> 128 != 0) {
            revert BadPoint();
        }
        key = PublicKey(bytes32((xHigh << 128) | yHigh), x, y);
    }

    function encode(PublicKey memory key) internal pure returns (bytes memory) {
        return abi.encodePacked(uint256(key.high) >> 128, key.x, uint256(uint128(uint256(key.high))), key.y);
    }

    /// The 48 bytes of the compressed form: bit 7 always, bit 5 for the greater of the two y.
    function compress(PublicKey memory key) internal pure returns (bytes memory) {
        uint256 yHigh = uint128(uint256(key.high));
        bool isGreater = yHigh > HALF_HIGH || (yHigh == HALF_HIGH && uint256(key.y) > HALF_LOW);
        uint128 xHigh = uint128(uint256(key.high) >> 128) | (1 << 127) | (isGreater ? uint128(1 << 125) : 0);
        return abi.encodePacked(xHigh, key.x);
    }

    /// RFC 9380, BLS12381G2_XMD:SHA-256_SSWU_RO_: two field elements of the message mapped to the
    /// curve and added. MAP_FP2_TO_G2 clears the cofactor of each, which sums to the same point.
    function hashToG2(bytes memory message, bytes memory tag) internal view returns (bytes memory) {
        bytes32[8] memory uniform = expandMessage(message, tag);
        bytes memory first = call(
            MAP_FP2_TO_G2, abi.encodePacked(reduce(uniform[0], uniform[1]), reduce(uniform[2], uniform[3])), 256
        );
        bytes memory second = call(
            MAP_FP2_TO_G2, abi.encodePacked(reduce(uniform[4], uniform[5]), reduce(uniform[6], uniform[7])), 256
        );
        return call(G2_ADD, abi.encodePacked(first, second), 256);
    }

    /// RFC 9380 5.3.1 expand_message_xmd with SHA-256, 256 bytes long.
    function expandMessage(bytes memory message, bytes memory tag) internal pure returns (bytes32[8] memory out) {
        bytes memory suffix = abi.encodePacked(tag, uint8(tag.length));
        bytes32 seed = sha256(abi.encodePacked(bytes32(0), bytes32(0), message, uint16(256), uint8(0), suffix));
        out[0] = sha256(abi.encodePacked(seed, uint8(1), suffix));
        for (uint256 i = 1; i < 8; ++i) {
            out[i] = sha256(abi.encodePacked(seed ^ out[i - 1], uint8(i + 1), suffix));
        }
    }

    /// 64 big endian bytes modulo p, as the 64 bytes of a field element.
    function reduce(bytes32 high, bytes32 low) private view returns (bytes memory) {
        bytes memory input = abi.encodePacked(
            uint256(64), uint256(1), uint256(64), high, low, uint8(1), uint256(P_HIGH), bytes32(P_LOW)
        );
        return call(MODEXP, input, 64);
    }

    function call(address precompile, bytes memory input, uint256 size) internal view returns (bytes memory) {
        (bool ok, bytes memory output) = precompile.staticcall(input);
        if (!ok || output.length != size) {
            revert PrecompileFailed(precompile);
        }
        return output;
    }
}
