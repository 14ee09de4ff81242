// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";
import {BatchHeader, WithdrawalTransaction} from "../src/common/Types.sol";
import {Hashing} from "../src/common/Hashing.sol";
import {IAtomicSwap} from "../src/interfaces/IAtomicSwap.sol";
import {SixDecimals} from "./support/Tokens.sol";
import {World} from "./support/World.sol";
import {vm} from "./support/Vm.sol";

/// What the operations of users and operators cost; contracts/.gas-snapshot keeps the figures. Each
/// test is one operation on a chain that is in use; everything else happens in setUp, or unmetered.
/// Intrinsic gas is not in it: 21,000 and the calldata.
contract SettlementGas is World {
    SixDecimals private dollar;
    BatchHeader private _next;
    bytes private _signed;
    WithdrawalTransaction private _proven;
    WithdrawalTransaction private _open;
    bytes[] private _openProof;
    Published private _final;
    Published private _proposed;
    IAtomicSwap.Lock private _lock;
    bytes32 private constant PREIMAGE = keccak256("preimage");

    function setUp() public {
        _world();
        dollar = new SixDecimals();
        dollar.mint(ALICE, 1_000e6);
        vm.startPrank(ALICE, ALICE);
        dollar.approve(address(l1Bridge), type(uint256).max);
        portal.fundEscrow(1_000 ether);
        portal.depositTransaction{value: 1 ether}(BOB, 1 ether, 0, 100_000, false, "");
        l1Bridge.bridgeERC20{value: 1 ether}(address(dollar), 1e6, 0, "");
        vm.stopPrank();
        for (uint256 i = 0; i < 20; ++i) _withdraw(BOB, ALICE, i, 0, "");
        _proven = _withdraw(ALICE, BOB, 1 ether, 0, "");
        _open = _withdraw(ALICE, BOB, 2 ether, 0, "");
        _final = _publish();
        _prove(_proven, _final);
        _finalizeClaim(_final);
        _proposed = _publish();
        _skip(7 days);
        _openProof = _storageProof(Hashing.withdrawal(_open));
        _setTerms();
        vm.prank(ALICE);
        swap.lock{value: 1 ether}(_lock);
        vm.prank(ALICE, ALICE);
        portal.depositTransaction{value: 1 ether}(BOB, 1 ether, 0, 100_000, false, "");
        _mine(1);
        _next = _nextBatch();
        bytes[] memory f = new bytes[](12);
        for (uint256 i = 0; i < 12; ++i) f[i] = RLP.encode(uint256(100_000));
        _signed = bytes.concat(hex"02", RLP.encode(f));
    }

    function _setTerms() private {
        _lock = IAtomicSwap.Lock(
            ALICE,
            BOB,
            address(0),
            1 ether,
            sha256(abi.encode(PREIMAGE)),
            uint64(block.timestamp + 1 hours)
        );
    }

    modifier metered() {
        vm.resumeGasMetering();
        _;
        vm.pauseGasMetering();
    }

    function test_depositMega() public {
        vm.prank(ALICE, ALICE);
        portal.depositTransaction{value: 0.0001 ether}(
            BOB, 1 ether, 1 ether, 100_000, false, ""
        );
    }

    function test_forceTransaction() public {
        vm.pauseGasMetering();
        _force(_signed);
    }

    function _force(bytes memory envelope) private metered {
        vm.prank(ALICE, ALICE);
        forced.forceTransaction{value: 1 ether}(envelope);
    }

    function test_bridgeEther() public {
        vm.prank(ALICE, ALICE);
        l1Bridge.bridgeETH{value: 2 ether}(1 ether, 0, "");
    }

    function test_bridgeToken() public {
        vm.prank(ALICE, ALICE);
        l1Bridge.bridgeERC20{value: 1 ether}(address(dollar), 1e6, 0, "");
    }

    function test_submitSixBlobs() public {
        vm.pauseGasMetering();
        bytes32[] memory blobs = new bytes32[](6);
        for (uint256 i = 0; i < 6; ++i) blobs[i] = bytes32(i + 1);
        vm.blobhashes(blobs);
        _submitBlobs(_next);
    }

    function _submitBlobs(BatchHeader memory h) private metered {
        vm.prank(SEQUENCER);
        inbox.submitBlobs(h);
    }

    function test_submitCalldata1000Bytes() public {
        vm.pauseGasMetering();
        _submitCalldata(_next, new bytes(1_000));
    }

    function test_submitCalldata100000Bytes() public {
        vm.pauseGasMetering();
        _submitCalldata(_next, new bytes(100_000));
    }

    function _submitCalldata(BatchHeader memory h, bytes memory data) private metered {
        vm.prank(SEQUENCER);
        inbox.submitCalldata(h, data);
    }

    function test_submitForced() public {
        vm.warp(block.timestamp + 12 hours);
        inbox.submitForced();
    }

    function test_propose() public {
        vm.pauseGasMetering();
        _proposeOn(_final.claim, _proposed);
    }

    function _proposeOn(uint64 parent, Published memory p) private metered {
        vm.prank(ALICE);
        claims.propose{value: 0.5 ether}(parent, p.batch, p.header, p.passerProof);
    }

    function test_finalizeClaim() public {
        claims.finalize(_proposed.claim);
    }

    function test_proveWithdrawal() public {
        vm.pauseGasMetering();
        _proveOn(_open, _final, _openProof);
    }

    function _proveOn(WithdrawalTransaction memory w, Published memory p, bytes[] memory proof)
        private
        metered
    {
        portal.proveWithdrawalTransaction(w, p.claim, p.output, proof);
    }

    function test_finalizeWithdrawal() public {
        vm.pauseGasMetering();
        _finalize(_proven);
    }

    function _finalize(WithdrawalTransaction memory w) private metered {
        portal.finalizeWithdrawalTransaction(w);
    }

    function test_withdrawOnL2() public {
        vm.prank(ALICE);
        passer.initiateWithdrawal{value: 1 ether}(ALICE, 0, "");
    }

    function test_sendMessageOnL2() public {
        vm.prank(ALICE);
        l2Messenger.sendMessage{value: 1 ether}(ALICE, "hello", 100_000);
    }

    function test_lockEther() public {
        vm.pauseGasMetering();
        IAtomicSwap.Lock memory l = _lock;
        l.amount = 2 ether;
        _lockOn(l);
    }

    function _lockOn(IAtomicSwap.Lock memory l) private metered {
        vm.prank(ALICE);
        swap.lock{value: l.amount}(l);
    }

    function test_claimEther() public {
        vm.pauseGasMetering();
        _claimOn(_lock);
    }

    function _claimOn(IAtomicSwap.Lock memory l) private metered {
        swap.claim(l, PREIMAGE);
    }
}
