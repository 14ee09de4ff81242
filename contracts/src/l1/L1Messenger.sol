// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {CrossDomainMessenger} from "../common/CrossDomainMessenger.sol";
import {Predeploys} from "../common/Predeploys.sol";
import {Refund} from "../common/Refund.sol";
import {SafeCall} from "../common/SafeCall.sol";
import {IL1Messenger} from "../interfaces/IL1Messenger.sol";
import {IPortal} from "../interfaces/IPortal.sol";
import {ISystemConfig} from "../interfaces/ISystemConfig.sol";
import {Configured} from "./Configured.sol";

/// The messenger on L1. The value of messages is MEGA, an ERC-20 here: the Portal pays it to this
/// contract before it relays, and it goes on to the target in one step with the call, or not at all.
contract L1Messenger is IL1Messenger, CrossDomainMessenger, Configured {
    using SafeERC20 for IERC20;

    IPortal public portal;
    IERC20 public token;

    function initialize(ISystemConfig config_, IPortal portal_) external initializer {
        _setConfig(config_);
        portal = portal_;
        token = IERC20(portal_.token());
    }

    function sendMessage(address target, bytes calldata message, uint32 minGasLimit)
        external
        payable
    {
        _send(target, message, minGasLimit, 0);
    }

    function sendMessageWithValue(
        address target,
        bytes calldata message,
        uint32 minGasLimit,
        uint256 value
    ) external payable {
        _send(target, message, minGasLimit, value);
    }

    function messageFee(uint256 messageLength, uint32 minGasLimit)
        public
        view
        returns (uint256)
    {
        return portal.depositFee(baseGas(messageLength, minGasLimit));
    }

    function otherMessenger() external pure returns (address) {
        return Predeploys.L2_MESSENGER;
    }

    /// The second half of a delivery; undone as a whole when the target does not take it.
    function deliver(address target, uint256 value, uint256 minGasLimit, bytes calldata message)
        external
    {
        require(msg.sender == address(this), OnlySelf());
        token.safeTransfer(target, value);
        require(SafeCall.hasMinGas(minGasLimit, 0));
        require(SafeCall.call(target, gasleft(), 0, message));
    }

    function _send(address target, bytes calldata message, uint32 minGasLimit, uint256 value)
        private
    {
        // They would refuse the message on L2, where its value would be lost.
        require(
            target != Predeploys.L2_MESSENGER && target != Predeploys.MESSAGE_PASSER,
            BadTarget(target)
        );
        bytes memory relay = _seal(msg.sender, target, value, message, minGasLimit);
        _deposit(relay, baseGas(message.length, minGasLimit), value);
    }

    function _deposit(bytes memory relay, uint64 gasLimit, uint256 value) private {
        uint256 due = portal.depositFee(gasLimit);
        require(msg.value >= due, IPortal.FeeNotPaid(due, msg.value));
        if (value > 0) {
            token.safeTransferFrom(msg.sender, address(this), value);
            token.forceApprove(address(portal), value);
        }
        portal.depositTransaction{value: due}(
            Predeploys.L2_MESSENGER, value, value, gasLimit, false, relay
        );
        Refund.surplus(msg.sender, msg.value, due);
    }

    function _isOtherMessenger() internal view override returns (bool) {
        return msg.sender == address(portal) && portal.l2Sender() == Predeploys.L2_MESSENGER;
    }

    function _deliveredValue(uint256) internal pure override returns (uint256) {
        return 0; // came as tokens
    }

    function _isForbidden(address target) internal view override returns (bool) {
        return target == address(this) || target == address(portal) || target == address(token);
    }

    function _deliver(address target, uint256 value, uint256 minGasLimit, bytes calldata message)
        internal
        override
        returns (bool)
    {
        uint256 gas_ = gasleft() - RESERVED_GAS;
        if (value == 0) return SafeCall.call(target, gas_, 0, message);
        return SafeCall.call(
            address(this),
            gas_,
            0,
            abi.encodeCall(this.deliver, (target, value, minGasLimit, message))
        );
    }
}
