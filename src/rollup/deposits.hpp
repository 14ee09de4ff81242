#pragma once

// Deposits and forced transactions: how an entry of the queue, and what a block says of L1, become
// transactions of an L2 block.
//
//   deposit        0x7e ‖ rlp([source_hash, from, to, mint, value, gas_limit, data])
//   source hash    keccak256(abi.encode(keccak256("mega.deposit"), l2 chain id, queue, index))
//   L1 attributes  the same form; source hash =
//                  keccak256(abi.encode(keccak256("mega.l1-attributes"), l2 chain id,
//                                       l1 block hash, l2 block number))
//   alias          address of a contract on L1 + 0x1111000000000000000000000000000000001111
//   rolling hash   r[0] = 0, r[i + 1] = keccak256(r[i] ‖ u8(kind) ‖ keccak256(envelope))

#include "rollup/l1.hpp"

#include <span>

namespace mega::rollup {

inline constexpr Address l1_attributes_sender{{0xde, 0xad, 0xde, 0xad, 0xde, 0xad, 0xde,
                                               0xad, 0xde, 0xad, 0xde, 0xad, 0xde, 0xad,
                                               0xde, 0xad, 0xde, 0xad, 0x00, 0x01}};
/// Predeploy L1Block.
inline constexpr Address l1_block_address{{0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                           0,    0, 0, 0, 0, 0, 0, 0, 0, 0x15}};
inline constexpr uint64_t l1_attributes_gas = 1'000'000;
/// Of one transaction (EIP-7825): a forced transaction that asks for more is never executed.
inline constexpr uint64_t max_transaction_gas = 16'777'216;

[[nodiscard]] Address alias_of(const Address& l1_contract);
[[nodiscard]] Hash256 deposit_source_hash(
    uint64_t l2_chain_id, const Address& deposit_queue, uint64_t index
);
[[nodiscard]] Hash256 next_rolling_hash(const Hash256& before, EntryKind kind, BytesView envelope);

/// The deposit that tells `L1Block` what block `l2_block_number` has seen of L1.
[[nodiscard]] Transaction l1_attributes_deposit(
    uint64_t l2_chain_id, uint64_t l2_block_number, const L1Position& position
);
/// What such a deposit says; nothing when `tx` is none.
[[nodiscard]] std::optional<L1Position> read_l1_attributes(const Transaction& tx);
/// True when the block after one at `before` begins with L1 attributes.
[[nodiscard]] inline bool needs_l1_attributes(const L1Position& before, const L1Position& after) {
    return before.origin.number != after.origin.number || before.cursor != after.cursor;
}

/// The entry as a transaction with its sender; nothing when it can never be one: its envelope does
/// not decode, is of a type that its kind may not have, or bears no valid signature.
[[nodiscard]] std::optional<SignedTransaction> read_entry(const QueueEntry& entry);
/// What block `number` takes from L1, in order: the L1 attributes and those of `entries` that can
/// be transactions. Nothing when the position stays.
[[nodiscard]] std::vector<SignedTransaction> transactions_from_l1(
    uint64_t l2_chain_id,
    uint64_t number,
    const L1Position& before,
    const L1Position& after,
    std::span<const QueueEntry> entries
);
/// Gas that the entry takes of the room of a block; 0 when it can never be executed.
[[nodiscard]] uint64_t gas_of(const QueueEntry& entry);

/// How many of `entries`, from the front, fit a block of `gas_limit` together with the L1
/// attributes.
[[nodiscard]] size_t count_fitting(std::span<const QueueEntry> entries, uint64_t gas_limit);

}  // namespace mega::rollup
