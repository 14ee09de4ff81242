// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";

import {Hashing} from "../../src/common/Hashing.sol";
import {Predeploys} from "../../src/common/Predeploys.sol";
import {Batch, BatchHeader, BatchKind, OutputRootProof} from "../../src/common/Types.sol";
import {ISystemConfig} from "../../src/interfaces/ISystemConfig.sol";
import {BatchInbox} from "../../src/l1/BatchInbox.sol";
import {DepositQueue} from "../../src/l1/DepositQueue.sol";
import {StateClaims} from "../../src/l1/StateClaims.sol";
import {SystemConfig} from "../../src/l1/SystemConfig.sol";
import {StakedVotes} from "../../src/governance/StakedVotes.sol";
import {Aggregate, Committee, Members} from "../../src/staking/Committee.sol";
import {CommitteeVerifier, DutyRecord} from "../../src/staking/CommitteeVerifier.sol";
import {Epochs} from "../../src/staking/Epochs.sol";
import {IStakedVotes, IStaking} from "../../src/staking/IStaking.sol";
import {LeaderSchedule} from "../../src/staking/LeaderSchedule.sol";
import {Rewards} from "../../src/staking/Rewards.sol";
import {Slasher} from "../../src/staking/Slasher.sol";
import {Staking} from "../../src/staking/Staking.sol";
import {KeyProofs, ValidatorKeys} from "../../src/staking/ValidatorKeys.sol";
import {Attestation, Attestations} from "../../src/staking/lib/Attestations.sol";
import {Bls12381} from "../../src/staking/lib/Bls12381.sol";
import {ChainKeys} from "../../src/staking/lib/ChainKeys.sol";
import {MiniBlockHeader, MiniBlocks} from "../../src/staking/lib/MiniBlocks.sol";
import {MegaToken} from "../../src/token/MegaToken.sol";
import {vm} from "../support/Vm.sol";
import {Bls} from "./Bls.sol";

interface WalletVm {
    struct Wallet {
        address addr;
        uint256 publicKeyX;
        uint256 publicKeyY;
        uint256 privateKey;
    }

    function createWallet(uint256 key) external returns (Wallet memory);
}

/// A proxy that is initialised by its deployer in a call of its own.
contract LateProxy is ERC1967Proxy {
    constructor(address implementation) ERC1967Proxy(implementation, "") {}

    function _unsafeAllowUninitialized() internal pure override returns (bool) {
        return true;
    }
}

