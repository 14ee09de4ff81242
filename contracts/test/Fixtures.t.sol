// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Hashing} from "../src/common/Hashing.sol";
import {WithdrawalTransaction} from "../src/common/Types.sol";
import {World} from "./support/World.sol";
import {vm} from "./support/Vm.sol";

/// Withdrawals whose tries, proofs, header and hashes another implementation made
/// (test/fixtures/make.mjs): from the claim to the payment of each.
contract FixturesTest is World {
    uint256 private constant COUNT = 32;
    string private _json;
    bytes[] private _encoded;

    function setUp() public {
        _world();
        vm.prank(ALICE);
        portal.fundEscrow(100 ether);
        _json = vm.readFile("contracts/test/fixtures/withdrawals.json");
        _encoded = vm.parseJsonBytesArray(_json, ".withdrawals");
        vm.assertEq(_encoded.length, COUNT);
    }

    function _claim() internal returns (Published memory p) {
        p.header = vm.parseJsonBytes(_json, ".header");
        p.output.stateRoot = vm.parseJsonBytes32(_json, ".stateRoot");
        p.output.messagePasserStorageRoot = vm.parseJsonBytes32(_json, ".storageRoot");
        p.output.latestBlockhash = vm.parseJsonBytes32(_json, ".blockHash");
        p.passerProof = vm.parseJsonBytesArray(_json, ".accountProof");
        vm.warp(vm.parseJsonUint(_json, ".timestamp"));
        p.batch.header = _nextBatch();
        p.batch.header.lastBlockHash = p.output.latestBlockhash;
        p.batch = _post(p.batch.header);
        p.claim = _propose(p, 0);
        vm.assertEq(claims.outputRoot(p.claim), vm.parseJsonBytes32(_json, ".outputRoot"));
    }

    function _withdrawal(uint256 i)
        internal
        view
        returns (WithdrawalTransaction memory, bytes32 hash, bytes[] memory proof)
    {
        return abi.decode(_encoded[i], (WithdrawalTransaction, bytes32, bytes[]));
    }

    function test_everyWithdrawalIsProvenAndPaid() public {
        Published memory p = _claim();
        for (uint256 i = 0; i < COUNT; ++i) {
            (WithdrawalTransaction memory w, bytes32 hash, bytes[] memory proof) = _withdrawal(i);
            vm.assertEq(Hashing.withdrawal(w), hash);
            portal.proveWithdrawalTransaction(w, p.claim, p.output, proof);
        }
        _finalizeClaim(p);
        uint256 total;
        for (uint256 i = 0; i < COUNT; ++i) {
            (WithdrawalTransaction memory w, bytes32 hash,) = _withdrawal(i);
            portal.finalizeWithdrawalTransaction(w);
            vm.assertEq(mega.balanceOf(w.target), w.value);
            vm.assertTrue(portal.finalizedWithdrawals(hash));
            total += w.value;
        }
        vm.assertEq(portal.escrowed(), 100 ether - total);
    }

    function test_aProofIsForItsOwnWithdrawal() public {
        Published memory p = _claim();
        for (uint256 i = 1; i < COUNT; ++i) {
            (WithdrawalTransaction memory w,,) = _withdrawal(i);
            (,, bytes[] memory proof) = _withdrawal(i - 1);
            vm.expectRevert();
            portal.proveWithdrawalTransaction(w, p.claim, p.output, proof);
        }
    }
}
