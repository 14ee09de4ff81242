// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Memory} from "@openzeppelin/contracts/utils/Memory.sol";
import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";
import {Hashing} from "../../src/common/Hashing.sol";
import {Predeploys} from "../../src/common/Predeploys.sol";
import {
    Batch, BatchHeader, BatchKind, OutputRootProof, WithdrawalTransaction
} from "../../src/common/Types.sol";
import {IDepositQueue} from "../../src/interfaces/IDepositQueue.sol";
import {IL2ToL1MessagePasser} from "../../src/interfaces/IL2ToL1MessagePasser.sol";
import {L2Messenger} from "../../src/l2/L2Messenger.sol";
import {L2StandardBridge} from "../../src/l2/L2StandardBridge.sol";
import {L2ToL1MessagePasser} from "../../src/l2/L2ToL1MessagePasser.sol";
import {Deployed} from "./Deployed.sol";
import {Trie} from "./Trie.sol";
import {Vm, vm} from "./Vm.sol";

/// Both layers in one EVM: the L1 contracts, and the predeploys of L2 at their addresses as
/// predeploys.json describes them. Deposits are run as the node would run them; blocks, batches and
/// claims are made from what the message passer was sent.
abstract contract World is Deployed {
    using Memory for *;
    using RLP for *;

    struct Published {
        uint64 claim;
        Batch batch;
        bytes header;
        OutputRootProof output;
        bytes[] passerProof;
    }

    L2ToL1MessagePasser internal passer =
        L2ToL1MessagePasser(payable(Predeploys.MESSAGE_PASSER));
    L2Messenger internal l2Messenger = L2Messenger(Predeploys.L2_MESSENGER);
    L2StandardBridge internal l2Bridge = L2StandardBridge(Predeploys.L2_STANDARD_BRIDGE);

    bytes32[] internal sent; // withdrawal hashes on L2
    uint64 internal parentClaim;

    function _world() internal {
        _deploy();
        string memory json = vm.readFile("contracts/predeploys.json");
        for (uint256 i = 0;; ++i) {
            string memory item = string.concat("$[", vm.toString(i), "]");
            if (!vm.keyExistsJson(json, item)) break;
            _place(json, item);
        }
    }

    function _place(string memory json, string memory item) private {
        address at_ = vm.parseJsonAddress(json, string.concat(item, ".address"));
        string memory name = vm.parseJsonString(json, string.concat(item, ".artifact"));
        vm.etch(at_, vm.getDeployedCode(string.concat(name, ".sol:", name)));
        vm.setNonce(at_, 1);
        string[] memory slots = vm.parseJsonKeys(json, string.concat(item, ".storage"));
        for (uint256 i = 0; i < slots.length; ++i) {
            string memory word =
                vm.parseJsonString(json, string.concat(item, ".storage.", slots[i]));
            vm.store(at_, bytes32(vm.parseUint(slots[i])), _word(word));
        }
    }

    function _word(string memory text) private view returns (bytes32) {
        bytes32 hash = keccak256(bytes(text));
        if (hash == keccak256("$l1Messenger")) return _padded(address(l1Messenger));
        if (hash == keccak256("$l1StandardBridge")) return _padded(address(l1Bridge));
        if (hash == keccak256("$feeRecipient")) return _padded(FEES);
        if (hash == keccak256("$l2ParameterRelay")) return _padded(address(0x4E1A));
        return vm.parseBytes32(text);
    }

    function _padded(address a) private pure returns (bytes32) {
        return bytes32(uint256(uint160(a)));
    }

    // ------------------------------------------------------------------ L1 -> L2

    /// Runs every deposit among `logs` on L2.
    function _runDeposits(Vm.Log[] memory logs) internal returns (bool success) {
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] != IDepositQueue.DepositQueued.selector) continue;
            (bytes memory envelope,) = abi.decode(logs[i].data, (bytes, bytes32));
            success = _runDeposit(envelope);
        }
    }

    function _runDeposit(bytes memory envelope) internal returns (bool success) {
        vm.assertEq(uint8(envelope[0]), 0x7e);
        Memory.Slice[] memory f = envelope.asSlice().slice(1).readList();
        vm.assertEq(f.length, 7);
        address from = f[1].readAddress();
        uint256 mint = f[3].readUint256();
        uint256 value = f[4].readUint256();
        // What L2 mints is there whatever becomes of the call.
        vm.deal(from, from.balance + mint);
        bytes memory to = f[2].readBytes();
        if (to.length == 0) return true;
        bytes memory data = f[6].readBytes();
        uint256 gas_ = f[5].readUint256() - 21_000;
        for (uint256 i = 0; i < data.length; ++i) gas_ -= data[i] == 0 ? 4 : 16;
        vm.prank(from, from);
        (success,) = address(bytes20(to)).call{value: value, gas: gas_}(data);
    }

    // ------------------------------------------------------------------ L2 -> L1

    /// Takes in what `logs` say that the message passer was sent.
    function _collect(Vm.Log[] memory logs)
        internal
        returns (WithdrawalTransaction memory last)
    {
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] != IL2ToL1MessagePasser.MessagePassed.selector) continue;
            last.nonce = uint256(logs[i].topics[1]);
            last.sender = address(uint160(uint256(logs[i].topics[2])));
            last.target = address(uint160(uint256(logs[i].topics[3])));
            bytes32 hash;
            (last.value, last.gasLimit, last.data, hash) =
                abi.decode(logs[i].data, (uint256, uint256, bytes, bytes32));
            vm.assertEq(hash, Hashing.withdrawal(last), "hash of the withdrawal");
            sent.push(hash);
        }
    }

    function _withdraw(address from, address target, uint256 value, uint256 gas_, bytes memory data)
        internal
        returns (WithdrawalTransaction memory)
    {
        vm.recordLogs();
        vm.deal(from, from.balance + value);
        vm.prank(from);
        passer.initiateWithdrawal{value: value}(target, gas_, data);
        return _collect(vm.getRecordedLogs());
    }

    function _storageLeaves() internal view returns (Trie.Leaf[] memory leaves) {
        leaves = new Trie.Leaf[](sent.length);
        for (uint256 i = 0; i < sent.length; ++i) {
            bytes32 slot = keccak256(abi.encode(sent[i], uint256(0)));
            leaves[i] = Trie.Leaf(keccak256(abi.encode(slot)), hex"01");
        }
    }

    function _storageProof(bytes32 hash) internal view returns (bytes[] memory) {
        bytes32 slot = keccak256(abi.encode(hash, uint256(0)));
        return Trie.prove(_storageLeaves(), keccak256(abi.encode(slot)));
    }

    /// A state with the message passer and two other accounts.
    function _stateLeaves(bytes32 passerStorage)
        internal
        pure
        returns (Trie.Leaf[] memory leaves)
    {
        leaves = new Trie.Leaf[](3);
        leaves[0] = _account(Predeploys.MESSAGE_PASSER, passerStorage);
        leaves[1] = _account(ALICE, keccak256(hex"80"));
        leaves[2] = _account(BOB, keccak256(hex"80"));
    }

    function _account(address a, bytes32 storageRoot) internal pure returns (Trie.Leaf memory) {
        bytes[] memory fields = new bytes[](4);
        fields[0] = RLP.encode(uint256(1));
        fields[1] = RLP.encode(uint256(5 ether));
        fields[2] = RLP.encode(storageRoot);
        fields[3] = RLP.encode(keccak256("code"));
        return Trie.Leaf(keccak256(abi.encodePacked(a)), RLP.encode(fields));
    }

    function _header(uint64 number, uint64 timestamp, bytes32 stateRoot)
        internal
        pure
        returns (bytes memory)
    {
        bytes[] memory f = new bytes[](21);
        for (uint256 i = 0; i < 21; ++i) f[i] = RLP.encode(keccak256(abi.encode(i)));
        f[2] = RLP.encode(FEES);
        f[3] = RLP.encode(stateRoot);
        f[6] = RLP.encode(new bytes(256));
        f[7] = RLP.encode(uint256(0));
        f[8] = RLP.encode(uint256(number));
        f[9] = RLP.encode(uint256(60_000_000));
        f[10] = RLP.encode(uint256(21_000));
        f[11] = RLP.encode(uint256(timestamp));
        f[12] = RLP.encode(bytes("mega"));
        f[14] = RLP.encode(new bytes(8));
        f[15] = RLP.encode(uint256(1_000_000));
        f[17] = RLP.encode(uint256(0));
        f[18] = RLP.encode(uint256(0));
        return RLP.encode(f);
    }

    /// The header of a batch of one block that continues the chain and consumes all that it may.
    function _nextBatch() internal view returns (BatchHeader memory h) {
        uint64 index = inbox.nextIndex();
        h.parent = index == 0 ? bytes32(0) : inbox.batchHash(index - 1);
        h.index = index;
        h.firstBlock = inbox.lastBlock() + 1;
        h.lastBlock = h.firstBlock;
        h.originNumber = uint64(block.number - 1);
        h.originHash = blockhash(h.originNumber);
        h.depositCursor =
            queue.cursorWithin(inbox.depositCursor(), type(uint64).max, h.originNumber);
        h.lastTimestamp = uint64(block.timestamp);
        h.lastBlockHash = keccak256(abi.encode("block", h.lastBlock));
        h.miniBlockDigest = keccak256("mini-blocks");
        h.sequencer = SEQUENCER;
    }

    function _post(BatchHeader memory h) internal returns (Batch memory batch) {
        bytes32[] memory hashes = new bytes32[](1);
        hashes[0] = keccak256("data");
        batch = Batch(h, BatchKind.Calldata, hashes);
        vm.prank(SEQUENCER);
        inbox.submitCalldata(h, "data");
    }

    /// A block with the present state of the message passer, its batch, and a claim on it.
    function _publish() internal returns (Published memory p) {
        (p.header, p.output, p.passerProof) =
            _block(inbox.lastBlock() + 1, uint64(block.timestamp));
        BatchHeader memory h = _nextBatch();
        h.lastBlockHash = p.output.latestBlockhash;
        p.batch = _post(h);
        p.claim = _propose(p, parentClaim);
    }

    function _block(uint64 number, uint64 timestamp)
        internal
        view
        returns (bytes memory header, OutputRootProof memory output, bytes[] memory passerProof)
    {
        output.messagePasserStorageRoot = Trie.root(_storageLeaves());
        Trie.Leaf[] memory state = _stateLeaves(output.messagePasserStorageRoot);
        output.stateRoot = Trie.root(state);
        passerProof = Trie.prove(state, state[0].key);
        header = _header(number, timestamp, output.stateRoot);
        output.latestBlockhash = keccak256(header);
    }

    function _propose(Published memory p, uint64 parent) internal returns (uint64) {
        vm.deal(ALICE, ALICE.balance + 0.5 ether);
        vm.prank(ALICE);
        return claims.propose{value: 0.5 ether}(parent, p.batch, p.header, p.passerProof);
    }

    function _finalizeClaim(Published memory p) internal {
        _skip(7 days);
        claims.finalize(p.claim);
        parentClaim = p.claim;
    }

    function _prove(WithdrawalTransaction memory w, Published memory p) internal {
        portal.proveWithdrawalTransaction(
            w, p.claim, p.output, _storageProof(Hashing.withdrawal(w))
        );
    }

    /// Everything from a withdrawal on L2 to its payment on L1.
    function _exit(WithdrawalTransaction memory w) internal {
        Published memory p = _publish();
        _prove(w, p);
        _finalizeClaim(p);
        portal.finalizeWithdrawalTransaction(w);
    }
}
