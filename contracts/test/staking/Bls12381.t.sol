// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Attestation, Attestations} from "../../src/staking/lib/Attestations.sol";
import {Bls12381, PublicKey} from "../../src/staking/lib/Bls12381.sol";
import {vm} from "../support/Vm.sol";
import {Bls} from "./Bls.sol";

/// Against noble-curves (test/fixtures/make_bls.cjs), and what must not verify.
contract Bls12381Test {
    using Bls12381 for PublicKey;

    string private json;
    bytes private message;

    function setUp() external {
        json = vm.readFile("contracts/test/fixtures/bls.json");
        message = vm.parseJsonBytes(json, ".message");
    }

    function test_message_of_an_attestation() external view {
        Attestation memory attestation = Attestation(
            uint64(vm.parseJsonUint(json, ".blockNumber")),
            vm.parseJsonBytes32(json, ".blockHash"),
            vm.parseJsonBytes32(json, ".stateRoot")
        );
        vm.assertEq(Attestations.messageOf(attestation, uint64(vm.parseJsonUint(json, ".chainId"))), message);
    }

    function test_hashes_to_the_curve_as_rfc_9380() external view {
        vm.assertEq(
            Bls12381.hashToG2(message, bytes(Bls12381.SIGNING_TAG)), vm.parseJsonBytes(json, ".hashed")
        );
    }

    function test_verifies_another_implementations_keys_and_signatures() external view {
        for (uint256 i; i < 3; ++i) {
            string memory at = string.concat(".keys[", vm.toString(i), "].");
            PublicKey memory key = Bls12381.decode(_bytes(at, "publicKey"));
            vm.assertEq(key.compress(), _bytes(at, "compressed"));
            vm.assertTrue(key.verify(message, _bytes(at, "signature")));
            vm.assertTrue(key.verifyPossession(_bytes(at, "possession")));
            // The two domains do not mix.
            vm.assertFalse(key.verifyPossession(_bytes(at, "signature")));
            vm.assertFalse(key.verify(message, _bytes(at, "possession")));
            uint256 secret = uint256(vm.parseJsonBytes32(json, string.concat(at, "secret")));
            vm.assertEq(Bls.publicKey(secret).encode(), key.encode());
            vm.assertEq(Bls.sign(secret, message), _bytes(at, "signature"));
        }
    }

    function test_verifies_an_aggregate() external view {
        PublicKey memory sum;
        for (uint256 i; i < 3; ++i) {
            sum = sum.add(Bls12381.decode(_bytes(string.concat(".keys[", vm.toString(i), "]."), "publicKey")));
        }
        bytes memory aggregate = vm.parseJsonBytes(json, ".aggregate");
        vm.assertTrue(sum.verify(message, aggregate));
        PublicKey memory first = Bls12381.decode(_bytes(".keys[0].", "publicKey"));
        vm.assertFalse(sum.subtract(first).verify(message, aggregate));
        vm.assertTrue(sum.subtract(first).add(first).verify(message, aggregate));
    }

    function test_refuses_infinity_and_malformed_points() external {
        PublicKey memory none;
        vm.assertFalse(none.verify(message, new bytes(256)));
        PublicKey memory key = Bls.publicKey(7);
        vm.assertFalse(key.verify(message, new bytes(256)));
        vm.assertFalse(key.verify(message, new bytes(255)));
        vm.assertFalse(key.verify(message, hex""));
        PublicKey memory off = PublicKey(key.high, key.x, bytes32(uint256(key.y) ^ 1));
        vm.assertFalse(off.verify(message, Bls.sign(7, message)));
        vm.expectRevert(Bls12381.BadPoint.selector);
        this.decode(new bytes(127));
        bytes memory tooLarge = key.encode();
        tooLarge[0] = 0x01;
        vm.expectRevert(Bls12381.BadPoint.selector);
        this.decode(tooLarge);
    }

    /// The attack that proofs of possession are for: a key made to cancel out another one.
    function test_a_rogue_key_would_forge_an_aggregate_and_cannot_prove_possession() external view {
        PublicKey memory victim = Bls.publicKey(11);
        PublicKey memory rogue = Bls.publicKey(13).subtract(victim);
        // The attacker alone signs for both.
        vm.assertTrue(victim.add(rogue).verify(message, Bls.sign(13, message)));
        bytes memory compressed = rogue.compress();
        bytes memory tag = bytes(Bls12381.POSSESSION_TAG);
        vm.assertFalse(rogue.verifyPossession(Bls.signWithTag(13, compressed, tag)));
        vm.assertFalse(rogue.verifyPossession(Bls.possession(13)));
        vm.assertFalse(rogue.verifyPossession(Bls.possession(11)));
        // Nor by adding up proofs that exist.
        vm.assertFalse(rogue.verifyPossession(Bls.addSignatures(Bls.possession(13), Bls.possession(11))));
    }

    function testFuzz_keys_add_up_and_come_off(uint256 a, uint256 b) external view {
        a = a % type(uint128).max + 1;
        b = b % type(uint128).max + 1;
        PublicKey memory sum = Bls.publicKey(a).add(Bls.publicKey(b));
        vm.assertEq(sum.encode(), Bls.publicKey(a + b).encode());
        vm.assertEq(sum.subtract(Bls.publicKey(b)).encode(), Bls.publicKey(a).encode());
        vm.assertTrue(Bls.publicKey(a).subtract(Bls.publicKey(a)).isInfinity());
    }

    function test_gas_of_one_verification() external view returns (uint256 gas) {
        PublicKey memory key = Bls.publicKey(7);
        bytes memory signature = Bls.sign(7, message);
        gas = gasleft();
        vm.assertTrue(key.verify(message, signature));
        gas -= gasleft();
        vm.assertLt(gas, 220_000);
    }

    function decode(bytes calldata point) external pure returns (PublicKey memory) {
        return Bls12381.decode(point);
    }

    function _bytes(string memory at, string memory name) private view returns (bytes memory) {
        return vm.parseJsonBytes(json, string.concat(at, name));
    }
}
