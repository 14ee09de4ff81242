#include "replay/block_json.hpp"

namespace mega::replay {
namespace {

AccessList read_access_list(const Fields& tx) {
    AccessList list;
    if (!tx.has("accessList")) {
        return list;
    }
    tx.each("accessList", [&](const Fields& entry) {
        AccessListEntry read{.address = entry.address("address")};
        entry.each("storageKeys", [&](const Fields& key) {
            read.storage_keys.push_back(key.as_hash());
        });
        list.push_back(std::move(read));
    });
    return list;
}

std::vector<Authorization> read_authorizations(const Fields& tx) {
    std::vector<Authorization> list;
    tx.each("authorizationList", [&](const Fields& entry) {
        list.push_back({
            .chain_id = entry.word("chainId"),
            .address = entry.address("address"),
            .nonce = entry.u64("nonce"),
            .y_parity = entry.word(entry.has("yParity") ? "yParity" : "v"),
            .r = entry.word("r"),
            .s = entry.word("s"),
        });
    });
    return list;
}

TxType read_type(const Fields& fields) {
    if (!fields.has("type")) {
        return TxType::legacy;
    }
    const uint64_t type = fields.u64("type");
    if (type > 4 && type != static_cast<uint64_t>(TxType::deposit)) {
        fields.note("unknown transaction type " + std::to_string(type));
        return TxType::legacy;
    }
    return static_cast<TxType>(type);
}

/// v of a legacy transaction is 27 or 28, or 35 + 2 * chain id + parity (EIP-155).
void read_legacy_v(const Fields& fields, Transaction& tx) {
    const uint64_t v = fields.u64("v");
    if (v == 27 || v == 28) {
        tx.signature.y_parity = static_cast<uint8_t>(v - 27);
    } else if (v >= 35) {
        tx.chain_id = (v - 35) / 2;
        tx.signature.y_parity = static_cast<uint8_t>((v - 35) % 2);
    } else {
        fields.note("v: " + std::to_string(v) + " is not one of a legacy transaction");
    }
}

void read_signature(const Fields& fields, Transaction& tx) {
    tx.signature.r = fields.word("r").to_hash();
    tx.signature.s = fields.word("s").to_hash();
    if (tx.type == TxType::legacy) {
        read_legacy_v(fields, tx);
        return;
    }
    const uint64_t parity = fields.u64(fields.has("yParity") ? "yParity" : "v");
    if (parity > 1) {
        fields.note("yParity: neither 0 nor 1");
    }
    tx.signature.y_parity = static_cast<uint8_t>(parity & 1);
    tx.chain_id = fields.u64("chainId");
}

void read_fees(const Fields& fields, Transaction& tx) {
    if (tx.type == TxType::legacy || tx.type == TxType::access_list) {
        tx.max_fee_per_gas = tx.max_priority_fee_per_gas = fields.word("gasPrice");
        return;
    }
    tx.max_fee_per_gas = fields.word("maxFeePerGas");
    tx.max_priority_fee_per_gas = fields.word("maxPriorityFeePerGas");
}

void read_blobs(const Fields& fields, Transaction& tx) {
    tx.max_fee_per_blob_gas = fields.word("maxFeePerBlobGas");
    fields.each("blobVersionedHashes", [&](const Fields& hash) {
        tx.blob_versioned_hashes.push_back(hash.as_hash());
    });
}

Transaction read_deposit(const Fields& fields) {
    Transaction tx;
    tx.type = TxType::deposit;
    tx.source_hash = fields.hash("sourceHash");
    tx.from = fields.address("from");
    tx.mint = fields.word("mint");
    tx.value = fields.word("value");
    tx.gas_limit = fields.u64("gas");
    tx.data = fields.data("input");
    if (fields.has("to")) {
        tx.to = fields.address("to");
    }
    return tx;
}

Transaction read_transaction(const Fields& fields) {
    Transaction tx;
    tx.type = read_type(fields);
    if (tx.type == TxType::deposit) {
        return read_deposit(fields);
    }
    tx.nonce = fields.u64("nonce");
    tx.gas_limit = fields.u64("gas");
    tx.value = fields.word("value");
    tx.data = fields.data(fields.has("input") ? "input" : "data");
    if (fields.has("to")) {
        tx.to = fields.address("to");
    }
    read_fees(fields, tx);
    read_signature(fields, tx);
    if (tx.type != TxType::legacy) {
        tx.access_list = read_access_list(fields);
    }
    if (tx.type == TxType::blob) {
        read_blobs(fields, tx);
    }
    if (tx.type == TxType::set_code) {
        tx.authorization_list = read_authorizations(fields);
    }
    return tx;
}

/// High s is let through here: before Homestead it was as good as low (EIP-2). Whether it may stand
/// in its block is checked with the rest of the block.
std::optional<Address> sender_of(const Transaction& tx) {
    if (tx.type == TxType::deposit) {
        return tx.from;
    }
    return crypto::recover_address(signing_hash(tx), tx.signature);
}

void read_transaction_into(const Fields& fields, ReplayBlock& block) {
    if (!fields.value().is_object()) {
        fields.note("only a hash; whole transactions are needed");
        return;
    }
    SignedTransaction tx{.tx = read_transaction(fields)};
    ClaimedTransaction claimed;
    if (fields.has("hash")) {
        claimed.hash = fields.hash("hash");
    }
    if (fields.has("from")) {
        claimed.sender = fields.address("from");
    }
    tx.raw = encode(tx.tx);
    tx.hash = transaction_hash(tx.raw);
    const auto sender = sender_of(tx.tx);
    if (!sender) {
        fields.note("its signature is of nobody");
        return;
    }
    tx.sender = *sender;
    block.transactions.push_back(std::move(tx));
    block.claimed.push_back(claimed);
}

RecordedReceipt read_receipt(const Fields& fields) {
    RecordedReceipt receipt;
    if (fields.has("status")) {
        receipt.status = fields.u64("status") == 1;
    }
    receipt.gas_used = fields.u64("gasUsed");
    receipt.cumulative_gas_used = fields.u64("cumulativeGasUsed");
    fields.each("logs", [&](const Fields& log) {
        Log read{.address = log.address("address")};
        log.each("topics", [&](const Fields& topic) {
            if (read.topics.size() == Topics::most) {
                log.note("more than 4 topics");
                return;
            }
            read.topics.push_back(topic.as_hash());
        });
        read.data = log.data("data");
        receipt.logs.push_back(std::move(read));
    });
    if (fields.has("logsBloom")) {
        receipt.bloom = fields.fixed<256>("logsBloom");
    }
    if (fields.has("contractAddress")) {
        receipt.contract_address = fields.address("contractAddress");
    }
    if (fields.has("effectiveGasPrice")) {
        receipt.effective_gas_price = fields.word("effectiveGasPrice");
    }
    return receipt;
}

void read_later_header_fields(const Fields& fields, BlockHeader& header) {
    if (fields.has("baseFeePerGas")) {
        header.base_fee_per_gas = fields.word("baseFeePerGas");
    }
    if (fields.has("withdrawalsRoot")) {
        header.withdrawals_root = fields.hash("withdrawalsRoot");
    }
    if (fields.has("blobGasUsed")) {
        header.blob_gas_used = fields.u64("blobGasUsed");
    }
    if (fields.has("excessBlobGas")) {
        header.excess_blob_gas = fields.u64("excessBlobGas");
    }
    if (fields.has("parentBeaconBlockRoot")) {
        header.parent_beacon_block_root = fields.hash("parentBeaconBlockRoot");
    }
    if (fields.has("requestsHash")) {
        header.requests_hash = fields.hash("requestsHash");
    }
}

}  // namespace

BlockHeader read_header(const Fields& fields) {
    BlockHeader header;
    header.parent_hash = fields.hash("parentHash");
    header.ommers_hash = fields.hash("sha3Uncles");
    header.beneficiary = fields.address("miner");
    header.state_root = fields.hash("stateRoot");
    header.transactions_root = fields.hash("transactionsRoot");
    header.receipts_root = fields.hash("receiptsRoot");
    header.logs_bloom = fields.fixed<256>("logsBloom");
    header.difficulty = fields.word("difficulty");
    header.number = fields.u64("number");
    header.gas_limit = fields.u64("gasLimit");
    header.gas_used = fields.u64("gasUsed");
    header.timestamp = fields.u64("timestamp");
    header.extra_data = fields.data("extraData");
    header.prev_randao = fields.hash("mixHash");
    header.nonce = fields.fixed<8>("nonce");
    read_later_header_fields(fields, header);
    return header;
}

Result<ReplayBlock> read_block(const json& value) {
    Problem problem;
    const Fields fields{value, "block", problem};
    ReplayBlock block;
    block.header = read_header(fields);
    if (fields.has("hash")) {
        block.claimed_hash = fields.hash("hash");
    }
    fields.each("transactions", [&](const Fields& tx) {
        if (block.transactions.size() == max_transactions) {
            tx.note("too many");
            return;
        }
        read_transaction_into(tx, block);
    });
    if (fields.has("uncles")) {
        fields.each("uncles", [&](const Fields&) { ++block.ommer_count; });
    }
    if (fields.has("withdrawals")) {
        fields.each("withdrawals", [&](const Fields& withdrawal) {
            block.withdrawals.push_back({
                .index = withdrawal.u64("index"),
                .validator_index = withdrawal.u64("validatorIndex"),
                .address = withdrawal.address("address"),
                .amount_gwei = withdrawal.u64("amount"),
            });
        });
    }
    if (problem.is_noted()) {
        return problem.error();
    }
    return block;
}

Result<std::vector<RecordedReceipt>> read_receipts(const json& value) {
    Problem problem;
    std::vector<RecordedReceipt> receipts;
    const json wrapped{{"receipts", value}};
    Fields{wrapped, "answer", problem}.each("receipts", [&](const Fields& receipt) {
        receipts.push_back(read_receipt(receipt));
    });
    if (problem.is_noted()) {
        return problem.error();
    }
    return receipts;
}

const json& unwrapped(const json& answer) {
    if (answer.is_object() && answer.contains("result") && answer.contains("jsonrpc")) {
        return answer["result"];
    }
    return answer;
}

}  // namespace mega::replay
