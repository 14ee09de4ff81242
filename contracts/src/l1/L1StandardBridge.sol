// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {RateLimiter} from "@openzeppelin/contracts/utils/RateLimiter.sol";
import {ReentrancyGuardTransient} from
    "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {L2TokenAddress} from "../common/L2TokenAddress.sol";
import {Predeploys} from "../common/Predeploys.sol";
import {Refund} from "../common/Refund.sol";
import {TokenMetadata} from "../common/Types.sol";
import {IFastExit} from "../interfaces/IFastExit.sol";
import {IL1Messenger} from "../interfaces/IL1Messenger.sol";
import {IL1StandardBridge} from "../interfaces/IL1StandardBridge.sol";
import {IL2StandardBridge} from "../interfaces/IL2StandardBridge.sol";
import {ISystemConfig} from "../interfaces/ISystemConfig.sol";
import {Configured} from "./Configured.sol";
import {Metadata} from "./Metadata.sol";

/// Keeps ether and ERC-20s of L1 while their representations live on L2. What is here of a token is
/// at least `escrowed`: the amount that arrived counts, not the one that was asked for (tokens with
/// fees). Tokens whose balances shrink by themselves must not be bridged.
contract L1StandardBridge is IL1StandardBridge, Configured, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;
    using RateLimiter for RateLimiter.RefillingBucket;

    address private constant ETHER = address(0);
    /// Gas of minting on L2; with a token the first deposit creates it.
    uint32 private constant FINALIZE_ETH_GAS = 150_000;
    uint32 private constant FINALIZE_ERC20_GAS = 600_000;
    uint256 private constant MAX_EXTRA_DATA = 10_000;

    IL1Messenger public messenger;
    address public mega;
    address public fastExit;
    mapping(address token => uint256) public escrowed;
    /// A token without a limit (window 0) leaves freely.
    mapping(address token => RateLimiter.RefillingBucket) private _limits;

    modifier onlyOtherBridge() {
        require(
            msg.sender == address(messenger)
                && messenger.xDomainMessageSender() == Predeploys.L2_STANDARD_BRIDGE,
            NotOtherBridge()
        );
        require(!config.paused(), FinalisingPaused());
        _;
    }

    function initialize(ISystemConfig config_, IL1Messenger messenger_, address mega_)
        external
        initializer
    {
        _setConfig(config_);
        messenger = messenger_;
        mega = mega_;
    }

    function setFastExit(address fastExit_) external onlyOwner {
        fastExit = fastExit_;
        emit FastExitChanged(fastExit_);
    }

    /// At most `capacity` of a token leaves at once, and so much again every `window` seconds; window
    /// 0 lifts the limit.
    function setRateLimit(address token, uint208 capacity, uint48 window) external onlyOwner {
        if (_limits[token]._window != 0) _limits[token].sync(0);
        _limits[token].updateSettings(window, capacity);
        emit RateLimitChanged(token, capacity, window);
    }

    function bridgeETH(uint256 amount, uint32 minGasLimit, bytes calldata extraData)
        external
        payable
    {
        bridgeETHTo(msg.sender, amount, minGasLimit, extraData);
    }

    /// msg.value: the amount and bridgeFee; what is more comes back.
    function bridgeETHTo(
        address to,
        uint256 amount,
        uint32 minGasLimit,
        bytes calldata extraData
    ) public payable nonReentrant {
        _check(to, amount, extraData);
        escrowed[ETHER] += amount;
        _send(
            abi.encodeCall(
                IL2StandardBridge.finalizeBridgeETH, (msg.sender, to, amount, extraData)
            ),
            minGasLimit > FINALIZE_ETH_GAS ? minGasLimit : FINALIZE_ETH_GAS,
            amount
        );
        emit ETHBridgeInitiated(msg.sender, to, amount, extraData);
    }

    function bridgeERC20(
        address token,
        uint256 amount,
        uint32 minGasLimit,
        bytes calldata extraData
    ) external payable {
        bridgeERC20To(token, msg.sender, amount, minGasLimit, extraData);
    }

    /// msg.value: bridgeFee; what is more comes back. The caller has approved the bridge.
    function bridgeERC20To(
        address token,
        address to,
        uint256 amount,
        uint32 minGasLimit,
        bytes calldata extraData
    ) public payable nonReentrant {
        _check(to, amount, extraData);
        // MEGA is native on L2; the Portal keeps it.
        require(token != mega, MegaIsNative());
        require(token.code.length != 0, NotAToken(token));
        uint256 arrived = _take(token, amount);
        _send(
            abi.encodeCall(
                IL2StandardBridge.finalizeBridgeERC20,
                (token, Metadata.read(token), msg.sender, to, arrived, extraData)
            ),
            minGasLimit > FINALIZE_ERC20_GAS ? minGasLimit : FINALIZE_ERC20_GAS,
            0
        );
        emit ERC20BridgeInitiated(
            token, l2TokenOf(token), msg.sender, to, arrived, extraData
        );
    }

    function finalizeBridgeETH(
        address from,
        address to,
        uint256 amount,
        bytes calldata extraData
    ) external onlyOtherBridge nonReentrant {
        _release(ETHER, amount);
        if (to == fastExit) {
            IFastExit(to).onBridged{value: amount}(ETHER, amount, extraData);
        } else {
            (bool success,) = to.call{value: amount}("");
            require(success, TransferFailed(to));
        }
        emit ETHBridgeFinalized(from, to, amount, extraData);
    }

    function finalizeBridgeERC20(
        address token,
        address from,
        address to,
        uint256 amount,
        bytes calldata extraData
    ) external onlyOtherBridge nonReentrant {
        _release(token, amount);
        IERC20(token).safeTransfer(to, amount);
        if (to == fastExit) IFastExit(to).onBridged(token, amount, extraData);
        emit ERC20BridgeFinalized(token, l2TokenOf(token), from, to, amount, extraData);
    }

    function bridgeFee(address token, uint32 minGasLimit, uint256 extraDataLength)
        external
        view
        returns (uint256)
    {
        bytes memory extraData = new bytes(extraDataLength);
        if (token == ETHER) {
            return messenger.messageFee(
                abi.encodeCall(
                    IL2StandardBridge.finalizeBridgeETH, (address(0), address(0), 0, extraData)
                ).length,
                minGasLimit > FINALIZE_ETH_GAS ? minGasLimit : FINALIZE_ETH_GAS
            );
        }
        return messenger.messageFee(
            abi.encodeCall(
                IL2StandardBridge.finalizeBridgeERC20,
                (token, Metadata.read(token), address(0), address(0), 0, extraData)
            ).length,
            minGasLimit > FINALIZE_ERC20_GAS ? minGasLimit : FINALIZE_ERC20_GAS
        );
    }

    function l2TokenOf(address token) public pure returns (address) {
        return L2TokenAddress.compute(token);
    }

    function _check(address to, uint256 amount, bytes calldata extraData) private pure {
        require(amount != 0, NothingToBridge());
        require(to != address(0), BadRecipient(to));
        require(
            extraData.length <= MAX_EXTRA_DATA, ExtraDataTooLong(extraData.length, MAX_EXTRA_DATA)
        );
    }

    function _take(address token, uint256 amount) private returns (uint256 arrived) {
        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
        arrived = IERC20(token).balanceOf(address(this)) - before;
        require(arrived != 0, NothingToBridge());
        escrowed[token] += arrived;
    }

    function _release(address token, uint256 amount) private {
        RateLimiter.RefillingBucket storage limit = _limits[token];
        if (limit._window != 0) limit.consume(0, amount);
        escrowed[token] -= amount;
    }

    function _send(bytes memory message, uint32 minGasLimit, uint256 kept) private {
        uint256 due = kept + messenger.messageFee(message.length, minGasLimit);
        require(msg.value >= due, FeeNotPaid(due, msg.value));
        messenger.sendMessage{value: due - kept}(
            Predeploys.L2_STANDARD_BRIDGE, message, minGasLimit
        );
        Refund.surplus(msg.sender, msg.value, due);
    }
}
