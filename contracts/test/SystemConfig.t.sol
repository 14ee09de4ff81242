// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {
    ITransparentUpgradeableProxy
} from "@openzeppelin/contracts/proxy/transparent/TransparentUpgradeableProxy.sol";
import {ProxyAdmin} from "@openzeppelin/contracts/proxy/transparent/ProxyAdmin.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ISystemConfig} from "../src/interfaces/ISystemConfig.sol";
import {Portal} from "../src/l1/Portal.sol";
import {SystemConfig} from "../src/l1/SystemConfig.sol";
import {Deployed} from "./support/Deployed.sol";
import {vm} from "./support/Vm.sol";

contract SystemConfigTest is Deployed {
    bytes32 private constant ADMIN_SLOT =
        0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103;

    function setUp() public {
        _deploy();
    }

    function test_deployerIsNobodyAfterwards() public {
        vm.assertEq(config.owner(), address(timelock));
        bytes[10] memory calls = [
            abi.encodeCall(config.transferOwnership, (ALICE)),
            abi.encodeCall(config.setGuardian, (ALICE)),
            abi.encodeCall(config.setSequencer, (ALICE)),
            abi.encodeCall(config.setSequencerRegistry, (ALICE)),
            abi.encodeCall(config.setFeeVault, (ALICE)),
            abi.encodeCall(config.setChainParameters, (config.chainParameters())),
            abi.encodeCall(config.setWindows, (config.windows())),
            abi.encodeCall(config.setBonds, (config.bonds())),
            abi.encodeCall(config.setDepositMarket, (config.depositMarket())),
            abi.encodeCall(config.unpause, ())
        ];
        for (uint256 i = 0; i < calls.length; ++i) {
            (bool success,) = address(config).call(calls[i]);
            vm.assertFalse(success);
            if (i == 0) continue; // the owner must stay who it is
            _asOwner();
            (success,) = address(config).call(calls[i]);
            vm.assertTrue(success);
        }
    }

    function test_nothingIsInitialisedTwice() public {
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        config.initialize(_settings());
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        queue.initialize(config);
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        inbox.initialize(config, queue, 0);
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        forced.initialize(config, queue, inbox);
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        claims.initialize(config, inbox);
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        portal.initialize(config, queue, claims, ALICE, 0, 0);
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        l1Messenger.initialize(config, portal);
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        l1Bridge.initialize(config, l1Messenger, ALICE);
        // Nor is an implementation.
        Portal implementation = Portal(_implementation("Portal"));
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        implementation.initialize(config, queue, claims, ALICE, 0, 0);
    }

    function test_refusesWhatWouldStopTheChain() public {
        ISystemConfig.ChainParameters memory p = config.chainParameters();
        ISystemConfig.Windows memory w = config.windows();
        ISystemConfig.Bonds memory b = config.bonds();
        ISystemConfig.DepositMarket memory m = config.depositMarket();
        vm.startPrank(address(timelock));

        p.gasLimit = 29_999_999;
        vm.expectPartialRevert(SystemConfig.OutOfRange.selector);
        config.setChainParameters(p);
        p.gasLimit = 30_000_000;
        config.setChainParameters(p);
        p.elasticity = 0;
        vm.expectPartialRevert(SystemConfig.OutOfRange.selector);
        config.setChainParameters(p);
        p.elasticity = 1;
        p.baseFeeDenominator = 0;
        vm.expectPartialRevert(SystemConfig.OutOfRange.selector);
        config.setChainParameters(p);

        w.forcedInclusionDelay = 7 days + 1;
        vm.expectPartialRevert(SystemConfig.OutOfRange.selector);
        config.setWindows(w);
        w.forcedInclusionDelay = 7 days;
        w.challengeWindow = 0;
        vm.expectPartialRevert(SystemConfig.OutOfRange.selector);
        config.setWindows(w);
        w.challengeWindow = 30 days;
        w.proofMaturity = 30 days + 1;
        vm.expectPartialRevert(SystemConfig.OutOfRange.selector);
        config.setWindows(w);

        b.claim = 0;
        vm.expectPartialRevert(SystemConfig.OutOfRange.selector);
        config.setBonds(b);

        m.gasPerBlock = 16_777_216;
        vm.expectPartialRevert(SystemConfig.OutOfRange.selector);
        config.setDepositMarket(m);
        m.gasPerBlock = 20_000_000;
        m.forcedFee = 1 ether + 1;
        vm.expectPartialRevert(SystemConfig.OutOfRange.selector);
        config.setDepositMarket(m);

        vm.expectRevert(SystemConfig.ZeroAddress.selector);
        config.transferOwnership(address(0));
        vm.expectRevert(SystemConfig.ZeroAddress.selector);
        config.setSequencerRegistry(address(0));
        vm.stopPrank();
    }

    /// Only the timelock upgrades, after its delay, and storage stays.
    function test_upgradesGoThroughTheTimelock() public {
        ProxyAdmin admin =
            ProxyAdmin(address(uint160(uint256(vm.load(address(portal), ADMIN_SLOT)))));
        vm.assertEq(admin.owner(), address(timelock));
        address next = _implementation("Portal");
        bytes memory call_ = abi.encodeCall(
            admin.upgradeAndCall, (ITransparentUpgradeableProxy(address(portal)), next, "")
        );
        vm.expectRevert(
            abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, address(this))
        );
        admin.upgradeAndCall(ITransparentUpgradeableProxy(address(portal)), next, "");

        vm.prank(ALICE);
        vm.expectRevert();
        timelock.schedule(address(admin), 0, call_, 0, 0, 3 days);
        vm.prank(COUNCIL);
        timelock.schedule(address(admin), 0, call_, 0, 0, 3 days);
        vm.expectRevert();
        timelock.execute(address(admin), 0, call_, 0, 0);
        _skip(3 days);
        timelock.execute(address(admin), 0, call_, 0, 0);
        vm.assertEq(portal.token(), address(mega));
    }

    function test_registryDecidesWhoIsInCharge() public view {
        vm.assertTrue(config.isInCharge(SEQUENCER, 0));
        vm.assertFalse(config.isInCharge(ALICE, 0));
    }
}
