#include "rpc/format.hpp"

namespace mega::rpc {
namespace {

size_t size_of_length(size_t length) {
    size_t bytes = 0;
    for (; length != 0; length >>= 8) {
        ++bytes;
    }
    return bytes;
}

/// A string or list of `payload` bytes with its RLP header (never a single byte here).
size_t rlp_size(size_t payload) {
    return payload < 56 ? 1 + payload : 1 + size_of_length(payload) + payload;
}

/// The length of encode_block(block), without building it: blocks are asked for often.
size_t encoded_size(const sequencer::BlockView& block) {
    size_t transactions = 0;
    for (const auto& executed : block.transactions) {
        const SignedTransaction& tx = *executed->tx;
        transactions += tx.tx.type == TxType::legacy ? tx.raw.size() : rlp_size(tx.raw.size());
    }
    const size_t no_ommers = 1;
    const size_t no_withdrawals = block.header.withdrawals_root ? 1 : 0;
    return rlp_size(
        encode(block.header).size() + rlp_size(transactions) + no_ommers + no_withdrawals
    );
}

void write_transactions(
    JsonWriter& out, const sequencer::BlockView& block, bool with_transactions
) {
    const Inclusion inclusion = inclusion_of(block);
    out.key("transactions").begin_array();
    for (const auto& executed : block.transactions) {
        if (with_transactions) {
            write_transaction(out, *executed, inclusion);
        } else {
            out.data(executed->tx->hash);
        }
    }
    out.end_array();
}

void write_mini_block_signature(JsonWriter& out, const crypto::Signature& signature) {
    out.key("signature")
        .begin_object()
        .field_quantity("r", to_u256(signature.r))
        .field_quantity("s", to_u256(signature.s))
        .field_quantity("yParity", uint64_t{signature.y_parity})
        .end_object();
}

}  // namespace

void write_header_fields(JsonWriter& out, const BlockHeader& header, const Hash256& hash) {
    out.field("hash", hash)
        .field("parentHash", header.parent_hash)
        .field("sha3Uncles", header.ommers_hash)
        .field("miner", header.beneficiary)
        .field("stateRoot", header.state_root)
        .field("transactionsRoot", header.transactions_root)
        .field("receiptsRoot", header.receipts_root)
        .field("logsBloom", header.logs_bloom)
        .field_quantity("difficulty", header.difficulty)
        .field_quantity("number", header.number)
        .field_quantity("gasLimit", header.gas_limit)
        .field_quantity("gasUsed", header.gas_used)
        .field_quantity("timestamp", header.timestamp)
        .field("extraData", header.extra_data)
        .field("mixHash", header.prev_randao)
        .field("nonce", header.nonce);
    if (header.base_fee_per_gas) {
        out.field_quantity("baseFeePerGas", *header.base_fee_per_gas);
    }
    if (header.withdrawals_root) {
        out.field("withdrawalsRoot", *header.withdrawals_root);
    }
    if (header.blob_gas_used) {
        out.field_quantity("blobGasUsed", *header.blob_gas_used);
    }
    if (header.excess_blob_gas) {
        out.field_quantity("excessBlobGas", *header.excess_blob_gas);
    }
    if (header.parent_beacon_block_root) {
        out.field("parentBeaconBlockRoot", *header.parent_beacon_block_root);
    }
    if (header.requests_hash) {
        out.field("requestsHash", *header.requests_hash);
    }
}

std::string header_json(const BlockHeader& header, const Hash256& hash) {
    JsonWriter out;
    out.begin_object();
    write_header_fields(out, header, hash);
    return out.end_object().take();
}

void write_block_fields(
    JsonWriter& out, const sequencer::BlockView& block, bool with_transactions
) {
    write_header_fields(out, block.header, block.hash);
    out.field_quantity("size", uint64_t{encoded_size(block)});
    write_transactions(out, block, with_transactions);
    out.key("uncles").begin_array().end_array();
    if (block.header.withdrawals_root) {
        out.key("withdrawals").begin_array().end_array();
    }
}

std::string block_json(const sequencer::BlockView& block, bool with_transactions) {
    JsonWriter out;
    out.begin_object();
    write_block_fields(out, block, with_transactions);
    return out.end_object().take();
}

std::string mini_block_json(const sequencer::MiniBlock& mini_block, const Inclusion& block) {
    const MiniBlockHeader& header = mini_block.header;
    JsonWriter out;
    out.begin_object()
        .field_quantity("block_number", header.block_number)
        .field_quantity("block_timestamp", header.block_timestamp)
        .field_quantity("index", header.index)
        .field_quantity("mini_block_number", header.mini_block_number)
        .field_quantity("mini_block_timestamp", header.timestamp_us)
        .field_quantity("gas_used", header.gas_used)
        .field("transaction_root", header.transaction_root)
        .field("receipt_root", header.receipt_root);
    write_mini_block_signature(out, header.signature);
    out.key("transactions").begin_array();
    for (const auto& executed : mini_block.transactions) {
        write_transaction(out, *executed, block);
    }
    out.end_array().key("receipts").begin_array();
    for (const auto& executed : mini_block.transactions) {
        write_receipt(out, *executed, block);
    }
    return out.end_array().end_object().take();
}

Bytes encode_block(const sequencer::BlockView& block) {
    Block whole;
    whole.header = block.header;
    for (const auto& executed : block.transactions) {
        whole.transactions.push_back(executed->tx->raw);
    }
    if (block.header.withdrawals_root) {
        whole.withdrawals.emplace();
    }
    return encode(whole);
}

}  // namespace mega::rpc
