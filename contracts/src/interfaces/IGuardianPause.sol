// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// An emergency brake on finalising: ends by itself, cannot be pulled again without a gap, and
/// moves no funds.
interface IGuardianPause {
    event GuardianChanged(address indexed guardian);
    event Paused(address indexed by, uint64 until);
    event Unpaused(address indexed by);

    error NotGuardian(address caller);
    error PauseTooLong(uint64 duration, uint64 limit);
    error PauseTooSoon(uint64 allowedFrom);

    function guardian() external view returns (address);
    function pausedUntil() external view returns (uint64);
    function nextPauseFrom() external view returns (uint64);
    function paused() external view returns (bool);
    function pause(uint64 duration) external;
    function unpause() external;
}
