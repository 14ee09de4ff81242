// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Predeploys} from "../common/Predeploys.sol";
import {IL2ToL1MessagePasser} from "../interfaces/IL2ToL1MessagePasser.sol";

/// Collects fees on L2 and sends them to one address on L1; a predeploy. Anyone may push them on.
contract FeeVault {
    uint256 public constant MIN_WITHDRAWAL = 1 ether;
    uint256 private constant GAS_LIMIT = 100_000;

    address public recipient; // slot 0: an address on L1, set by the genesis

    event Withdrawn(address indexed recipient, uint256 amount);

    error NoRecipient();
    error TooLittle(uint256 balance, uint256 minimum);

    receive() external payable {}

    function withdraw() external {
        uint256 amount = address(this).balance;
        require(recipient != address(0), NoRecipient());
        require(amount >= MIN_WITHDRAWAL, TooLittle(amount, MIN_WITHDRAWAL));
        IL2ToL1MessagePasser(Predeploys.MESSAGE_PASSER).initiateWithdrawal{value: amount}(
            recipient, GAS_LIMIT, ""
        );
        emit Withdrawn(recipient, amount);
    }
}
