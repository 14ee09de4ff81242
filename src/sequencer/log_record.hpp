#pragma once

// What the write-ahead log holds: the inputs of the chain in the order in which they took effect.
// Replaying the records on the last checkpoint gives the same state, because execution is
// deterministic and every time stamp is among the inputs.
//
//   record = kind u8 ‖ rlp([...fields in declaration order])

#include "base/result.hpp"
#include "rollup/l1.hpp"
#include "types/account.hpp"
#include "types/mini_block.hpp"
#include "types/transaction.hpp"

#include <variant>
#include <vector>

namespace mega::sequencer {

/// A block begins: everything about its header that execution can see. A second one for the same
/// number replaces an open block in which nothing happened.
struct OpenBlockRecord {
    uint64_t number = 0;
    uint64_t timestamp = 0;  // seconds
    uint64_t gas_limit = 0;
    Address beneficiary;
    Hash256 prev_randao;
    u256 base_fee_per_gas;
    /// How far into L1 the block sees; absent on a chain without L1. What the block takes from
    /// there is the BatchRecord that follows.
    std::optional<rollup::L1Position> l1{};
    friend bool operator==(const OpenBlockRecord&, const OpenBlockRecord&) = default;
};

/// Transactions executed one after the other, with the senders that were recovered (or, on a
/// development chain, impersonated).
struct BatchRecord {
    struct Item {
        Bytes raw;
        Address sender;
        friend bool operator==(const Item&, const Item&) = default;
    };
    std::vector<Item> items;
    friend bool operator==(const BatchRecord&, const BatchRecord&) = default;
};

/// What was executed since the last mini-block becomes one.
struct MiniBlockRecord {
    uint64_t timestamp_us = 0;
    friend bool operator==(const MiniBlockRecord&, const MiniBlockRecord&) = default;
};

/// The open block ended with this hash: replay that arrives elsewhere stops.
struct SealRecord {
    Hash256 hash;
    friend bool operator==(const SealRecord&, const SealRecord&) = default;
};

/// A transaction waits in the pool (its sender was told that it was accepted).
struct PooledRecord {
    Bytes raw;
    Address sender;
    friend bool operator==(const PooledRecord&, const PooledRecord&) = default;
};

/// It waits no more although it was not executed: replaced, evicted, expired, refused, dropped by
/// hand. Comes after the record of what replaced it.
struct DroppedRecord {
    Hash256 hash;
    friend bool operator==(const DroppedRecord&, const DroppedRecord&) = default;
};

/// Development chains: state set by hand (anvil_setBalance and its kin).
struct OverrideRecord {
    Address address;
    Account account;
    Bytes code;  // of account.code_hash, when that is not the empty one
    std::vector<std::pair<u256, u256>> slots;
    friend bool operator==(const OverrideRecord&, const OverrideRecord&) = default;
};

/// The chain goes back to the end of block `number` (evm_revert, reorganisations of L1, another
/// leader's branch). Of the last sealed block: the open one is given up.
struct RevertRecord {
    uint64_t number = 0;
    friend bool operator==(const RevertRecord&, const RevertRecord&) = default;
};

/// What was executed since the last mini-block is this one, which another sequencer signed.
struct SignedMiniBlockRecord {
    MiniBlockHeader header;
    friend bool operator==(const SignedMiniBlockRecord&, const SignedMiniBlockRecord&) = default;
};

using LogRecord = std::variant<
    OpenBlockRecord,
    BatchRecord,
    MiniBlockRecord,
    SealRecord,
    PooledRecord,
    OverrideRecord,
    RevertRecord,
    DroppedRecord,
    SignedMiniBlockRecord>;

[[nodiscard]] Bytes encode(const LogRecord& record);
[[nodiscard]] Result<LogRecord> decode_log_record(BytesView encoded);

}  // namespace mega::sequencer
