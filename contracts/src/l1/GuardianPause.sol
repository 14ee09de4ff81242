// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IGuardianPause} from "../interfaces/IGuardianPause.sol";

/// The guardian stops finalising for a while; see IGuardianPause. Between the end of a pause and the
/// start of the next lies PAUSE_GAP, in which everything that is due can be finalised: a hostile
/// guardian delays exits, it cannot prevent them.
abstract contract GuardianPause is IGuardianPause {
    uint64 public constant MAX_PAUSE = 7 days;
    uint64 public constant PAUSE_GAP = 14 days;

    address public guardian;
    uint64 public pausedUntil;
    uint64 public nextPauseFrom;

    function _pauseOwner() internal view virtual returns (address);

    function paused() public view virtual returns (bool) {
        return block.timestamp < pausedUntil;
    }

    function pause(uint64 duration) external {
        require(msg.sender == guardian, NotGuardian(msg.sender));
        require(duration <= MAX_PAUSE, PauseTooLong(duration, MAX_PAUSE));
        require(block.timestamp >= nextPauseFrom, PauseTooSoon(nextPauseFrom));
        pausedUntil = uint64(block.timestamp) + duration;
        nextPauseFrom = pausedUntil + PAUSE_GAP;
        emit Paused(msg.sender, pausedUntil);
    }

    /// Ends a pause early. The gap keeps counting from where the pause would have ended.
    function unpause() external {
        require(msg.sender == guardian || msg.sender == _pauseOwner(), NotGuardian(msg.sender));
        pausedUntil = uint64(block.timestamp);
        emit Unpaused(msg.sender);
    }

    /// A new guardian inherits the gap of the old one.
    function _setGuardian(address guardian_) internal {
        guardian = guardian_;
        emit GuardianChanged(guardian_);
    }
}
