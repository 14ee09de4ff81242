// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Memory} from "@openzeppelin/contracts/utils/Memory.sol";
import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";
import {Refund} from "../common/Refund.sol";
import {IBatchInbox} from "../interfaces/IBatchInbox.sol";
import {IDepositQueue} from "../interfaces/IDepositQueue.sol";
import {IForcedInclusion} from "../interfaces/IForcedInclusion.sol";
import {ISystemConfig} from "../interfaces/ISystemConfig.sol";
import {Configured} from "./Configured.sol";

/// Puts signed L2 transactions into the DepositQueue. The fee grows with what waits there: who wants
/// to keep others out by filling the queue pays more for every entry.
///
/// The gas limit is read out of the envelope, since L1 has to know how many entries fit a forced
/// batch. Signature, nonce and balance are not looked at: L2 skips what it cannot execute.
contract ForcedInclusion is IForcedInclusion, Configured {
    using Memory for *;
    using RLP for *;

    /// So many waiting entries double the fee.
    uint256 public constant FEE_STEP = 16;

    IDepositQueue public queue;
    IBatchInbox public inbox;

    function initialize(ISystemConfig config_, IDepositQueue queue_, IBatchInbox inbox_)
        external
        initializer
    {
        _setConfig(config_);
        queue = queue_;
        inbox = inbox_;
    }

    function forceTransaction(bytes calldata envelope) external payable returns (uint64 index) {
        uint64 gasLimit = gasLimitOf(envelope);
        uint256 due = fee(gasLimit);
        require(msg.value >= due, IDepositQueue.FeeNotPaid(due, msg.value));
        index = queue.appendForced{value: due}(msg.sender, envelope, gasLimit);
        Refund.surplus(msg.sender, msg.value, due);
    }

    function fee(uint64 gasLimit) public view returns (uint256) {
        uint256 waiting = queue.length() - inbox.depositCursor();
        uint256 base = config.depositMarket().forcedFee;
        return base + base * waiting / FEE_STEP + queue.fee(gasLimit);
    }

    function gasLimitOf(bytes calldata envelope) public pure returns (uint64) {
        require(envelope.length > 1, NotATransaction());
        uint8 first = uint8(envelope[0]);
        // A list is a legacy transaction; otherwise the first byte is the type (EIP-2718).
        uint256 fields;
        uint256 position;
        if (first >= 0xc0) (fields, position) = (9, 2);
        else if (first == 1) (fields, position) = (11, 3);
        else if (first == 2) (fields, position) = (12, 4);
        else if (first == 4) (fields, position) = (13, 4);
        else revert TypeNotAllowed(first);
        Memory.Slice[] memory list =
            RLP.decodeList(first >= 0xc0 ? bytes(envelope) : bytes(envelope[1:]));
        require(list.length == fields, NotATransaction());
        uint256 gasLimit = list[position].readUint256();
        require(gasLimit <= type(uint64).max, NotATransaction());
        return uint64(gasLimit);
    }
}
