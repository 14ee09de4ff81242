// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// Says who may post batches. SystemConfig is one with a single address; a leader schedule of
/// stakers is another.
interface ISequencerRegistry {
    /// Whether `sequencer` may post a batch whose last block has `timestamp` (seconds).
    function isInCharge(address sequencer, uint64 timestamp) external view returns (bool);
}
