// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {AtomicSwap} from "../../src/common/AtomicSwap.sol";
import {BatchInbox} from "../../src/l1/BatchInbox.sol";
import {DepositQueue} from "../../src/l1/DepositQueue.sol";
import {FastExit} from "../../src/l1/FastExit.sol";
import {ForcedInclusion} from "../../src/l1/ForcedInclusion.sol";
import {L1Messenger} from "../../src/l1/L1Messenger.sol";
import {L1StandardBridge} from "../../src/l1/L1StandardBridge.sol";
import {Portal} from "../../src/l1/Portal.sol";
import {StateClaims} from "../../src/l1/StateClaims.sol";
import {SystemConfig} from "../../src/l1/SystemConfig.sol";
import {MegaToken} from "../../src/token/MegaToken.sol";
import {ISystemConfig} from "../../src/interfaces/ISystemConfig.sol";
import {vm} from "./Vm.sol";

/// L1 as contracts/DEPLOYMENT.md deploys it; the owner of everything is the timelock.
abstract contract Deployed {
    uint256 internal constant L2_CHAIN_ID = 6342;
    uint64 internal constant GENESIS_TIME = 1_700_000_000;

    address internal constant TREASURY = address(0x7EA5);
    address internal constant SEQUENCER = address(0x5E9);
    address internal constant GUARDIAN = address(0x6A4D);
    address internal constant COUNCIL = address(0xC0C1);
    address internal constant FEES = address(0xFEE5);
    address internal constant ALICE = address(0xA11CE);
    address internal constant BOB = address(0xB0B);

    TimelockController internal timelock;
    MegaToken internal mega;
    SystemConfig internal config;
    DepositQueue internal queue;
    BatchInbox internal inbox;
    ForcedInclusion internal forced;
    StateClaims internal claims;
    Portal internal portal;
    L1Messenger internal l1Messenger;
    L1StandardBridge internal l1Bridge;
    FastExit internal fastExit;
    AtomicSwap internal swap;

    function _deploy() internal {
        vm.roll(1_000);
        vm.warp(GENESIS_TIME + 1_000);
        address[] memory proposers = new address[](1);
        proposers[0] = COUNCIL;
        timelock = TimelockController(
            payable(
                vm.deployCode(
                    "TimelockController.sol:TimelockController",
                    abi.encode(3 days, proposers, new address[](1), address(0))
                )
            )
        );
        mega = MegaToken(vm.deployCode("MegaToken.sol:MegaToken", abi.encode(TREASURY)));
        config = SystemConfig(
            _proxy("SystemConfig", abi.encodeCall(SystemConfig.initialize, (_settings())))
        );
        queue = DepositQueue(
            _proxy("DepositQueue", abi.encodeCall(DepositQueue.initialize, (config)))
        );
        inbox = BatchInbox(
            _proxy(
                "BatchInbox",
                abi.encodeCall(BatchInbox.initialize, (config, queue, GENESIS_TIME))
            )
        );
        forced = ForcedInclusion(
            _proxy(
                "ForcedInclusion",
                abi.encodeCall(ForcedInclusion.initialize, (config, queue, inbox))
            )
        );
        claims = StateClaims(
            _proxy("StateClaims", abi.encodeCall(StateClaims.initialize, (config, inbox)))
        );
        _deployBridges();
        queue.setSender(address(portal), true);
        queue.setSender(address(forced), true);
        l1Bridge.setFastExit(address(fastExit));
        claims.setGenesis(keccak256("genesis"));
        config.transferOwnership(address(timelock));
        _fund(ALICE);
        _fund(BOB);
    }

    function _deployBridges() private {
        portal = Portal(
            _proxy(
                "Portal",
                abi.encodeCall(
                    Portal.initialize,
                    (config, queue, claims, address(mega), 1_000_000 ether, 1 days)
                )
            )
        );
        l1Messenger = L1Messenger(
            _proxy("L1Messenger", abi.encodeCall(L1Messenger.initialize, (config, portal)))
        );
        l1Bridge = L1StandardBridge(
            _proxy(
                "L1StandardBridge",
                abi.encodeCall(
                    L1StandardBridge.initialize, (config, l1Messenger, address(mega))
                )
            )
        );
        fastExit = FastExit(
            vm.deployCode("FastExit.sol:FastExit", abi.encode(portal, l1Messenger, l1Bridge))
        );
        swap = AtomicSwap(vm.deployCode("AtomicSwap.sol:AtomicSwap"));
    }

    function _settings() internal view returns (SystemConfig.Settings memory s) {
        s.owner = address(this);
        s.guardian = GUARDIAN;
        s.sequencer = SEQUENCER;
        s.feeVault = FEES;
        s.l2ChainId = L2_CHAIN_ID;
        s.chain = ISystemConfig.ChainParameters(60_000_000, 1_000_000, 2, 8, 10, FEES);
        s.windows = ISystemConfig.Windows(12 hours, 7 days, 1 days);
        s.bonds = ISystemConfig.Bonds(0.5 ether, 0.25 ether);
        s.depositMarket = ISystemConfig.DepositMarket(20_000_000, 1 gwei, 0.0005 ether);
    }

    function _proxy(string memory name, bytes memory call_) internal returns (address) {
        return vm.deployCode(
            "TransparentUpgradeableProxy.sol:TransparentUpgradeableProxy",
            abi.encode(_implementation(name), address(timelock), call_)
        );
    }

    function _implementation(string memory name) internal returns (address) {
        return vm.deployCode(string.concat(name, ".sol:", name));
    }

    function _fund(address who) internal {
        vm.deal(who, 1_000 ether);
        vm.prank(TREASURY);
        mega.transfer(who, 1_000_000 ether);
        vm.prank(who);
        mega.approve(address(portal), type(uint256).max);
    }

    function _asOwner() internal {
        vm.prank(address(timelock));
    }

    /// L1 goes on by `blocks` of 12 seconds.
    function _mine(uint256 blocks) internal {
        vm.roll(block.number + blocks);
        vm.warp(block.timestamp + 12 * blocks);
    }

    function _skip(uint256 seconds_) internal {
        vm.roll(block.number + seconds_ / 12 + 1);
        vm.warp(block.timestamp + seconds_);
    }
}
