#include "conformance/t8n_result.hpp"

#include "execution/checks.hpp"
#include "execution/host.hpp"
#include "trie/ordered_root.hpp"

namespace mega::conformance {

namespace {

json write_log(const Log& log, const T8nEnv& env, const json& receipt, size_t log_index) {
    json topics = json::array();
    for (const Hash256& topic : log.topics) {
        topics.push_back(to_hex(topic));
    }
    return {
        {"address", to_hex(log.address)},
        {"topics", topics},
        {"data", to_hex(log.data)},
        {"blockNumber", to_hex_quantity(env.header.number)},
        {"blockHash", to_hex(Hash256{})},
        {"transactionHash", receipt.at("transactionHash")},
        {"transactionIndex", receipt.at("transactionIndex")},
        {"logIndex", to_hex_quantity(log_index)},
        {"removed", false}
    };
}

json write_receipt(
    const T8nEnv& env, const execution::BlockEnv& block_env, const T8nBlock& block, size_t index
) {
    const Receipt& receipt = block.receipts[index];
    const execution::TxResult& result = block.results[index];
    const SignedTransaction& tx = block.included[index];
    json out{
        {"type", to_hex_quantity(static_cast<uint64_t>(receipt.type))},
        {"root", receipt.post_state ? to_hex(*receipt.post_state) : "0x"},
        {"status", to_hex_quantity(receipt.post_state ? 0 : uint64_t{receipt.status})},
        {"cumulativeGasUsed", to_hex_quantity(receipt.cumulative_gas_used)},
        {"logsBloom", to_hex(receipt.bloom)},
        {"transactionHash", to_hex(tx.hash)},
        {"contractAddress", to_hex(Address{})},
        {"gasUsed", to_hex_quantity(result.gas_used)},
        {"effectiveGasPrice", to_hex_quantity(result.effective_gas_price)},
        {"blockHash", to_hex(Hash256{})},
        {"blockNumber", to_hex_quantity(env.header.number)},
        {"transactionIndex", to_hex_quantity(uint64_t{index})}
    };
    if (!tx.tx.to) {
        out["contractAddress"] = to_hex(execution::create_address(tx.sender, tx.tx.nonce));
    }
    if (tx.tx.type == TxType::blob) {
        const uint64_t blobs = tx.tx.blob_versioned_hashes.size();
        out["blobGasUsed"] = to_hex_quantity(blobs * execution::gas_per_blob);
        out["blobGasPrice"] = to_hex_quantity(block_env.context.blob_base_fee);
    }
    return out;
}

json write_receipts(
    const T8nEnv& env, const execution::BlockEnv& block_env, const T8nBlock& block
) {
    json receipts = json::array();
    size_t log_index = 0;
    for (size_t i = 0; i < block.receipts.size(); ++i) {
        json receipt = write_receipt(env, block_env, block, i);
        json logs = json::array();
        for (const Log& log : block.receipts[i].logs) {
            logs.push_back(write_log(log, env, receipt, log_index++));
        }
        receipt["logs"] = std::move(logs);
        receipts.push_back(std::move(receipt));
    }
    return receipts;
}

Hash256 transactions_root(const T8nBlock& block) {
    std::vector<Bytes> envelopes;
    envelopes.reserve(block.included.size());
    for (const SignedTransaction& tx : block.included) {
        envelopes.push_back(tx.raw);
    }
    return trie::ordered_root(envelopes);
}

Hash256 logs_hash(const T8nBlock& block) {
    std::vector<Log> logs;
    for (const Receipt& receipt : block.receipts) {
        logs.insert(logs.end(), receipt.logs.begin(), receipt.logs.end());
    }
    return crypto::keccak256(encode(logs));
}

/// What the header gained with the forks after the merge.
void write_later_fields(json& out, const T8nEnv& env, const T8nBlock& block) {
    if (env.header.base_fee_per_gas) {
        out["currentBaseFee"] = to_hex_quantity(*env.header.base_fee_per_gas);
    }
    if (env.fork >= Fork::shanghai) {
        out["withdrawalsRoot"] = to_hex(execution::withdrawals_root(env.withdrawals));
    }
    if (env.fork >= Fork::cancun) {
        out["currentExcessBlobGas"] = to_hex_quantity(env.header.excess_blob_gas.value_or(0));
        out["blobGasUsed"] = to_hex_quantity(block.blobs * execution::gas_per_blob);
    }
    if (env.fork >= Fork::prague) {
        out["requestsHash"] = to_hex(execution::requests_hash(block.requests));
        json requests = json::array();
        for (const Bytes& request : block.requests) {
            requests.push_back(to_hex(request));
        }
        out["requests"] = std::move(requests);
    }
}

}  // namespace

json write_result(const T8nEnv& env, const execution::BlockEnv& block_env, const T8nBlock& block) {
    json out{
        {"stateRoot", to_hex(block.state_root)},
        {"txRoot", to_hex(transactions_root(block))},
        {"receiptsRoot", to_hex(execution::receipts_root(block.receipts))},
        {"logsHash", to_hex(logs_hash(block))},
        {"logsBloom", to_hex(block.bloom)},
        {"receipts", write_receipts(env, block_env, block)},
        {"gasUsed", to_hex_quantity(block.gas_used)},
        {"currentDifficulty", nullptr}
    };
    if (env.fork < Fork::paris) {
        out["currentDifficulty"] = to_hex_quantity(env.header.difficulty);
    }
    write_later_fields(out, env, block);
    if (!block.rejected.empty()) {
        json rejected = json::array();
        for (const T8nRejected& each : block.rejected) {
            rejected.push_back({{"index", each.index}, {"error", each.why}});
        }
        out["rejected"] = std::move(rejected);
    }
    return out;
}

json write_body(const T8nBlock& block) {
    rlp::Writer writer;
    const size_t list = writer.begin_list();
    for (const SignedTransaction& tx : block.included) {
        tx.tx.type == TxType::legacy ? writer.write_raw(tx.raw) : writer.write(BytesView{tx.raw});
    }
    writer.end_list(list);
    return to_hex(writer.view());
}

json write_alloc(const state::StateDiff& alloc) {
    std::map<Hash256, evm::CodePtr> codes;
    for (const state::CodeAdded& added : alloc.codes) {
        codes.emplace(added.code_hash, added.code);
    }
    json out = json::object();
    for (const state::AccountChange& change : alloc.accounts) {
        if (!change.after) {
            continue;
        }
        json& account = out[to_hex(change.address)];
        account["balance"] = to_hex_quantity(change.after->balance);
        if (change.after->nonce != 0) {
            account["nonce"] = to_hex_quantity(change.after->nonce);
        }
        if (change.after->has_code()) {
            account["code"] = to_hex(codes.at(change.after->code_hash)->bytes());
        }
    }
    for (const state::SlotChange& change : alloc.slots) {
        if (!change.after.is_zero()) {
            out[to_hex(change.address)]["storage"][to_hex(change.slot.to_hash())] =
                to_hex(change.after.to_hash());
        }
    }
    return out;
}

}  // namespace mega::conformance
