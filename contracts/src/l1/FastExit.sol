// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from
    "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Hashing} from "../common/Hashing.sol";
import {Predeploys} from "../common/Predeploys.sol";
import {WithdrawalTransaction} from "../common/Types.sol";
import {ICrossDomainMessenger} from "../interfaces/ICrossDomainMessenger.sol";
import {IFastExit} from "../interfaces/IFastExit.sol";
import {IL1StandardBridge} from "../interfaces/IL1StandardBridge.sol";
import {IPortal} from "../interfaces/IPortal.sol";

/// Withdrawals paid by liquidity providers; see IFastExit. Nobody owns it and it is not behind a
/// proxy. A withdrawal is named by its hash at the Portal, or at the messenger for the bridges: what
/// a provider fills is exactly what later settles, and amounts come from those hashes, never from
/// the order.
contract FastExit is IFastExit, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    address private constant ETHER = address(0);

    IPortal public immutable portal;
    ICrossDomainMessenger public immutable messenger;
    address public immutable bridge;
    address public immutable mega;

    mapping(bytes32 id => address) public provider;
    mapping(bytes32 id => bool) public settled;

    constructor(IPortal portal_, ICrossDomainMessenger messenger_, address bridge_) {
        portal = portal_;
        messenger = messenger_;
        bridge = bridge_;
        mega = portal_.token();
    }

    function fillWithdrawal(WithdrawalTransaction calldata w) external nonReentrant {
        Order memory order = _orderOf(w);
        _fill(Hashing.withdrawal(w), mega, w.value, order);
    }

    function fillMessage(uint256 nonce, uint256 minGasLimit, bytes calldata message)
        external
        payable
        nonReentrant
    {
        bytes32 id = Hashing.message(
            nonce, Predeploys.L2_STANDARD_BRIDGE, bridge, 0, minGasLimit, message
        );
        (address token, uint256 amount, Order memory order) = _orderIn(message);
        _fill(id, token, amount, order);
    }

    function onWithdrawal(Order calldata order) external nonReentrant {
        require(msg.sender == address(portal), NotPortal());
        _settle(portal.activeWithdrawal(), mega, portal.activeValue(), order.recipient);
    }

    function settleWithdrawal(WithdrawalTransaction calldata w) external nonReentrant {
        bytes32 id = Hashing.withdrawal(w);
        require(portal.finalizedWithdrawals(id), NotFinalized(id));
        _settle(id, mega, w.value, _orderOf(w).recipient);
    }

    function onBridged(address token, uint256 amount, bytes calldata extraData)
        external
        payable
        nonReentrant
    {
        require(msg.sender == bridge, NotBridge());
        Order memory order = abi.decode(extraData, (Order));
        _settle(messenger.activeMessage(), token, amount, order.recipient);
    }

    function _fill(bytes32 id, address token, uint256 amount, Order memory order) private {
        require(provider[id] == address(0), AlreadyFilled(id, provider[id]));
        require(!settled[id], AlreadySettled(id));
        // Finalised but its call failed: only settleWithdrawal is left.
        require(!portal.finalizedWithdrawals(id), AlreadySettled(id));
        require(block.timestamp < order.deadline, OrderExpired(order.deadline));
        require(order.fee <= amount, FeeTooHigh(order.fee, amount));
        uint256 due = amount - order.fee;
        provider[id] = msg.sender;
        emit Filled(id, msg.sender, order.recipient, token, due, order.fee);
        if (token == ETHER) {
            require(msg.value == due, WrongValue(msg.value, due));
            _send(ETHER, order.recipient, due);
        } else {
            require(msg.value == 0, WrongValue(msg.value, 0));
            IERC20(token).safeTransferFrom(msg.sender, order.recipient, due);
        }
    }

    function _settle(bytes32 id, address token, uint256 amount, address recipient) private {
        require(!settled[id], AlreadySettled(id));
        settled[id] = true;
        address to = provider[id];
        if (to == address(0)) to = recipient;
        emit Settled(id, to, token, amount);
        _send(token, to, amount);
    }

    function _send(address token, address to, uint256 amount) private {
        if (token == ETHER) {
            (bool success,) = to.call{value: amount}("");
            require(success, TransferFailed(to));
        } else {
            IERC20(token).safeTransfer(to, amount);
        }
    }

    function _orderOf(WithdrawalTransaction calldata w) private view returns (Order memory) {
        require(
            w.target == address(this) && w.data.length >= 4
                && bytes4(w.data[:4]) == this.onWithdrawal.selector,
            NotForFastExit()
        );
        return abi.decode(w.data[4:], (Order));
    }

    function _orderIn(bytes calldata message)
        private
        view
        returns (address token, uint256 amount, Order memory order)
    {
        require(message.length >= 4, NotForFastExit());
        bytes4 selector = bytes4(message[:4]);
        address to;
        bytes memory extraData;
        if (selector == IL1StandardBridge.finalizeBridgeETH.selector) {
            (, to, amount, extraData) =
                abi.decode(message[4:], (address, address, uint256, bytes));
        } else if (selector == IL1StandardBridge.finalizeBridgeERC20.selector) {
            (token,, to, amount, extraData) =
                abi.decode(message[4:], (address, address, address, uint256, bytes));
        } else {
            revert NotForFastExit();
        }
        require(to == address(this), NotForFastExit());
        order = abi.decode(extraData, (Order));
    }
}
