#include "rpc/format.hpp"

namespace mega::rpc {
namespace {

void write_authorization(JsonWriter& out, const Authorization& authorization) {
    out.begin_object()
        .field_quantity("chainId", authorization.chain_id)
        .field("address", authorization.address)
        .field_quantity("nonce", authorization.nonce)
        .field_quantity("yParity", authorization.y_parity)
        .field_quantity("r", authorization.r)
        .field_quantity("s", authorization.s)
        .end_object();
}

/// The block fields of a transaction, each null without a block.
void write_place(JsonWriter& out, const Inclusion* block, uint64_t index) {
    if (block == nullptr) {
        out.field_null("blockHash")
            .field_null("blockNumber")
            .field_null("blockTimestamp")
            .field_null("transactionIndex");
        return;
    }
    out.field("blockHash", block->block_hash)
        .field_quantity("blockNumber", block->block_number)
        .field_quantity("blockTimestamp", block->block_timestamp)
        .field_quantity("transactionIndex", index);
}

void write_to(JsonWriter& out, const Transaction& tx) {
    if (tx.to) {
        out.field("to", *tx.to);
    } else {
        out.field_null("to");
    }
}

/// What types 1 and up have beside the fields of all.
void write_typed_fields(JsonWriter& out, const Transaction& tx) {
    if (tx.type == TxType::legacy || tx.type == TxType::deposit) {
        return;
    }
    if (tx.type != TxType::access_list) {
        out.field_quantity("maxFeePerGas", tx.max_fee_per_gas)
            .field_quantity("maxPriorityFeePerGas", tx.max_priority_fee_per_gas);
    }
    if (tx.type == TxType::blob) {
        out.field_quantity("maxFeePerBlobGas", tx.max_fee_per_blob_gas)
            .key("blobVersionedHashes")
            .begin_array();
        for (const Hash256& hash : tx.blob_versioned_hashes) {
            out.data(hash);
        }
        out.end_array();
    }
    out.key("accessList");
    write_access_list(out, tx.access_list);
    if (tx.type == TxType::set_code) {
        out.key("authorizationList").begin_array();
        for (const Authorization& authorization : tx.authorization_list) {
            write_authorization(out, authorization);
        }
        out.end_array();
    }
}

/// EIP-155: v holds the chain id in legacy transactions; before it, 27 or 28.
u256 v_of(const Transaction& tx) {
    const u256 y_parity = tx.signature.y_parity;
    if (tx.type != TxType::legacy) {
        return y_parity;
    }
    return tx.chain_id ? u256{*tx.chain_id} * u256{2} + u256{35} + y_parity : u256{27} + y_parity;
}

void write_signature(JsonWriter& out, const Transaction& tx) {
    if (tx.type == TxType::deposit) {
        // Clients expect the fields; a deposit has no signature.
        out.field("sourceHash", tx.source_hash)
            .field_quantity("mint", tx.mint)
            .field_boolean("isSystemTx", false)
            .field_quantity("v", uint64_t{0})
            .field_quantity("r", uint64_t{0})
            .field_quantity("s", uint64_t{0});
        return;
    }
    if (tx.chain_id) {
        out.field_quantity("chainId", *tx.chain_id);
    }
    out.field_quantity("v", v_of(tx))
        .field_quantity("r", to_u256(tx.signature.r))
        .field_quantity("s", to_u256(tx.signature.s));
    if (tx.type != TxType::legacy) {
        out.field_quantity("yParity", uint64_t{tx.signature.y_parity});
    }
}

/// `nonce` and `gas_price` apart, because a transaction itself does not always know them.
void write_fields(
    JsonWriter& out,
    const SignedTransaction& signed_tx,
    const u256& gas_price,
    const Inclusion* block,
    uint64_t index
) {
    const Transaction& tx = signed_tx.tx;
    out.begin_object();
    write_place(out, block, index);
    out.field("hash", signed_tx.hash)
        .field("from", signed_tx.sender)
        .field_quantity("nonce", tx.nonce)
        .field_quantity("gas", tx.gas_limit)
        .field_quantity("gasPrice", gas_price)
        .field("input", tx.data)
        .field_quantity("value", tx.value)
        .field_quantity("type", static_cast<uint64_t>(tx.type));
    write_to(out, tx);
    write_typed_fields(out, tx);
    write_signature(out, tx);
    out.end_object();
}

}  // namespace

Inclusion inclusion_of(const sequencer::BlockView& block) {
    return {
        .block_hash = block.hash,
        .block_number = block.header.number,
        .block_timestamp = block.header.timestamp,
        .base_fee_per_gas = block.header.base_fee_per_gas.value_or(u256{})
    };
}

Inclusion inclusion_of(const sequencer::FoundTransaction& found) {
    return {
        .block_hash = found.block_hash,
        .block_number = found.executed->block_number,
        .block_timestamp = found.block_timestamp,
        .base_fee_per_gas = found.base_fee_per_gas
    };
}

Inclusion inclusion_of(const sequencer::OpenBlock& block) {
    const BlockHeader& header = block.opening_header();
    return {
        .block_hash = block.name(),
        .block_number = header.number,
        .block_timestamp = header.timestamp,
        .base_fee_per_gas = header.base_fee_per_gas.value_or(u256{})
    };
}

Inclusion inclusion_of(const sequencer::SealedBlock& block) {
    return {
        .block_hash = block.hash,
        .block_number = block.header.number,
        .block_timestamp = block.header.timestamp,
        .base_fee_per_gas = block.header.base_fee_per_gas.value_or(u256{})
    };
}

void write_access_list(JsonWriter& out, const AccessList& list) {
    out.begin_array();
    for (const AccessListEntry& entry : list) {
        out.begin_object().field("address", entry.address).key("storageKeys").begin_array();
        for (const Hash256& key : entry.storage_keys) {
            out.data(key);
        }
        out.end_array().end_object();
    }
    out.end_array();
}

void write_pending_transaction(JsonWriter& out, const SignedTransaction& tx) {
    write_fields(out, tx, tx.tx.max_fee_per_gas, nullptr, 0);
}

void write_transaction(
    JsonWriter& out, const sequencer::ExecutedTransaction& executed, const Inclusion& block
) {
    write_fields(out, *executed.tx, executed.effective_gas_price, &block, executed.index);
}

void write_receipt(
    JsonWriter& out, const sequencer::ExecutedTransaction& executed, const Inclusion& block
) {
    const Receipt& receipt = executed.receipt;
    out.begin_object()
        .field("transactionHash", executed.tx->hash)
        .field_quantity("transactionIndex", uint64_t{executed.index})
        .field("blockHash", block.block_hash)
        .field_quantity("blockNumber", block.block_number)
        .field("from", executed.tx->sender);
    write_to(out, executed.tx->tx);
    if (executed.created) {
        out.field("contractAddress", *executed.created);
    } else {
        out.field_null("contractAddress");
    }
    out.field_quantity("gasUsed", executed.gas_used)
        .field_quantity("cumulativeGasUsed", receipt.cumulative_gas_used)
        .field_quantity("effectiveGasPrice", executed.effective_gas_price)
        .field_quantity("type", static_cast<uint64_t>(receipt.type));
    if (receipt.post_state) {
        out.field("root", *receipt.post_state);
    } else {
        out.field_quantity("status", uint64_t{receipt.status});
    }
    out.field("logsBloom", receipt.bloom).key("logs").begin_array();
    for (size_t i = 0; i < receipt.logs.size(); ++i) {
        write_log(out, executed, i, block);
    }
    out.end_array().end_object();
}

void write_log(
    JsonWriter& out,
    const sequencer::ExecutedTransaction& executed,
    size_t index,
    const Inclusion& block,
    bool is_removed
) {
    const Log& log = executed.receipt.logs[index];
    out.begin_object().field("address", log.address).key("topics").begin_array();
    for (const Hash256& topic : log.topics) {
        out.data(topic);
    }
    out.end_array()
        .field("data", log.data)
        .field_quantity("blockNumber", block.block_number)
        .field("transactionHash", executed.tx->hash)
        .field_quantity("transactionIndex", uint64_t{executed.index})
        .field("blockHash", block.block_hash)
        .field_quantity("blockTimestamp", block.block_timestamp)
        .field_quantity("logIndex", executed.first_log_index + index)
        .field_boolean("removed", is_removed)
        .end_object();
}

void write_log(JsonWriter& out, const sequencer::FoundLog& found, bool is_removed) {
    const Inclusion block{
        .block_hash = found.block_hash,
        .block_number = found.executed->block_number,
        .block_timestamp = found.block_timestamp,
        .base_fee_per_gas = {}
    };
    write_log(
        out, *found.executed, found.log_index - found.executed->first_log_index, block, is_removed
    );
}

}  // namespace mega::rpc
