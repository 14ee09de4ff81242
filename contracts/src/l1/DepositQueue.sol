// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";
import {Hashing} from "../common/Hashing.sol";
import {Deposit} from "../common/Types.sol";
import {IDepositQueue} from "../interfaces/IDepositQueue.sol";
import {ISystemConfig} from "../interfaces/ISystemConfig.sol";
import {Configured} from "./Configured.sol";

/// The ordered list of what L1 puts into L2; docs/settlement.md draws envelopes and rolling hash.
///
/// - Appends only; an index, once given, never means anything else.
/// - Only registered senders append: they vouch for `from` and for MEGA in escrow behind `mint`.
/// - L2 gas has a price in ether: per L1 block at most `gasPerBlock` is sold, and the price moves by
///   up to 1/8 a block around a target of half of that, as base fees do (EIP-1559).
contract DepositQueue is IDepositQueue, Configured {
    using RLP for RLP.Encoder;

    uint8 public constant KIND_DEPOSIT = 0;
    uint8 public constant KIND_FORCED = 1;
    bytes1 public constant DEPOSIT_TYPE = 0x7e;
    uint256 public constant MAX_DATA_LENGTH = 120_000;
    uint64 public constant MAX_GAS_LIMIT = 16_777_216; // EIP-7825
    uint64 private constant MAX_GAS_PRICE = 1 ether;
    /// After so many L1 blocks without deposits any price has fallen to the minimum.
    uint256 private constant FALL_BLOCKS = 256;

    struct Entry {
        uint64 timestamp; // of the L1 block
        uint64 blockNumber;
        uint128 gasUpTo; // sum of the gas limits of all entries up to and including this one
    }

    // One slot, read and written by every append.
    uint64 public length;
    uint64 private _marketBlock; // of the last append
    uint64 private _marketGas; // sold in that block
    uint64 private _marketPrice; // wei per gas in that block

    mapping(uint64 index => Entry) private _entries;
    mapping(uint64 count => bytes32) public rollingHash;
    mapping(address => bool) public isSender;

    modifier onlySender() {
        require(isSender[msg.sender], NotSender(msg.sender));
        _;
    }

    function initialize(ISystemConfig config_) external initializer {
        _setConfig(config_);
    }

    function setSender(address sender, bool allowed) external onlyOwner {
        isSender[sender] = allowed;
        emit SenderChanged(sender, allowed);
    }

    /// Appends a deposit; msg.value is exactly `fee(gasLimit)`.
    function append(address from, Deposit calldata d)
        external
        payable
        onlySender
        returns (uint64 index)
    {
        require(d.data.length <= MAX_DATA_LENGTH, DataTooLong(d.data.length, MAX_DATA_LENGTH));
        uint64 least = minimumGas(d.data.length, d.isCreation);
        require(d.gasLimit >= least, GasLimitTooLow(d.gasLimit, least));

        index = length;
        bytes memory envelope = _envelope(index, from, d);
        bytes32 hash = _append(index, KIND_DEPOSIT, keccak256(envelope), d.gasLimit);
        emit DepositQueued(index, from, envelope, hash);
    }

    /// Appends a signed transaction; msg.value is at least `fee(gasLimit)`.
    function appendForced(address payer, bytes calldata envelope, uint64 gasLimit)
        external
        payable
        onlySender
        returns (uint64 index)
    {
        require(envelope.length <= MAX_DATA_LENGTH, DataTooLong(envelope.length, MAX_DATA_LENGTH));
        require(gasLimit >= 21_000, GasLimitTooLow(gasLimit, 21_000));
        index = length;
        bytes32 hash = _append(index, KIND_FORCED, keccak256(envelope), gasLimit);
        emit TransactionForced(index, payer, envelope, hash);
    }

    /// What was paid for gas goes to the fee vault; anyone may push it on.
    function collectFees() external {
        address vault = config.feeVault();
        (bool success,) = vault.call{value: address(this).balance}("");
        require(success);
    }

    /// 21,000 and the floor of calldata at its dearest (EIP-7623), so that an attempt is always
    /// valid; 32,000 more for a creation (EIP-2).
    function minimumGas(uint256 dataLength, bool isCreation) public pure returns (uint64) {
        return uint64(21_000 + 40 * dataLength + (isCreation ? 32_000 : 0));
    }

    function fee(uint64 gasLimit) external view returns (uint256) {
        return gasPrice() * gasLimit;
    }

    function gasPrice() public view returns (uint256 price) {
        (price,) = _market(config.depositMarket());
    }

    function entry(uint64 index) external view returns (uint64, uint64, uint128) {
        require(index < length, NoSuchEntry(index, length));
        Entry storage e = _entries[index];
        return (e.timestamp, e.blockNumber, e.gasUpTo);
    }

    function overdueCursor(uint64 from, uint64 timestamp) external view returns (uint64 cursor) {
        uint64 end = length;
        cursor = from;
        // Mostly nothing is overdue: one slot is read then.
        if (from >= end || _entries[from].timestamp > timestamp) return cursor;
        while (cursor < end) {
            uint64 middle = cursor + (end - cursor) / 2;
            if (_entries[middle].timestamp <= timestamp) cursor = middle + 1;
            else end = middle;
        }
    }

    function cursorWithin(uint64 from, uint128 gas, uint64 blockNumber)
        external
        view
        returns (uint64 cursor)
    {
        uint128 most = (from == 0 ? 0 : _entries[from - 1].gasUpTo) + gas;
        uint64 end = length;
        cursor = from;
        while (cursor < end) {
            uint64 middle = cursor + (end - cursor) / 2;
            Entry storage e = _entries[middle];
            if (e.gasUpTo <= most && e.blockNumber <= blockNumber) cursor = middle + 1;
            else end = middle;
        }
    }

    function _envelope(uint64 index, address from, Deposit calldata d)
        private
        view
        returns (bytes memory)
    {
        RLP.Encoder memory list = RLP.encoder();
        list.push(Hashing.sourceHash(config.l2ChainId(), address(this), index));
        list.push(from);
        list.push(d.isCreation ? bytes("") : abi.encodePacked(d.to));
        list.push(d.mint);
        list.push(d.value);
        list.push(uint256(d.gasLimit));
        list.push(d.data);
        return bytes.concat(DEPOSIT_TYPE, list.encode());
    }

    function _append(uint64 index, uint8 kind, bytes32 envelopeHash, uint64 gasLimit)
        private
        returns (bytes32 hash)
    {
        require(gasLimit <= MAX_GAS_LIMIT, GasLimitTooHigh(gasLimit, MAX_GAS_LIMIT));
        _sell(gasLimit);
        hash = Hashing.rolling(rollingHash[index], kind, envelopeHash);
        rollingHash[index + 1] = hash;
        _entries[index] = Entry({
            timestamp: uint64(block.timestamp),
            blockNumber: uint64(block.number),
            gasUpTo: (index == 0 ? 0 : _entries[index - 1].gasUpTo) + gasLimit
        });
        length = index + 1;
    }

    function _sell(uint64 gasLimit) private {
        ISystemConfig.DepositMarket memory m = config.depositMarket();
        (uint256 price, uint64 sold) = _market(m);
        uint64 left = sold < m.gasPerBlock ? m.gasPerBlock - sold : 0;
        require(gasLimit <= left, BlockGasExhausted(gasLimit, left));
        uint256 due = price * gasLimit;
        require(msg.value >= due, FeeNotPaid(due, msg.value));
        _marketBlock = uint64(block.number);
        _marketGas = sold + gasLimit;
        _marketPrice = uint64(price);
    }

    /// Price and gas sold in the current L1 block.
    function _market(ISystemConfig.DepositMarket memory m)
        private
        view
        returns (uint256 price, uint64 sold)
    {
        price = _marketPrice;
        uint256 elapsed = block.number - _marketBlock;
        if (elapsed == 0 && price != 0) return (price, _marketGas);
        if (elapsed > FALL_BLOCKS || price <= m.minGasPrice && _marketGas <= m.gasPerBlock / 2) {
            return (m.minGasPrice, 0);
        }
        // The block of the last append ...
        uint256 target = m.gasPerBlock / 2;
        if (_marketGas > target) {
            price += price * (_marketGas - target) / target / 8 + 1;
        } else {
            price -= price * (target - _marketGas) / target / 8;
        }
        // ... and the empty ones since.
        for (uint256 i = 1; i < elapsed && price > m.minGasPrice; ++i) {
            price -= price / 8 + (price < 8 ? 1 : 0);
        }
        if (price < m.minGasPrice) price = m.minGasPrice;
        if (price > MAX_GAS_PRICE) price = MAX_GAS_PRICE;
    }
}
