// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {AddressAlias} from "../common/AddressAlias.sol";
import {CrossDomainMessenger} from "../common/CrossDomainMessenger.sol";
import {Predeploys} from "../common/Predeploys.sol";
import {SafeCall} from "../common/SafeCall.sol";
import {IL2ToL1MessagePasser} from "../interfaces/IL2ToL1MessagePasser.sol";

/// The messenger on L2, a predeploy. The value of messages is MEGA, native here.
contract L2Messenger is CrossDomainMessenger {
    address public otherMessenger; // slot 3: L1Messenger, set by the genesis

    function sendMessage(address target, bytes calldata message, uint32 minGasLimit)
        external
        payable
    {
        uint64 gasLimit = baseGas(message.length, minGasLimit);
        IL2ToL1MessagePasser(Predeploys.MESSAGE_PASSER).initiateWithdrawal{value: msg.value}(
            otherMessenger, gasLimit, _seal(msg.sender, target, msg.value, message, minGasLimit)
        );
    }

    function _isOtherMessenger() internal view override returns (bool) {
        return AddressAlias.toL1(msg.sender) == otherMessenger;
    }

    function _deliveredValue(uint256 value) internal pure override returns (uint256) {
        return value;
    }

    /// The message passer would take a withdrawal for the messenger's own.
    function _isForbidden(address target) internal view override returns (bool) {
        return target == address(this) || target == Predeploys.MESSAGE_PASSER;
    }

    function _deliver(address target, uint256 value, uint256, bytes calldata message)
        internal
        override
        returns (bool)
    {
        return SafeCall.call(target, gasleft() - RESERVED_GAS, value, message);
    }
}
