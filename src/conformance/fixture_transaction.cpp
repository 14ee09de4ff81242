#include "conformance/fixture_transaction.hpp"

namespace mega::conformance {

namespace {

void read_fees(Transaction& tx, const json& fields) {
    if (fields.contains("maxFeePerGas")) {
        tx.type = TxType::dynamic_fee;
        tx.max_fee_per_gas = read_word(fields["maxFeePerGas"]);
        tx.max_priority_fee_per_gas = read_word(fields.at("maxPriorityFeePerGas"));
    } else {
        tx.max_fee_per_gas = read_word(fields.at("gasPrice"));
        tx.max_priority_fee_per_gas = tx.max_fee_per_gas;
    }
}

/// What makes a transaction one of a later type.
void read_extensions(Transaction& tx, const json& fields, size_t data_index) {
    if (fields.contains("accessLists")) {
        const json& list = fields["accessLists"].at(data_index);
        if (!list.is_null()) {
            tx.type = std::max(tx.type, TxType::access_list);
            tx.access_list = read_access_list(list);
        }
    }
    if (fields.contains("blobVersionedHashes") || fields.contains("maxFeePerBlobGas")) {
        tx.type = TxType::blob;
        tx.max_fee_per_blob_gas = read_word(fields.at("maxFeePerBlobGas"));
        for (const json& hash : fields.at("blobVersionedHashes")) {
            tx.blob_versioned_hashes.push_back(read_hash(hash));
        }
    }
    if (fields.contains("authorizationList")) {
        tx.type = TxType::set_code;
        tx.authorization_list = read_authorizations(fields["authorizationList"]);
    }
}

}  // namespace

CaseIndexes read_indexes(const json& indexes) {
    return {
        indexes.at("data").get<size_t>(),
        indexes.at("gas").get<size_t>(),
        indexes.at("value").get<size_t>()
    };
}

std::vector<Authorization> read_authorizations(const json& entries) {
    std::vector<Authorization> list;
    for (const json& entry : entries) {
        Authorization& tuple = list.emplace_back();
        tuple.chain_id = read_word(entry.at("chainId"));
        tuple.address = read_address(entry.at("address"));
        tuple.nonce = read_u64(entry.at("nonce"));
        tuple.y_parity = read_word(entry.contains("yParity") ? entry["yParity"] : entry.at("v"));
        tuple.r = read_word(entry.at("r"));
        tuple.s = read_word(entry.at("s"));
    }
    return list;
}

SignedTransaction read_fixture_transaction(const json& fields, const CaseIndexes& indexes) {
    SignedTransaction stated;
    Transaction& tx = stated.tx;
    tx.nonce = read_u64(fields.at("nonce"));
    tx.gas_limit = read_u64(fields.at("gasLimit").at(indexes.gas));
    tx.value = read_word(fields.at("value").at(indexes.value));
    tx.data = read_data(fields.at("data").at(indexes.data));
    if (const auto to = fields.value("to", ""); !to.empty()) {
        tx.to = read_address(to);
    }
    read_fees(tx, fields);
    read_extensions(tx, fields, indexes.data);
    stated.sender = read_address(fields.at("sender"));
    return stated;
}

std::string difference_of(const SignedTransaction& decoded, const SignedTransaction& stated) {
    const Transaction& a = decoded.tx;
    const Transaction& b = stated.tx;
    const std::pair<bool, const char*> fields[] = {
        {a.type == b.type, "type"},
        {a.nonce == b.nonce, "nonce"},
        {a.gas_limit == b.gas_limit, "gas limit"},
        {a.max_fee_per_gas == b.max_fee_per_gas, "gas price or max fee"},
        {a.max_priority_fee_per_gas == b.max_priority_fee_per_gas, "max priority fee"},
        {a.to == b.to, "to"},
        {a.value == b.value, "value"},
        {a.data == b.data, "data"},
        {a.access_list == b.access_list, "access list"},
        {a.authorization_list == b.authorization_list, "authorization list"},
        {a.max_fee_per_blob_gas == b.max_fee_per_blob_gas, "max fee per blob gas"},
        {a.blob_versioned_hashes == b.blob_versioned_hashes, "blob versioned hashes"},
        {decoded.sender == stated.sender, "sender"},
    };
    for (const auto& [is_same, name] : fields) {
        if (!is_same) {
            return name;
        }
    }
    return "";
}

}  // namespace mega::conformance
