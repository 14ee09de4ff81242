#pragma once

// JSON of the chain's objects, field by field as the Ethereum JSON-RPC specification
// (ethereum/execution-apis) and geth write them. Pure: no look-ups.

#include "rpc/json_writer.hpp"
#include "sequencer/chain_reader.hpp"

namespace mega::rpc {

/// The block around a transaction, receipt or log.
struct Inclusion {
    Hash256 block_hash;
    uint64_t block_number = 0;
    uint64_t block_timestamp = 0;
    u256 base_fee_per_gas;
};
[[nodiscard]] Inclusion inclusion_of(const sequencer::BlockView& block);
[[nodiscard]] Inclusion inclusion_of(const sequencer::FoundTransaction& found);
[[nodiscard]] Inclusion inclusion_of(const sequencer::OpenBlock& block);
[[nodiscard]] Inclusion inclusion_of(const sequencer::SealedBlock& block);

void write_access_list(JsonWriter& out, const AccessList& list);

/// Without a block: what waits in the pool, block fields null.
void write_pending_transaction(JsonWriter& out, const SignedTransaction& tx);
void write_transaction(
    JsonWriter& out, const sequencer::ExecutedTransaction& executed, const Inclusion& block
);
void write_receipt(
    JsonWriter& out, const sequencer::ExecutedTransaction& executed, const Inclusion& block
);
/// executed.receipt.logs[index]; only hash, number and timestamp of `block` are looked at.
void write_log(
    JsonWriter& out,
    const sequencer::ExecutedTransaction& executed,
    size_t index,
    const Inclusion& block,
    bool is_removed = false
);
void write_log(JsonWriter& out, const sequencer::FoundLog& found, bool is_removed = false);

/// The header's fields inside an object that is open: what newHeads and blocks share.
void write_header_fields(JsonWriter& out, const BlockHeader& header, const Hash256& hash);
[[nodiscard]] std::string header_json(const BlockHeader& header, const Hash256& hash);
/// The same of a whole block: header, size, transactions, uncles, withdrawals.
void write_block_fields(JsonWriter& out, const sequencer::BlockView& block, bool with_transactions);
[[nodiscard]] std::string block_json(const sequencer::BlockView& block, bool with_transactions);

/// MegaETH's shape: snake_case, timestamps of mini-blocks in microseconds. `block` is the block
/// that the mini-block is part of, open or sealed.
[[nodiscard]] std::string mini_block_json(
    const sequencer::MiniBlock& mini_block, const Inclusion& block
);

/// As it travels: header, envelopes, withdrawals.
[[nodiscard]] Bytes encode_block(const sequencer::BlockView& block);

}  // namespace mega::rpc
