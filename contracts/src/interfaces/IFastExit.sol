// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {WithdrawalTransaction} from "../common/Types.sol";

/// A liquidity provider pays a withdrawal at once, for a fee, and takes over the claim to it.
///
/// A withdrawal offers itself by naming this contract as its recipient and carrying an Order: MEGA in
/// its data, abi.encodeCall(onWithdrawal, (order)); ether and ERC-20s in the bridge's extraData,
/// abi.encode(order).
interface IFastExit {
    struct Order {
        address recipient;
        uint256 fee; // what the provider keeps, in the token withdrawn
        uint64 deadline; // no provider may fill from it on (seconds); 0: never
    }

    event Filled(
        bytes32 indexed id,
        address indexed provider,
        address indexed recipient,
        address token,
        uint256 paid,
        uint256 fee
    );
    event Settled(bytes32 indexed id, address indexed to, address token, uint256 amount);

    error NotForFastExit();
    error AlreadyFilled(bytes32 id, address provider);
    error AlreadySettled(bytes32 id);
    error NotFinalized(bytes32 id);
    error OrderExpired(uint64 deadline);
    error FeeTooHigh(uint256 fee, uint256 amount);
    error WrongValue(uint256 given, uint256 due);
    error NotPortal();
    error NotBridge();
    error TransferFailed(address to);

    /// Pays a withdrawal of MEGA. The caller has to know that it exists on L2: one that does not
    /// never pays back.
    function fillWithdrawal(WithdrawalTransaction calldata withdrawal) external;
    /// Pays a withdrawal over the bridges: the L2Messenger's `message` to the L1StandardBridge.
    /// Ether: msg.value = amount - fee.
    function fillMessage(uint256 nonce, uint256 minGasLimit, bytes calldata message)
        external
        payable;
    /// Pays out a finalised withdrawal of MEGA whose call to onWithdrawal did not succeed.
    function settleWithdrawal(WithdrawalTransaction calldata withdrawal) external;
    function onWithdrawal(Order calldata order) external;
    function onBridged(address token, uint256 amount, bytes calldata extraData) external payable;
    function provider(bytes32 id) external view returns (address);
    function settled(bytes32 id) external view returns (bool);
}
