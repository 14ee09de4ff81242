#include "conformance/fixture_transaction.hpp"
#include "conformance/t8n.hpp"
#include "ethereum/body_rules.hpp"
#include "ethereum/difficulty.hpp"
#include "ethereum/header_rules.hpp"

namespace mega::conformance {

namespace {

using ethereum::ChainConfig;

[[noreturn]] void refuse(const std::string& message) { throw T8nError(T8nFault::config, message); }

template <class Read>
auto read_optional(const json& object, const char* name, const Read& read)
    -> std::optional<decltype(read(object))> {
    const auto field = object.find(name);
    return field == object.end() || field->is_null() ? std::nullopt : std::optional{read(*field)};
}

/// The fields of the parent's header that the environment may state.
BlockHeader read_parent(const json& env) {
    BlockHeader parent;
    parent.difficulty = read_optional(env, "parentDifficulty", read_word).value_or(u256{});
    parent.timestamp = read_optional(env, "parentTimestamp", read_u64).value_or(0);
    parent.base_fee_per_gas = read_optional(env, "parentBaseFee", read_word);
    parent.gas_used = read_optional(env, "parentGasUsed", read_u64).value_or(0);
    parent.gas_limit = read_optional(env, "parentGasLimit", read_u64).value_or(0);
    parent.excess_blob_gas = read_optional(env, "parentExcessBlobGas", read_u64);
    parent.blob_gas_used = read_optional(env, "parentBlobGasUsed", read_u64);
    const auto ommers = read_optional(env, "parentUncleHash", read_hash);
    parent.ommers_hash = ommers && !ommers->is_zero() ? *ommers : empty_ommers_hash;
    return parent;
}

u256 compute_difficulty(const T8nEnv& env, const json& fields, const BlockHeader& parent) {
    if (!fields.contains("parentDifficulty")) {
        refuse(
            "currentDifficulty was not provided, and cannot be calculated due to missing "
            "parentDifficulty"
        );
    }
    if (env.header.number == 0) {
        refuse("currentDifficulty needs to be provided for block number 0");
    }
    if (env.header.timestamp <= parent.timestamp) {
        refuse(
            "currentDifficulty cannot be calculated: currentTimestamp " +
            std::to_string(env.header.timestamp) + " is not after parentTimestamp " +
            std::to_string(parent.timestamp)
        );
    }
    return ethereum::difficulty_of(
        {env.fork,
         ethereum::bomb_delay_at(env.config, env.header.number),
         env.header.number,
         env.header.timestamp,
         parent.difficulty,
         parent.timestamp,
         parent.ommers_hash != empty_ommers_hash}
    );
}

void set_seal(T8nEnv& env, const json& fields, const BlockHeader& parent) {
    if (env.fork >= Fork::paris) {
        const auto random = read_optional(fields, "currentRandom", read_word);
        if (!random) {
            refuse("post-merge requires currentRandom to be defined in env");
        }
        env.header.prev_randao = random->to_hash();
        return;
    }
    const auto difficulty = read_optional(fields, "currentDifficulty", read_word);
    env.header.difficulty = difficulty ? *difficulty : compute_difficulty(env, fields, parent);
}

void set_base_fee(T8nEnv& env, const json& fields, const BlockHeader& parent) {
    if (env.fork < Fork::london) {
        return;
    }
    env.header.base_fee_per_gas = read_optional(fields, "currentBaseFee", read_word);
    if (env.header.base_fee_per_gas) {
        return;
    }
    if (!parent.base_fee_per_gas || env.header.number == 0) {
        refuse("EIP-1559 config but missing 'parentBaseFee' in env section");
    }
    // Half of it is a divisor.
    if (parent.gas_limit < 2) {
        refuse("EIP-1559 config but missing 'parentGasLimit' in env section");
    }
    env.header.base_fee_per_gas = execution::next_base_fee(parent);
}

void set_blob_fields(T8nEnv& env, const json& fields, const BlockHeader& parent) {
    if (env.fork < Fork::cancun) {
        return;
    }
    env.header.parent_beacon_block_root = read_optional(fields, "parentBeaconBlockRoot", read_hash);
    env.header.excess_blob_gas = read_optional(fields, "currentExcessBlobGas", read_u64);
    if (!env.header.excess_blob_gas) {
        const execution::BlobSchedule blobs = ethereum::blobs_at(env.config, env.header.timestamp);
        const bool is_known = parent.excess_blob_gas && parent.blob_gas_used;
        env.header.excess_blob_gas =
            is_known ? ethereum::next_excess_blob_gas(env.fork, blobs, parent) : 0;
    }
}

void read_lists(T8nEnv& env, const json& fields) {
    if (const auto hashes = fields.find("blockHashes");
        hashes != fields.end() && !hashes->is_null()) {
        for (const auto& [number, hash] : hashes->items()) {
            env.block_hashes[read_u64(number)] = read_hash(hash);
        }
    }
    if (const auto ommers = fields.find("ommers"); ommers != fields.end() && !ommers->is_null()) {
        for (const json& ommer : *ommers) {
            env.ommers.push_back({read_u64(ommer.at("delta")), read_address(ommer.at("address"))});
        }
    }
    const auto withdrawals = fields.find("withdrawals");
    if (withdrawals == fields.end() || withdrawals->is_null()) {
        if (env.fork >= Fork::shanghai) {
            refuse("Shanghai config but missing 'withdrawals' in env section");
        }
        return;
    }
    for (const json& withdrawal : *withdrawals) {
        env.withdrawals.push_back(
            {read_u64(withdrawal.at("index")),
             read_u64(withdrawal.at("validatorIndex")),
             read_address(withdrawal.at("address")),
             read_u64(withdrawal.at("amount"))}
        );
    }
}

/// The fork of which a network's blob parameters are: of a transition ("CancunToPragueAtTime15k")
/// the one it leads to.
std::string_view last_fork_of(std::string_view network) {
    const size_t to = network.find("To");
    const size_t at = network.rfind("At");
    return to == std::string_view::npos || at == std::string_view::npos || at < to + 2
               ? network
               : network.substr(to + 2, at - to - 2);
}

ethereum::BlobSchedules read_blob_params(std::string_view network, const json& fields) {
    if (fields.is_null()) {
        return {};
    }
    const execution::BlobSchedule schedule{
        read_u64(fields.at("target")),
        read_u64(fields.at("max")),
        read_u64(fields.at("baseFeeUpdateFraction"))
    };
    if (schedule.target > schedule.max || schedule.base_fee_update_fraction == 0) {
        refuse("impossible blob parameters");
    }
    return {{std::string(last_fork_of(network)), schedule}};
}

// ------------------------------------------------------------------------------------------------
// transactions

TxType type_of(const json& fields) {
    if (const auto type = read_optional(fields, "type", read_u64)) {
        if (*type > static_cast<uint64_t>(TxType::set_code)) {
            throw Malformed("unknown transaction type " + std::to_string(*type));
        }
        return static_cast<TxType>(*type);
    }
    const auto has = [&](const char* name) {
        return fields.contains(name) && !fields[name].is_null();
    };
    if (has("authorizationList")) {
        return TxType::set_code;
    }
    if (has("blobVersionedHashes")) {
        return TxType::blob;
    }
    if (has("maxFeePerGas")) {
        return TxType::dynamic_fee;
    }
    return has("accessList") ? TxType::access_list : TxType::legacy;
}

/// The value of the first name that is there.
const json& either(const json& fields, const char* name, const char* other) {
    return fields.contains(name) ? fields[name] : fields.at(other);
}

void read_fees(Transaction& tx, const json& fields) {
    if (tx.type >= TxType::dynamic_fee) {
        tx.max_fee_per_gas = read_word(fields.at("maxFeePerGas"));
        tx.max_priority_fee_per_gas = read_word(fields.at("maxPriorityFeePerGas"));
    } else {
        tx.max_fee_per_gas = read_word(fields.at("gasPrice"));
        tx.max_priority_fee_per_gas = tx.max_fee_per_gas;
    }
    if (tx.type == TxType::blob) {
        tx.max_fee_per_blob_gas = read_word(fields.at("maxFeePerBlobGas"));
        for (const json& hash : fields.at("blobVersionedHashes")) {
            tx.blob_versioned_hashes.push_back(read_hash(hash));
        }
    }
}

/// v of a legacy transaction (EIP-155): 27 + parity, or 35 + 2 * chain id + parity.
void read_legacy_v(Transaction& tx, const u256& v) {
    if (v == u256{27} || v == u256{28}) {
        tx.signature.y_parity = static_cast<uint8_t>(v.low64() - 27);
        tx.chain_id.reset();
        return;
    }
    if (!v.fits_u64() || v.low64() < 35) {
        throw Malformed("invalid transaction v, r, s values");
    }
    tx.signature.y_parity = static_cast<uint8_t>((v.low64() - 35) % 2);
    tx.chain_id = (v.low64() - 35) / 2;
}

void read_signature(Transaction& tx, const json& fields) {
    tx.signature.r = read_word(fields.at("r")).to_hash();
    tx.signature.s = read_word(fields.at("s")).to_hash();
    const u256 v = read_word(either(fields, "v", "yParity"));
    if (tx.type == TxType::legacy) {
        read_legacy_v(tx, v);
    } else if (v > u256{1}) {
        throw Malformed("invalid transaction v, r, s values");
    } else {
        tx.signature.y_parity = static_cast<uint8_t>(v.low64());
    }
}

void sign(Transaction& tx, const json& fields, const T8nEnv& env) {
    const Hash256 key = read_word(fields.at("secretKey")).to_hash();
    if (!crypto::address_of(key)) {
        throw Malformed("invalid private key");
    }
    if (tx.type == TxType::legacy) {
        const bool is_protected =
            fields.value("protected", true) && env.fork >= Fork::spurious_dragon;
        tx.chain_id = is_protected ? std::optional{env.config.chain_id} : std::nullopt;
    }
    sign_transaction(tx, key);
}

Transaction read_transaction(const json& fields, const T8nEnv& env) {
    Transaction tx;
    tx.type = type_of(fields);
    tx.chain_id = read_optional(fields, "chainId", read_u64);
    if (tx.type != TxType::legacy && !tx.chain_id) {
        tx.chain_id = env.config.chain_id;
    }
    tx.nonce = read_u64(fields.at("nonce"));
    tx.gas_limit = read_u64(either(fields, "gas", "gasLimit"));
    tx.value = read_word(fields.at("value"));
    tx.data = read_data(either(fields, "input", "data"));
    if (const auto to = fields.find("to");
        to != fields.end() && !to->is_null() && *to != "" && *to != "0x") {
        tx.to = read_address(*to);
    }
    read_fees(tx, fields);
    if (fields.contains("accessList") && tx.type != TxType::legacy) {
        tx.access_list = read_access_list(fields["accessList"]);
    }
    if (tx.type == TxType::set_code) {
        tx.authorization_list = read_authorizations(fields.at("authorizationList"));
    }
    fields.contains("secretKey") ? sign(tx, fields, env) : read_signature(tx, fields);
    return tx;
}

/// With the sender, by the fork's rules for signatures.
T8nTransaction admit(BytesView envelope, Fork fork) {
    const Bytes owned = to_bytes(envelope);
    auto decoded = ethereum::decode_transactions(fork, std::span{&owned, 1});
    if (!decoded) {
        return Err{Error{
            decoded.error().details.empty() ? decoded.error().message() : decoded.error().details
        }};
    }
    return std::move(decoded->front());
}

std::vector<T8nTransaction> read_rlp(const json& text, Fork fork) {
    const Bytes encoded = read_data(text);
    rlp::Reader whole{encoded};
    auto items = whole.read_list();
    if (!items) {
        throw T8nError(T8nFault::rlp, "txs: " + std::string(rlp::to_string(items.error())));
    }
    std::vector<T8nTransaction> txs;
    while (!items->at_end()) {
        const bool is_legacy = items->next_is_list();
        const auto item = is_legacy ? items->read_item() : items->read_string();
        if (!item) {
            throw T8nError(T8nFault::rlp, "txs: " + std::string(rlp::to_string(item.error())));
        }
        txs.push_back(admit(*item, fork));
    }
    return txs;
}

}  // namespace

T8nEnv read_t8n_env(
    const json& fields, std::string_view network, uint64_t chain_id, const json& blob_params
) {
    auto config = ethereum::config_of_network(network, read_blob_params(network, blob_params));
    if (!config) {
        refuse("unknown fork: " + std::string(network));
    }
    T8nEnv env;
    env.config = std::move(*config);
    env.config.chain_id = chain_id;
    env.header.beneficiary = read_address(fields.at("currentCoinbase"));
    env.header.gas_limit = read_u64(fields.at("currentGasLimit"));
    env.header.number = read_u64(fields.at("currentNumber"));
    env.header.timestamp = read_u64(fields.at("currentTimestamp"));
    // The total difficulty is not known here: a block that has a randao comes after the merge.
    const bool is_merged =
        env.config.terminal_total_difficulty && (env.config.terminal_total_difficulty->is_zero() ||
                                                 read_optional(fields, "currentRandom", read_word));
    env.fork = ethereum::fork_at(env.config, env.header.number, env.header.timestamp, is_merged);
    const BlockHeader parent = read_parent(fields);
    set_seal(env, fields, parent);
    set_base_fee(env, fields, parent);
    set_blob_fields(env, fields, parent);
    read_lists(env, fields);
    return env;
}

std::vector<T8nTransaction> read_t8n_transactions(const json& txs, const T8nEnv& env) {
    if (txs.is_string()) {
        return read_rlp(txs, env.fork);
    }
    if (!txs.is_array()) {
        throw Malformed("txs must be a list or the hex of an RLP list");
    }
    std::vector<T8nTransaction> read;
    for (const json& fields : txs) {
        try {
            read.push_back(admit(encode(read_transaction(fields, env)), env.fork));
        } catch (const std::exception& error) {
            read.push_back(Err{Error{error.what()}});
        }
    }
    return read;
}

}  // namespace mega::conformance
