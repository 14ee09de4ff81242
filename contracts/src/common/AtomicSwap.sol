// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from
    "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IAtomicSwap} from "../interfaces/IAtomicSwap.sol";

/// Hash-time-locked payments; see IAtomicSwap. No constructor, no owner: the same code is deployed on
/// L1 and placed in the genesis of L2.
///
/// - A lock is paid exactly once: to the recipient before the deadline, to the sender from it on.
/// - The hash is SHA-256 because it is the one that all chains have: the same preimage opens a lock
///   here and in a Bitcoin script or a Lightning invoice, for some 100 gas more than keccak256.
/// - The preimage has 32 bytes exactly: a chain that limits its length could otherwise refuse the one
///   that another accepted.
/// - Terms are part of the id and are not stored: a lock takes one slot.
contract AtomicSwap is IAtomicSwap, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    address private constant NATIVE = address(0);
    uint64 public constant MAX_DURATION = 90 days;

    mapping(bytes32 id => Status) public status;

    function lock(Lock calldata l) external payable nonReentrant returns (bytes32 id) {
        require(l.sender == msg.sender, WrongSender(l.sender, msg.sender));
        require(l.recipient != address(0), NoRecipient());
        uint64 present = uint64(block.timestamp);
        require(
            present < l.deadline && l.deadline <= present + MAX_DURATION,
            WrongDeadline(l.deadline, present + 1, present + MAX_DURATION)
        );
        require(l.amount != 0, WrongAmount(0, 1));
        id = idOf(l);
        require(status[id] == Status.None, WrongStatus(id, status[id]));
        status[id] = Status.Open;
        emit Locked(id, l.sender, l.recipient, l.token, l.amount, l.hashLock, l.deadline);

        uint256 due = l.token == NATIVE ? l.amount : 0;
        require(msg.value == due, WrongAmount(msg.value, due));
        if (l.token != NATIVE) {
            IERC20 token = IERC20(l.token);
            uint256 before = token.balanceOf(address(this));
            token.safeTransferFrom(msg.sender, address(this), l.amount);
            uint256 arrived = token.balanceOf(address(this)) - before;
            require(arrived == l.amount, WrongAmount(arrived, l.amount));
        }
    }

    /// Anyone who knows the preimage may; the recipient gets the amount.
    function claim(Lock calldata l, bytes32 preimage) external nonReentrant {
        bytes32 id = _close(l, Status.Claimed);
        require(block.timestamp < l.deadline, DeadlinePassed(l.deadline));
        require(sha256(abi.encode(preimage)) == l.hashLock, WrongPreimage());
        emit Claimed(id, preimage);
        _pay(l.token, l.recipient, l.amount);
    }

    /// Anyone may; the sender gets the amount.
    function refund(Lock calldata l) external nonReentrant {
        bytes32 id = _close(l, Status.Refunded);
        require(block.timestamp >= l.deadline, DeadlineAhead(l.deadline));
        emit Refunded(id);
        _pay(l.token, l.sender, l.amount);
    }

    function idOf(Lock calldata l) public view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), l));
    }

    function _close(Lock calldata l, Status how) private returns (bytes32 id) {
        id = idOf(l);
        require(status[id] == Status.Open, WrongStatus(id, status[id]));
        status[id] = how;
    }

    function _pay(address token, address to, uint256 amount) private {
        if (token == NATIVE) {
            (bool success,) = to.call{value: amount}("");
            require(success, TransferFailed(to));
        } else {
            IERC20(token).safeTransfer(to, amount);
        }
    }
}
