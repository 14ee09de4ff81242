#include "rpc/format.hpp"

#include "rpc/execution_error.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <set>

namespace mega::rpc {
namespace {

using nlohmann::json;
using sequencer::ExecutedTransaction;

const crypto::SecretKey key = u256{1}.to_hash();

mempool::TxPtr signed_by_key(Transaction tx) {
    sign_transaction(tx, key);
    auto decoded = decode_signed_transaction(encode(tx));
    EXPECT_TRUE(decoded.has_value());
    return std::make_shared<const SignedTransaction>(std::move(*decoded));
}

Transaction transfer(TxType type) {
    Transaction tx;
    tx.type = type;
    tx.chain_id = 9;
    tx.nonce = 3;
    tx.gas_limit = 21000;
    tx.max_fee_per_gas = 100;
    tx.max_priority_fee_per_gas = type == TxType::legacy || type == TxType::access_list ? 100 : 2;
    tx.to = Address{};
    tx.value = 5;
    return tx;
}

/// Second in its block, with two logs that come after one of the first.
std::shared_ptr<ExecutedTransaction> executed(Transaction tx) {
    auto result = std::make_shared<ExecutedTransaction>();
    result->receipt.type = tx.type;
    result->tx = signed_by_key(std::move(tx));
    result->receipt.status = true;
    result->receipt.cumulative_gas_used = 42000;
    result->receipt.logs = {{Address{}, {Hash256{}}, Bytes{1}}, {Address{}, {}, {}}};
    result->gas_used = 21000;
    result->effective_gas_price = 12;
    result->block_number = 7;
    result->index = 1;
    result->first_log_index = 1;
    return result;
}

Inclusion block_seven() {
    return {
        .block_hash = u256{0xb}.to_hash(),
        .block_number = 7,
        .block_timestamp = 70,
        .base_fee_per_gas = 10
    };
}

json transaction_json(const ExecutedTransaction& tx) {
    JsonWriter out;
    write_transaction(out, tx, block_seven());
    return json::parse(out.text());
}

json receipt_json(const ExecutedTransaction& tx) {
    JsonWriter out;
    write_receipt(out, tx, block_seven());
    return json::parse(out.text());
}

std::set<std::string> keys_of(const json& object) {
    std::set<std::string> keys;
    for (const auto& [name, value] : object.items()) {
        keys.insert(name);
    }
    return keys;
}

std::set<std::string> joined(std::set<std::string> keys, const std::set<std::string>& more) {
    keys.insert(more.begin(), more.end());
    return keys;
}

// The field sets are those of the execution-apis test vectors.
const std::set<std::string> legacy_fields{
    "blockHash",
    "blockNumber",
    "blockTimestamp",
    "chainId",
    "from",
    "gas",
    "gasPrice",
    "hash",
    "input",
    "nonce",
    "r",
    "s",
    "to",
    "transactionIndex",
    "type",
    "v",
    "value"
};
const std::set<std::string> receipt_fields{
    "blockHash",
    "blockNumber",
    "contractAddress",
    "cumulativeGasUsed",
    "effectiveGasPrice",
    "from",
    "gasUsed",
    "logs",
    "logsBloom",
    "status",
    "to",
    "transactionHash",
    "transactionIndex",
    "type"
};

TEST(format, legacy_transactions_have_their_fields) {
    const json tx = transaction_json(*executed(transfer(TxType::legacy)));
    EXPECT_EQ(keys_of(tx), legacy_fields);
    EXPECT_EQ(tx["gasPrice"], "0xc");
    EXPECT_EQ(tx["transactionIndex"], "0x1");
    EXPECT_EQ(tx["blockTimestamp"], "0x46");
    const uint64_t v = std::stoull(tx["v"].get<std::string>(), nullptr, 16);
    EXPECT_TRUE(v == 35 + 2 * 9 || v == 36 + 2 * 9) << v;
}

TEST(format, transactions_before_eip_155_name_no_chain) {
    Transaction old = transfer(TxType::legacy);
    old.chain_id.reset();
    const json tx = transaction_json(*executed(old));
    EXPECT_FALSE(tx.contains("chainId"));
    EXPECT_TRUE(tx["v"] == "0x1b" || tx["v"] == "0x1c");
}

TEST(format, typed_transactions_add_theirs) {
    const auto with_list = joined(legacy_fields, {"accessList", "yParity"});
    const auto with_fees = joined(with_list, {"maxFeePerGas", "maxPriorityFeePerGas"});
    EXPECT_EQ(keys_of(transaction_json(*executed(transfer(TxType::access_list)))), with_list);
    EXPECT_EQ(keys_of(transaction_json(*executed(transfer(TxType::dynamic_fee)))), with_fees);
    Transaction set_code = transfer(TxType::set_code);
    set_code.authorization_list.emplace_back();
    const json tx = transaction_json(*executed(set_code));
    EXPECT_EQ(keys_of(tx), joined(with_fees, {"authorizationList"}));
    EXPECT_EQ(
        keys_of(tx["authorizationList"][0]),
        (std::set<std::string>{"address", "chainId", "nonce", "r", "s", "yParity"})
    );
}

TEST(format, deposits_show_their_source_and_no_signature) {
    Transaction deposit;
    deposit.type = TxType::deposit;
    deposit.mint = 9;
    auto tx = std::make_shared<ExecutedTransaction>();
    tx->tx = std::make_shared<const SignedTransaction>(SignedTransaction{deposit, {}, {}, {}});
    const json shown = transaction_json(*tx);
    EXPECT_EQ(shown["type"], "0x7e");
    EXPECT_EQ(shown["mint"], "0x9");
    EXPECT_TRUE(shown.contains("sourceHash"));
    EXPECT_EQ(shown["isSystemTx"], false);
    EXPECT_EQ(shown["r"], "0x0");
}

TEST(format, pending_transactions_have_null_for_the_block) {
    JsonWriter out;
    write_pending_transaction(out, *signed_by_key(transfer(TxType::dynamic_fee)));
    const json tx = json::parse(out.text());
    for (const char* name : {"blockHash", "blockNumber", "blockTimestamp", "transactionIndex"}) {
        EXPECT_TRUE(tx.contains(name) && tx[name].is_null()) << name;
    }
    EXPECT_EQ(tx["gasPrice"], "0x64");
}

TEST(format, receipts_have_the_fields_of_the_specification) {
    const json receipt = receipt_json(*executed(transfer(TxType::dynamic_fee)));
    EXPECT_EQ(keys_of(receipt), receipt_fields);
    EXPECT_TRUE(receipt["contractAddress"].is_null());
    EXPECT_EQ(receipt["status"], "0x1");
    EXPECT_EQ(receipt["type"], "0x2");
    EXPECT_EQ(receipt["logs"].size(), 2u);
}

TEST(format, receipts_before_byzantium_show_the_root) {
    auto old = executed(transfer(TxType::legacy));
    old->receipt.post_state = Hash256{};
    const json receipt = receipt_json(*old);
    EXPECT_TRUE(receipt.contains("root"));
    EXPECT_FALSE(receipt.contains("status"));
}

TEST(format, logs_count_through_the_block) {
    const json logs = receipt_json(*executed(transfer(TxType::legacy)))["logs"];
    EXPECT_EQ(
        keys_of(logs[0]),
        (std::set<std::string>{
            "address",
            "topics",
            "data",
            "blockNumber",
            "transactionHash",
            "transactionIndex",
            "blockHash",
            "blockTimestamp",
            "logIndex",
            "removed"
        })
    );
    EXPECT_EQ(logs[0]["logIndex"], "0x1");
    EXPECT_EQ(logs[1]["logIndex"], "0x2");
    EXPECT_EQ(logs[1]["removed"], false);
}

TEST(format, blocks_tell_their_exact_size) {
    sequencer::BlockView block;
    block.header.base_fee_per_gas = 10;
    block.header.withdrawals_root = empty_trie_root;
    block.header.extra_data = Bytes(20);
    for (const TxType type : {TxType::legacy, TxType::access_list, TxType::dynamic_fee}) {
        const json shown = json::parse(block_json(block, true));
        EXPECT_EQ(
            std::stoull(shown["size"].get<std::string>(), nullptr, 16), encode_block(block).size()
        );
        Transaction tx = transfer(type);
        tx.data = Bytes(100 * block.transactions.size());
        block.transactions.push_back(executed(tx));
    }
}

TEST(format, blocks_hold_hashes_or_whole_transactions) {
    sequencer::BlockView block;
    block.header.number = 7;
    block.transactions.push_back(executed(transfer(TxType::legacy)));
    const json brief = json::parse(block_json(block, false));
    EXPECT_EQ(brief["transactions"][0], to_hex(block.transactions[0]->tx->hash));
    const json whole = json::parse(block_json(block, true));
    EXPECT_EQ(keys_of(whole["transactions"][0]), legacy_fields);
    EXPECT_TRUE(whole["uncles"].empty());
    EXPECT_FALSE(whole.contains("withdrawals"));
    EXPECT_FALSE(whole.contains("baseFeePerGas"));
    EXPECT_FALSE(whole.contains("totalDifficulty"));
}

TEST(format, blocks_of_today_have_the_fields_of_every_fork) {
    sequencer::BlockView block;
    block.header.base_fee_per_gas = 10;
    block.header.withdrawals_root = empty_trie_root;
    block.header.blob_gas_used = 0;
    block.header.excess_blob_gas = 0;
    block.header.parent_beacon_block_root = Hash256{};
    block.header.requests_hash = empty_requests_hash;
    EXPECT_EQ(
        keys_of(json::parse(block_json(block, false))),
        (std::set<std::string>{
            "baseFeePerGas",
            "blobGasUsed",
            "difficulty",
            "excessBlobGas",
            "extraData",
            "gasLimit",
            "gasUsed",
            "hash",
            "logsBloom",
            "miner",
            "mixHash",
            "nonce",
            "number",
            "parentBeaconBlockRoot",
            "parentHash",
            "receiptsRoot",
            "requestsHash",
            "sha3Uncles",
            "size",
            "stateRoot",
            "timestamp",
            "transactions",
            "transactionsRoot",
            "uncles",
            "withdrawals",
            "withdrawalsRoot"
        })
    );
}

TEST(format, mini_blocks_have_their_shape) {
    sequencer::MiniBlock mini_block;
    mini_block.header.timestamp_us = 16;
    mini_block.transactions.push_back(executed(transfer(TxType::legacy)));
    const json shown = json::parse(mini_block_json(mini_block, block_seven()));
    EXPECT_EQ(
        keys_of(shown),
        (std::set<std::string>{
            "block_number",
            "block_timestamp",
            "index",
            "mini_block_number",
            "mini_block_timestamp",
            "gas_used",
            "transaction_root",
            "receipt_root",
            "signature",
            "transactions",
            "receipts"
        })
    );
    EXPECT_EQ(keys_of(shown["signature"]), (std::set<std::string>{"r", "s", "yParity"}));
    EXPECT_EQ(keys_of(shown["receipts"][0]), receipt_fields);
    EXPECT_EQ(shown["receipts"][0]["blockHash"], to_hex(block_seven().block_hash));
}

Bytes error_string(
    std::string_view text, uint64_t offset = 32, std::optional<uint64_t> length = {}
) {
    Bytes data{0x08, 0xc3, 0x79, 0xa0};
    append(data, u256{offset}.to_hash());
    append(data, u256{length.value_or(text.size())}.to_hash());
    append(data, as_bytes(text));
    return data;
}

TEST(execution_error, decodes_solidity_reasons) {
    EXPECT_EQ(revert_reason(error_string("user error")), "user error");
    Bytes panic{0x4e, 0x48, 0x7b, 0x71};
    append(panic, u256{1}.to_hash());
    EXPECT_EQ(revert_error(panic).message, "execution reverted: assert(false)");
    panic.back() = 0x99;
    EXPECT_EQ(revert_reason(panic), "unknown panic code: 0x99");
}

TEST(execution_error, survives_malformed_reasons) {
    EXPECT_EQ(revert_reason({}), std::nullopt);
    EXPECT_EQ(revert_reason(Bytes{0x08, 0xc3, 0x79, 0xa0}), std::nullopt);
    EXPECT_EQ(revert_reason(error_string("abc", 32, 4)), std::nullopt);
    EXPECT_EQ(revert_reason(error_string("abc", 36)), std::nullopt);
    EXPECT_EQ(revert_reason(error_string("abc", UINT64_MAX)), std::nullopt);
    EXPECT_EQ(revert_reason(error_string("abc", 32, UINT64_MAX)), std::nullopt);
    Bytes huge = error_string("abc");
    huge[4] = 0xff;
    EXPECT_EQ(revert_reason(huge), std::nullopt);
    EXPECT_EQ(revert_error(Bytes{1, 2}).message, "execution reverted");
    EXPECT_EQ(revert_error(Bytes{1, 2}).data, "\"0x0102\"");
    EXPECT_EQ(revert_error({}).code, 3);
}

TEST(execution_error, names_other_failures_as_geth_does) {
    const RpcError error = failure_error(evm::Status::out_of_gas, {});
    EXPECT_EQ(error.code, server_error);
    EXPECT_EQ(error.message, "out of gas");
}

}  // namespace
}  // namespace mega::rpc