/// Staking as contracts/DEPLOYMENT.md wires it, on the real inbox and claims. The owner is this test.
abstract contract StakingWorld {
    using RLP for RLP.Encoder;

    uint64 internal constant L2_CHAIN_ID = 6342;
    uint48 internal constant GENESIS = 1_700_000_000;
    uint48 internal constant EPOCH = 1 hours;
    uint48 internal constant UNBONDING = 192;
    uint96 internal constant SELF = 100_000 ether;
    uint256 internal constant GROUP_ORDER = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001;
    address internal constant TREASURY = address(0x7EA5);
    address internal constant FALLBACK = address(0xFA11);
    address internal constant REPORTER = address(0x4E90);
    address internal constant GUARDIAN = address(0x6A4D);

    MegaToken internal token;
    SystemConfig internal config;
    DepositQueue internal queue;
    BatchInbox internal inbox;
    StateClaims internal claims;
    Staking internal staking;
    Epochs internal epochs;
    LeaderSchedule internal schedule;
    Committee internal committee;
    CommitteeVerifier internal verifier;
    DutyRecord internal duties;
    Slasher internal slasher;
    Rewards internal rewards;
    StakedVotes internal stakedVotes;

    function _deployL1() internal {
        vm.chainId(1);
        vm.roll(1_000_000);
        vm.warp(GENESIS + 60);
        token = new MegaToken(address(this));
        config = SystemConfig(_proxy(address(new SystemConfig())));
        SystemConfig.Settings memory s;
        s.owner = address(this);
        s.guardian = GUARDIAN;
        s.sequencer = FALLBACK;
        s.feeVault = address(0xFEE5);
        s.l2ChainId = L2_CHAIN_ID;
        s.chain = ISystemConfig.ChainParameters(60_000_000, 1_000_000, 2, 8, 10, address(0xFEE5));
        s.windows = ISystemConfig.Windows(12 hours, 7 days, 1 days);
        s.bonds = ISystemConfig.Bonds(0.5 ether, 0.25 ether);
        s.depositMarket = ISystemConfig.DepositMarket(20_000_000, 1 gwei, 0.0005 ether);
        config.initialize(s);
        queue = DepositQueue(_proxy(address(new DepositQueue())));
        queue.initialize(config);
        inbox = BatchInbox(_proxy(address(new BatchInbox())));
        inbox.initialize(config, queue, GENESIS);
        claims = StateClaims(_proxy(address(new StateClaims())));
        claims.initialize(config, inbox);
        claims.setGenesis(keccak256("genesis"));
    }

    function _deploy(uint96 minChurn) internal {
        _deployL1();
        staking = new Staking(_stakingConfig(minChurn), address(this));
        epochs = new Epochs(staking, 12, address(this));
        schedule = new LeaderSchedule(epochs, 6, 60, 30, FALLBACK, address(this));
        schedule.setInbox(inbox);
        committee = new Committee(epochs, staking.keys(), 64);
        verifier = new CommitteeVerifier(committee);
        duties = new DutyRecord(verifier, inbox);
        slasher = new Slasher(
            Slasher.Parts(staking, committee, duties, schedule, claims, 24, 24, GUARDIAN), address(this)
        );
        rewards = new Rewards(token, staking, 1 days, 1_000 ether, 1_000_000, 20_000 ether, address(this));
        stakedVotes = new StakedVotes(staking);
        address[] memory followers = new address[](2);
        followers[0] = address(schedule);
        followers[1] = address(committee);
        epochs.setFollowers(followers);
        staking.setWiring(address(slasher), TREASURY, IStakedVotes(address(stakedVotes)));
        config.setSequencerRegistry(address(schedule));
    }

    function _stakingConfig(uint96 minChurn) internal view returns (Staking.Config memory) {
        return Staking.Config({
            token: token,
            treasury: TREASURY,
            l2ChainId: L2_CHAIN_ID,
            genesisTime: GENESIS,
            epochLength: EPOCH,
            exitStride: 12,
            unbondingEpochs: UNBONDING,
            challengeWindow: 7 days,
            minSelfStake: 10_000 ether,
            minDelegation: 1 ether,
            minChurn: minChurn,
            maxValidators: 64
        });
    }

    function _proxy(address implementation) internal returns (address) {
        return address(new LateProxy(implementation));
    }

    // ---------------------------------------------------------------- people and keys

    function _operator(uint256 i) internal pure returns (address) {
        return address(uint160(0x0900_0000 + i));
    }

    function _blsSecret(uint256 i) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode("bls", i))) % GROUP_ORDER;
    }

    function _baseSecret(uint256 i) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode("base", i))) % ChainKeys.N;
    }

    function _base(uint256 secret) internal returns (uint256 x, uint8 parity) {
        WalletVm.Wallet memory wallet = WalletVm(address(vm)).createWallet(secret);
        return (wallet.publicKeyX, uint8(wallet.publicKeyY & 1));
    }

    function _signerSecret(uint256 i) internal returns (uint256) {
        (uint256 x, uint8 parity) = _base(_baseSecret(i));
        return addmod(
            _baseSecret(i), ChainKeys.tweakOf(x, parity, L2_CHAIN_ID, address(staking)), ChainKeys.N
        );
    }

    function _proofs(uint256 i, address operator) internal returns (KeyProofs memory p) {
        ValidatorKeys keys = staking.keys();
        uint256 secret = _blsSecret(i);
        p.blsKey = Bls12381.encode(Bls.publicKey(secret));
        p.possession = Bls.possession(secret);
        p.binding = Bls.sign(secret, keys.bindingMessage(operator));
        (p.baseKeyX, p.baseKeyParity) = _base(_baseSecret(i));
        p.signerProof = _sign(_signerSecret(i), keys.bindingHash(operator));
    }

    function _sign(uint256 secret, bytes32 hash) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(secret, hash);
        return abi.encodePacked(r, s, v);
    }

    function _fund(address who, uint256 amount) internal {
        token.transfer(who, amount);
        vm.prank(who);
        token.approve(address(staking), type(uint256).max);
    }

    function _register(uint256 i, uint96 self, uint16 commissionBps) internal returns (uint32) {
        _fund(_operator(i), self);
        KeyProofs memory proofs = _proofs(i, _operator(i));
        vm.prank(_operator(i));
        return staking.register(proofs, commissionBps, self, 0);
    }

    /// Validators 1 to n, each with SELF, in the table.
    function _registerMany(uint256 n) internal {
        for (uint256 i = 1; i <= n; ++i) {
            _register(i, SELF, 1000);
        }
        _toEpoch(staking.currentEpoch() + 2);
    }

    function _delegate(address who, uint32 id, uint96 amount) internal {
        _fund(who, amount);
        vm.prank(who);
        staking.delegate(id, amount);
    }

    // ---------------------------------------------------------------- time

    /// L1 goes on to the start of an epoch, at its pace.
    function _toEpoch(uint48 epoch) internal {
        uint256 start = staking.epochStart(epoch);
        if (start > block.timestamp) {
            _pass(start - block.timestamp);
        }
    }

    function _pass(uint256 time) internal {
        vm.roll(block.number + (time + 11) / 12);
        vm.warp(block.timestamp + time);
    }

    /// A header whose parent, number, timestamp and mix hash are given; 21 fields, as Osaka's.
    function _header(bytes32 parent, bytes32 stateRoot, uint256 number, uint256 timestamp, bytes32 randao)
        internal
        pure
        returns (bytes memory)
    {
        RLP.Encoder memory list = RLP.encoder();
        list.push(parent);
        list.push(bytes32(0));
        list.push(address(0));
        list.push(stateRoot);
        list.push(bytes32(0));
        list.push(bytes32(0));
        list.push(new bytes(256));
        list.push(uint256(0));
        list.push(number);
        list.push(uint256(30_000_000));
        list.push(uint256(0));
        list.push(timestamp);
        list.push(bytes("mega"));
        list.push(randao);
        list.push(abi.encodePacked(bytes8(0)));
        list.push(uint256(1));
        list.push(bytes32(0));
        list.push(uint256(0));
        list.push(uint256(0));
        list.push(bytes32(0));
        list.push(bytes32(0));
        return list.encode();
    }

    /// The present epoch's first block is the one before this; opens the epoch with it.
    function _openEpoch() internal returns (uint48 epoch) {
        epoch = staking.currentEpoch();
        (bytes memory header, bytes memory parent) = _epochHeaders(epoch);
        epochs.open(epoch, header, parent);
    }

    function _epochHeaders(uint48 epoch) internal returns (bytes memory header, bytes memory parent) {
        uint256 start = staking.epochStart(epoch);
        uint256 number = block.number - (block.timestamp - start) / 12 - 1;
        parent = _header(0, 0, number - 1, start - 12, 0);
        header = _header(keccak256(parent), 0, number, start, keccak256(abi.encode("randao", epoch)));
        vm.setBlockhash(number, keccak256(header));
    }

    // ---------------------------------------------------------------- duties

    function _members(uint48 epoch) internal view returns (Members memory members) {
        (uint32[] memory ids, uint96[] memory stakes) = staking.stakeTable(epoch);
        (bytes32 seed,,) = epochs.openings(epoch);
        return committee.draw(seed, ids, stakes);
    }

    /// Signed by the validators whose bits (position in the committee) are set; operators are numbered
    /// like identifiers.
    function _aggregate(Members memory members, uint256 bitmap, Attestation memory attestation)
        internal
        view
        returns (Aggregate memory)
    {
        uint256 sum;
        for (uint256 i; i < members.ids.length; ++i) {
            if (bitmap >> i & 1 == 1) {
                sum = addmod(sum, _blsSecret(members.ids[i]), GROUP_ORDER);
            }
        }
        // The sum of signatures is the signature of the sum of keys.
        return Aggregate(bitmap, Bls.sign(sum, Attestations.messageOf(attestation, L2_CHAIN_ID)));
    }

    function _signAttestation(uint256 i, Attestation memory attestation) internal view returns (bytes memory) {
        return Bls.sign(_blsSecret(i), Attestations.messageOf(attestation, L2_CHAIN_ID));
    }

    /// The leader posts blocks up to `lastBlock`; their digest is of `signingHashes`.
    function _post(uint64 lastBlock, bytes32 lastBlockHash, bytes32[] memory signingHashes)
        internal
        returns (Batch memory batch)
    {
        return _postAs(schedule.leader(), lastBlock, lastBlockHash, signingHashes);
    }

    function _postAs(address sequencer, uint64 lastBlock, bytes32 lastBlockHash, bytes32[] memory signingHashes)
        internal
        returns (Batch memory batch)
    {
        batch = _batch(sequencer, lastBlock, lastBlockHash, signingHashes);
        vm.prank(sequencer);
        inbox.submitCalldata(batch.header, hex"00");
    }

    function _batch(address sequencer, uint64 lastBlock, bytes32 lastBlockHash, bytes32[] memory signingHashes)
        internal
        returns (Batch memory batch)
    {
        uint64 index = inbox.nextIndex();
        BatchHeader memory h;
        h.parent = index == 0 ? bytes32(0) : inbox.batchHash(index - 1);
        h.index = index;
        h.firstBlock = inbox.lastBlock() + 1;
        h.lastBlock = lastBlock;
        h.depositCursor = inbox.depositCursor();
        h.originNumber = uint64(block.number - 1);
        h.originHash = keccak256(abi.encode("l1", h.originNumber));
        if (blockhash(h.originNumber) == 0) {
            vm.setBlockhash(h.originNumber, h.originHash);
        }
        h.originHash = blockhash(h.originNumber);
        h.lastTimestamp = uint64(block.timestamp);
        h.lastBlockHash = lastBlockHash;
        h.miniBlockDigest = keccak256(abi.encodePacked(signingHashes));
        h.sequencer = sequencer;
        batch.header = h;
        batch.kind = BatchKind.Calldata;
        batch.dataHashes = new bytes32[](1);
        batch.dataHashes[0] = keccak256(hex"00");
    }

    function _miniBlock(uint64 blockNumber, uint64 number, bytes32 root) internal view returns (MiniBlockHeader memory h) {
        h.blockNumber = blockNumber;
        h.blockTimestamp = uint64(block.timestamp);
        h.index = 0;
        h.miniBlockNumber = number;
        h.timestampUs = uint64(block.timestamp) * 1e6;
        h.gasUsed = 21_000;
        h.transactionRoot = root;
        h.receiptRoot = root;
    }

    function _signMiniBlock(uint256 i, MiniBlockHeader memory h) internal returns (Slasher.SignedMiniBlock memory) {
        return Slasher.SignedMiniBlock(h, _sign(_signerSecret(i), MiniBlocks.signingHash(h)));
    }

    bytes32[] internal none;

    /// A batch whose last block is 10, and a claim on it; the state holds the message passer alone.
    function _proposeClaim() internal returns (Batch memory batch, OutputRootProof memory output, uint64 claim) {
        bytes[] memory proof = new bytes[](1);
        proof[0] = _leaf(keccak256("storage"));
        output.stateRoot = keccak256(proof[0]);
        output.messagePasserStorageRoot = keccak256("storage");
        bytes memory header = _header(0, output.stateRoot, 10, block.timestamp, 0);
        output.latestBlockhash = keccak256(header);
        batch = _post(10, output.latestBlockhash, none);
        vm.deal(address(this), 1 ether);
        claim = claims.propose{value: 0.5 ether}(0, batch, header, proof);
        vm.assertEq(claims.outputRoot(claim), Hashing.outputRoot(output));
    }

    function _leaf(bytes32 storageRoot) private pure returns (bytes memory) {
        RLP.Encoder memory account = RLP.encoder();
        account.push(uint256(1));
        account.push(uint256(0));
        account.push(storageRoot);
        account.push(keccak256("code"));
        RLP.Encoder memory leaf = RLP.encoder();
        bytes32 path = keccak256(abi.encodePacked(Predeploys.MESSAGE_PASSER));
        leaf.push(abi.encodePacked(bytes1(0x20), path));
        leaf.push(account.encode());
        return leaf.encode();
    }
}
