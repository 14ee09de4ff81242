// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Hashing} from "../common/Hashing.sol";
import {WithdrawalTransaction} from "../common/Types.sol";
import {IL2ToL1MessagePasser} from "../interfaces/IL2ToL1MessagePasser.sol";

/// Where messages leave L2; a predeploy. MEGA sent here ceases to exist on L2 at once.
contract L2ToL1MessagePasser is IL2ToL1MessagePasser {
    uint256 internal constant MESSAGE_VERSION = 1;
    uint256 internal constant RECEIVE_GAS_LIMIT = 100_000;
    /// A withdrawal has to fit an L1 transaction: 16,777,216 gas (EIP-7825) and 128 KB.
    uint256 public constant MAX_GAS_LIMIT = 11_000_000;
    uint256 public constant MAX_DATA_LENGTH = 100_000;

    mapping(bytes32 => bool) public sentMessages; // slot 0
    uint240 internal _nextNonce; // slot 1

    /// A plain payment withdraws to the sender's own address.
    receive() external payable {
        _initiate(msg.sender, RECEIVE_GAS_LIMIT, "");
    }

    function initiateWithdrawal(address target, uint256 gasLimit, bytes calldata data)
        external
        payable
    {
        _initiate(target, gasLimit, data);
    }

    function messageNonce() public view returns (uint256) {
        return MESSAGE_VERSION << 240 | _nextNonce;
    }

    function _initiate(address target, uint256 gasLimit, bytes memory data) private {
        require(gasLimit <= MAX_GAS_LIMIT, GasLimitTooHigh(gasLimit, MAX_GAS_LIMIT));
        require(data.length <= MAX_DATA_LENGTH, DataTooLong(data.length, MAX_DATA_LENGTH));
        uint256 nonce = messageNonce();
        bytes32 hash = Hashing.withdrawal(
            WithdrawalTransaction(nonce, msg.sender, target, msg.value, gasLimit, data)
        );
        sentMessages[hash] = true;
        ++_nextNonce;
        if (msg.value > 0) _burn(msg.value);
        emit MessagePassed(nonce, msg.sender, target, msg.value, gasLimit, data, hash);
    }

    /// Creates a contract with the value whose creation ends in SELFDESTRUCT to itself: as it was
    /// created in this transaction, it goes and the value with it (EIP-6780).
    function _burn(uint256 value) private {
        address grave;
        assembly ("memory-safe") {
            mstore(0, 0x30ff) // ADDRESS SELFDESTRUCT
            grave := create(value, 30, 2)
        }
        require(grave != address(0), BurnFailed());
    }
}
