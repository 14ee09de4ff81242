// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {ISequencerRegistry} from "../interfaces/ISequencerRegistry.sol";
import {ISystemConfig} from "../interfaces/ISystemConfig.sol";
import {GuardianPause} from "./GuardianPause.sol";

/// Parameters, owner, sequencer and pause; see ISystemConfig. Bounds keep a mistake of the owner from
/// stopping the chain; they do not make the owner harmless (docs/trust-model.md).
contract SystemConfig is ISystemConfig, ISequencerRegistry, GuardianPause, Initializable {
    /// A block must hold a forced batch: 20,000,000 of deposits and the L1 attributes.
    uint64 public constant MIN_L2_GAS_LIMIT = 30_000_000;
    uint64 public constant MAX_L2_GAS_LIMIT = 100_000_000_000;
    /// Nobody may take the way out away by making it endless.
    uint64 public constant MAX_FORCED_INCLUSION_DELAY = 7 days;
    uint64 public constant MAX_CHALLENGE_WINDOW = 30 days;
    uint64 public constant MAX_PROOF_MATURITY = 30 days;
    /// One entry of the queue takes 16,777,216 gas at most and must fit.
    uint64 public constant MIN_DEPOSIT_GAS_PER_BLOCK = 20_000_000;
    uint64 public constant MAX_DEPOSIT_GAS_PER_BLOCK = 1_000_000_000;
    uint64 public constant MAX_MIN_DEPOSIT_GAS_PRICE = 100 gwei;
    uint128 public constant MAX_FORCED_FEE = 1 ether;
    uint128 public constant MAX_BOND = 1_000 ether;

    struct Settings {
        address owner;
        address guardian;
        address sequencer;
        address feeVault;
        uint256 l2ChainId;
        ChainParameters chain;
        Windows windows;
        Bonds bonds;
        DepositMarket depositMarket;
    }

    address public owner;
    address public sequencer;
    address public sequencerRegistry;
    address public feeVault;
    uint256 public l2ChainId;
    ChainParameters internal _chain;
    Windows internal _windows;
    Bonds internal _bonds;
    DepositMarket internal _market;

    error NotOwner(address caller);
    error ZeroAddress();
    error OutOfRange(bytes32 parameter, uint256 given, uint256 lowest, uint256 highest);

    modifier onlyOwner() {
        require(msg.sender == owner, NotOwner(msg.sender));
        _;
    }

    constructor() {
        _disableInitializers();
    }

    function initialize(Settings calldata s) external initializer {
        require(s.l2ChainId != 0, OutOfRange("l2ChainId", 0, 1, type(uint256).max));
        l2ChainId = s.l2ChainId;
        _setOwner(s.owner);
        _setGuardian(s.guardian);
        _setSequencer(s.sequencer);
        _setSequencerRegistry(address(this));
        _setFeeVault(s.feeVault);
        _setChainParameters(s.chain);
        _setWindows(s.windows);
        _setBonds(s.bonds);
        _setDepositMarket(s.depositMarket);
    }

    function transferOwnership(address to) external onlyOwner {
        _setOwner(to);
    }

    function setGuardian(address guardian_) external onlyOwner {
        _setGuardian(guardian_);
    }

    function setSequencer(address sequencer_) external onlyOwner {
        _setSequencer(sequencer_);
    }

    function setSequencerRegistry(address registry) external onlyOwner {
        _setSequencerRegistry(registry);
    }

    function setFeeVault(address feeVault_) external onlyOwner {
        _setFeeVault(feeVault_);
    }

    function setChainParameters(ChainParameters calldata p) external onlyOwner {
        _setChainParameters(p);
    }

    function setWindows(Windows calldata w) external onlyOwner {
        _setWindows(w);
    }

    function setBonds(Bonds calldata b) external onlyOwner {
        _setBonds(b);
    }

    function setDepositMarket(DepositMarket calldata m) external onlyOwner {
        _setDepositMarket(m);
    }

    function isInCharge(address candidate, uint64) external view returns (bool) {
        return candidate == sequencer;
    }

    function chainParameters() external view returns (ChainParameters memory) {
        return _chain;
    }

    function windows() external view returns (Windows memory) {
        return _windows;
    }

    function bonds() external view returns (Bonds memory) {
        return _bonds;
    }

    function depositMarket() external view returns (DepositMarket memory) {
        return _market;
    }

    function paused() public view override(ISystemConfig, GuardianPause) returns (bool) {
        return GuardianPause.paused();
    }

    function _pauseOwner() internal view override returns (address) {
        return owner;
    }

    function _setOwner(address to) private {
        require(to != address(0), ZeroAddress());
        emit OwnershipTransferred(owner, to);
        owner = to;
    }

    function _setSequencer(address sequencer_) private {
        sequencer = sequencer_; // 0: nobody; only forced batches continue the chain
        emit SequencerChanged(sequencer_);
    }

    function _setSequencerRegistry(address registry) private {
        require(registry != address(0), ZeroAddress());
        sequencerRegistry = registry;
        emit SequencerRegistryChanged(registry);
    }

    function _setFeeVault(address feeVault_) private {
        require(feeVault_ != address(0), ZeroAddress());
        feeVault = feeVault_;
        emit FeeVaultChanged(feeVault_);
    }

    function _setChainParameters(ChainParameters calldata p) private {
        _check("gasLimit", p.gasLimit, MIN_L2_GAS_LIMIT, MAX_L2_GAS_LIMIT);
        _check("elasticity", p.elasticity, 1, 1_000);
        _check("baseFeeDenominator", p.baseFeeDenominator, 1, 1_000_000);
        _check("miniBlockMillis", p.miniBlockMillis, 1, 1_000);
        _chain = p;
        emit ChainParametersChanged(p);
    }

    function _setWindows(Windows calldata w) private {
        _check("forcedInclusionDelay", w.forcedInclusionDelay, 1, MAX_FORCED_INCLUSION_DELAY);
        _check("challengeWindow", w.challengeWindow, 1, MAX_CHALLENGE_WINDOW);
        _check("proofMaturity", w.proofMaturity, 0, MAX_PROOF_MATURITY);
        _windows = w;
        emit WindowsChanged(w);
    }

    function _setBonds(Bonds calldata b) private {
        _check("claim", b.claim, 1, MAX_BOND);
        _check("challenge", b.challenge, 1, MAX_BOND);
        _bonds = b;
        emit BondsChanged(b);
    }

    function _setDepositMarket(DepositMarket calldata m) private {
        _check(
            "gasPerBlock", m.gasPerBlock, MIN_DEPOSIT_GAS_PER_BLOCK, MAX_DEPOSIT_GAS_PER_BLOCK
        );
        _check("minGasPrice", m.minGasPrice, 1, MAX_MIN_DEPOSIT_GAS_PRICE);
        _check("forcedFee", m.forcedFee, 0, MAX_FORCED_FEE);
        _market = m;
        emit DepositMarketChanged(m);
    }

    function _check(bytes32 parameter, uint256 given, uint256 lowest, uint256 highest)
        private
        pure
    {
        require(
            lowest <= given && given <= highest, OutOfRange(parameter, given, lowest, highest)
        );
    }
}
