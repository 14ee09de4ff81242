#include "settlement/l1_client.hpp"

#include <algorithm>
#include <charconv>

namespace mega::settlement {
namespace {

using replay::Fields;
using replay::json;
using replay::Problem;

constexpr uint64_t max_blocks_at_once = 1024;
constexpr size_t max_logs_at_once = 200'000;
constexpr size_t max_pending = 10'000;
/// A response with the blobs of one block: 2 digits a byte, up to 72 blobs.
constexpr size_t max_beacon_bytes = 24U << 20;

json number_param(uint64_t number) { return to_hex_quantity(number); }

L1Header read_header(const Fields& fields) {
    return {
        .number = fields.u64("number"),
        .hash = fields.hash("hash"),
        .parent_hash = fields.hash("parentHash"),
        .timestamp = fields.u64("timestamp"),
        .base_fee = fields.has("baseFeePerGas") ? fields.word("baseFeePerGas") : u256{},
        .blob_base_fee = {},
    };
}

Log read_log(const Fields& fields) {
    Log log;
    log.address = fields.address("address");
    log.data = fields.data("data");
    fields.each("topics", [&](const Fields& topic) {
        if (log.topics.size() == Topics::most) {
            fields.note("more than 4 topics");
            return;
        }
        log.topics.push_back(topic.as_hash());
    });
    return log;
}

L1BlockId read_block_id(const Fields& fields) {
    return {fields.u64("blockNumber"), fields.hash("blockHash")};
}

L1Log read_l1_log(const Fields& fields) {
    return {
        .log = read_log(fields),
        .block = read_block_id(fields),
        .tx_hash = fields.hash("transactionHash"),
        .log_index = fields.u64("logIndex"),
    };
}

L1Receipt read_receipt(const Fields& fields) {
    L1Receipt receipt;
    receipt.tx_hash = fields.hash("transactionHash");
    receipt.block = read_block_id(fields);
    receipt.status = fields.u64("status") == 1;
    receipt.gas_used = fields.u64("gasUsed");
    receipt.effective_gas_price = fields.word("effectiveGasPrice");
    if (fields.has("blobGasUsed")) {
        receipt.blob_gas_used = fields.u64("blobGasUsed");
        receipt.blob_gas_price = fields.word("blobGasPrice");
    }
    if (fields.has("contractAddress")) {
        receipt.created = fields.address("contractAddress");
    }
    fields.each("logs", [&](const Fields& log) { receipt.logs.push_back(read_log(log)); });
    return receipt;
}

L1Transaction read_transaction(const Fields& fields) {
    L1Transaction tx;
    tx.hash = fields.hash("hash");
    tx.from = fields.address("from");
    if (fields.has("to")) {
        tx.to = fields.address("to");
    }
    tx.nonce = fields.u64("nonce");
    tx.data = fields.data("input");
    if (fields.has("blobVersionedHashes")) {
        fields.each("blobVersionedHashes", [&](const Fields& hash) {
            tx.blob_hashes.push_back(hash.as_hash());
        });
    }
    if (fields.has("blockHash")) {
        tx.block = read_block_id(fields);
    }
    return tx;
}

json call_object(const L1Call& call) {
    json object = {{"to", to_hex(call.to)}, {"data", to_hex(call.data)}};
    if (!call.from.is_zero()) {
        object["from"] = to_hex(call.from);
    }
    if (!call.value.is_zero()) {
        object["value"] = to_hex_quantity(call.value);
    }
    return object;
}

/// Reads one value whose words name `what` when it is malformed.
template <class Read>
auto read_as(const json& value, const std::string& what, Read read)
    -> Result<decltype(read(std::declval<const Fields&>()))> {
    Problem problem;
    auto result = read(Fields{value, what, problem});
    if (problem.is_noted()) {
        return problem.error();
    }
    return result;
}

std::optional<uint64_t> decimal(const json& value) {
    if (!value.is_string()) {
        return std::nullopt;
    }
    const std::string text = value.get<std::string>();
    uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size() ? std::optional(number)
                                                                    : std::nullopt;
}

}  // namespace

L1Client::L1Client(L1ClientOptions options, std::unique_ptr<replay::Endpoint> endpoint)
    : options_(std::move(options)), endpoint_(std::move(endpoint)) {}

Result<std::unique_ptr<L1Client>> L1Client::open(const L1ClientOptions& options) {
    auto endpoint = replay::Endpoint::open(options.url, options.timeout_ms);
    if (!endpoint) {
        return Err{Error{"L1 endpoint: " + endpoint.error().message}};
    }
    auto client = std::unique_ptr<L1Client>(new L1Client(options, *std::move(endpoint)));
    auto beacon = net::parse_url(options.beacon_url.empty() ? options.url : options.beacon_url);
    if (!beacon) {
        return Err{Error{"L1 beacon endpoint: " + beacon.error().message}};
    }
    if (beacon->scheme != "http") {
        return Err{Error{"L1 beacon endpoint: want http://, not " + beacon->scheme + "://"}};
    }
    client->beacon_.emplace(
        *std::move(beacon),
        net::HttpClientOptions{
            .timeout_ms = options.timeout_ms, .max_response_bytes = max_beacon_bytes
        }
    );
    return client;
}

Result<json> L1Client::raw_call(const std::string& method, json params) {
    endpoint_->forget_loss();
    auto result = endpoint_->call(method, std::move(params));
    is_lost_ = !result && endpoint_->is_lost();
    return result;
}

Result<uint64_t> L1Client::chain_id() {
    const auto answer = raw_call("eth_chainId", json::array());
    if (!answer) {
        return Err{answer.error()};
    }
    const json wrapped = {{"result", *answer}};
    return read_as(wrapped, "eth_chainId", [](const Fields& f) { return f.u64("result"); });
}

Result<std::string> L1Client::client_version() {
    const auto answer = raw_call("web3_clientVersion", json::array());
    if (!answer) {
        return Err{answer.error()};
    }
    if (!answer->is_string()) {
        return Err{Error{"web3_clientVersion: the answer is no text"}};
    }
    return answer->get<std::string>();
}

Result<uint64_t> L1Client::head_number() {
    const auto answer = raw_call("eth_blockNumber", json::array());
    if (!answer) {
        return Err{answer.error()};
    }
    const json wrapped = {{"result", *answer}};
    return read_as(wrapped, "eth_blockNumber", [](const Fields& f) { return f.u64("result"); });
}

Result<std::optional<L1Header>> L1Client::block_by(const json& id) {
    const auto answer = raw_call("eth_getBlockByNumber", {id, false});
    if (!answer) {
        return Err{answer.error()};
    }
    if (answer->is_null()) {
        return std::optional<L1Header>{};
    }
    auto block = read_as(*answer, "eth_getBlockByNumber", read_header);
    if (!block) {
        return Err{block.error()};
    }
    std::vector<L1Header> one{*std::move(block)};
    if (auto added = add_blob_fees(one); !added) {
        return Err{added.error()};
    }
    return std::optional(one.front());
}

Result<std::optional<L1Header>> L1Client::block(std::string_view tag) {
    return block_by(std::string(tag));
}

Result<std::optional<L1Header>> L1Client::block(uint64_t number) {
    auto found = block_by(number_param(number));
    if (found && *found && (*found)->number != number) {
        return Err{Error{
            "eth_getBlockByNumber: gave block " + std::to_string((*found)->number) + " for " +
            std::to_string(number)
        }};
    }
    return found;
}

Result<std::vector<L1Header>> L1Client::blocks(uint64_t from, uint64_t to) {
    std::vector<replay::RpcCall> calls;
    for (uint64_t number = from; number <= to && calls.size() < max_blocks_at_once; ++number) {
        calls.push_back({"eth_getBlockByNumber", {number_param(number), false}});
    }
    endpoint_->forget_loss();
    const auto answers = endpoint_->call_all(calls);
    is_lost_ = !answers && endpoint_->is_lost();
    if (!answers) {
        return Err{answers.error()};
    }
    std::vector<L1Header> blocks;
    for (const json& answer : *answers) {
        if (answer.is_null()) {
            break;
        }
        auto block = read_as(answer, "eth_getBlockByNumber", read_header);
        if (!block) {
            return Err{block.error()};
        }
        if (block->number != from + blocks.size()) {
            return Err{Error{"eth_getBlockByNumber: gave another block than asked for"}};
        }
        blocks.push_back(*std::move(block));
    }
    if (auto added = add_blob_fees(blocks); !added) {
        return Err{added.error()};
    }
    return blocks;
}

/// The blob base fee depends on the fork's schedule, which the node knows: eth_feeHistory gives it
/// by block. Before Cancun it is 0.
Result<void> L1Client::add_blob_fees(std::vector<L1Header>& blocks) {
    if (blocks.empty()) {
        return {};
    }
    const auto answer = raw_call(
        "eth_feeHistory",
        {number_param(blocks.size()), number_param(blocks.back().number), json::array()}
    );
    if (!answer) {
        return Err{answer.error()};
    }
    struct History {
        uint64_t oldest = 0;
        std::vector<u256> blob_fees;
    };
    const auto history = read_as(*answer, "eth_feeHistory", [](const Fields& fields) {
        History read{.oldest = fields.u64("oldestBlock"), .blob_fees = {}};
        if (fields.has("baseFeePerBlobGas")) {
            fields.each("baseFeePerBlobGas", [&](const Fields& fee) {
                read.blob_fees.push_back(fee.as_word());
            });
        }
        return read;
    });
    if (!history) {
        return Err{history.error()};
    }
    if (history->blob_fees.empty()) {
        return {};
    }
    for (L1Header& block : blocks) {
        const uint64_t index = block.number - history->oldest;
        if (block.number < history->oldest || index >= history->blob_fees.size()) {
            return Err{Error{"eth_feeHistory: covers other blocks than asked for"}};
        }
        block.blob_base_fee = history->blob_fees[index];
    }
    return {};
}

Result<std::vector<L1Log>> L1Client::logs(const LogQuery& query) {
    json filter = {
        {"fromBlock", number_param(query.from_block)}, {"toBlock", number_param(query.to_block)}
    };
    filter["address"] = json::array();
    for (const Address& address : query.addresses) {
        filter["address"].push_back(to_hex(address));
    }
    if (!query.topics.empty()) {
        json any = json::array();
        for (const Hash256& topic : query.topics) {
            any.push_back(to_hex(topic));
        }
        filter["topics"] = json::array({any});
    }
    const auto answer = raw_call("eth_getLogs", json::array({filter}));
    if (!answer) {
        return Err{answer.error()};
    }
    if (answer->is_array() && answer->size() > max_logs_at_once) {
        return Err{Error{"eth_getLogs: more than " + std::to_string(max_logs_at_once) + " logs"}};
    }
    const json wrapped = {{"result", *answer}};
    auto logs = read_as(wrapped, "eth_getLogs", [](const Fields& fields) {
        std::vector<L1Log> read;
        fields.each("result", [&](const Fields& log) { read.push_back(read_l1_log(log)); });
        return read;
    });
    if (!logs) {
        return Err{logs.error()};
    }
    for (const L1Log& log : *logs) {
        if (log.block.number < query.from_block || log.block.number > query.to_block ||
            std::ranges::find(query.addresses, log.log.address) == query.addresses.end()) {
            return Err{Error{"eth_getLogs: gave a log that was not asked for"}};
        }
    }
    std::ranges::sort(*logs, {}, [](const L1Log& log) {
        return std::pair{log.block.number, log.log_index};
    });
    return logs;
}

Result<std::optional<L1Receipt>> L1Client::receipt(const Hash256& tx_hash) {
    const auto answer = raw_call("eth_getTransactionReceipt", {to_hex(tx_hash)});
    if (!answer) {
        return Err{answer.error()};
    }
    if (answer->is_null()) {
        return std::optional<L1Receipt>{};
    }
    auto receipt = read_as(*answer, "eth_getTransactionReceipt", read_receipt);
    if (!receipt) {
        return Err{receipt.error()};
    }
    if (receipt->tx_hash != tx_hash) {
        return Err{Error{"eth_getTransactionReceipt: gave another transaction's"}};
    }
    return std::optional(*std::move(receipt));
}

Result<std::optional<L1Transaction>> L1Client::transaction(const Hash256& tx_hash) {
    const auto answer = raw_call("eth_getTransactionByHash", {to_hex(tx_hash)});
    if (!answer) {
        return Err{answer.error()};
    }
    if (answer->is_null()) {
        return std::optional<L1Transaction>{};
    }
    auto tx = read_as(*answer, "eth_getTransactionByHash", read_transaction);
    if (!tx) {
        return Err{tx.error()};
    }
    if (tx->hash != tx_hash) {
        return Err{Error{"eth_getTransactionByHash: gave another transaction"}};
    }
    return std::optional(*std::move(tx));
}

Result<Bytes> L1Client::call(const L1Call& call, std::optional<uint64_t> number) {
    const auto answer =
        raw_call("eth_call", {call_object(call), number ? number_param(*number) : json("latest")});
    if (!answer) {
        return Err{answer.error()};
    }
    return read_as(*answer, "eth_call", [](const Fields& f) { return f.as_data(); });
}

Result<std::vector<Bytes>> L1Client::calls(const std::vector<L1Call>& calls, uint64_t number) {
    std::vector<replay::RpcCall> wanted;
    for (const L1Call& call : calls) {
        wanted.push_back({"eth_call", {call_object(call), number_param(number)}});
    }
    endpoint_->forget_loss();
    const auto answers = endpoint_->call_all(wanted);
    is_lost_ = !answers && endpoint_->is_lost();
    if (!answers) {
        return Err{answers.error()};
    }
    std::vector<Bytes> results;
    for (const json& answer : *answers) {
        auto data = read_as(answer, "eth_call", [](const Fields& f) { return f.as_data(); });
        if (!data) {
            return Err{data.error()};
        }
        results.push_back(*std::move(data));
    }
    return results;
}

Result<uint64_t> L1Client::estimate_gas(const L1Call& call) {
    const auto answer = raw_call("eth_estimateGas", json::array({call_object(call)}));
    if (!answer) {
        return Err{answer.error()};
    }
    const json wrapped = {{"result", *answer}};
    return read_as(wrapped, "eth_estimateGas", [](const Fields& f) { return f.u64("result"); });
}

Result<Bytes> L1Client::code(const Address& address) {
    const auto answer = raw_call("eth_getCode", {to_hex(address), "latest"});
    if (!answer) {
        return Err{answer.error()};
    }
    return read_as(*answer, "eth_getCode", [](const Fields& f) { return f.as_data(); });
}

Result<u256> L1Client::balance(const Address& address) {
    const auto answer = raw_call("eth_getBalance", {to_hex(address), "latest"});
    if (!answer) {
        return Err{answer.error()};
    }
    return read_as(*answer, "eth_getBalance", [](const Fields& f) { return f.as_word(); });
}

Result<Hash256> L1Client::storage(const Address& address, const u256& slot) {
    const auto answer =
        raw_call("eth_getStorageAt", {to_hex(address), to_hex_quantity(slot), "latest"});
    if (!answer) {
        return Err{answer.error()};
    }
    return read_as(*answer, "eth_getStorageAt", [](const Fields& f) {
        return f.as_word().to_hash();
    });
}

Result<uint64_t> L1Client::nonce(const Address& address, bool is_pending) {
    return nonce_by(address, is_pending ? "pending" : "latest");
}

Result<uint64_t> L1Client::nonce_at(const Address& address, uint64_t number) {
    return nonce_by(address, number_param(number));
}

Result<uint64_t> L1Client::nonce_by(const Address& address, const json& id) {
    const auto answer = raw_call("eth_getTransactionCount", {to_hex(address), id});
    if (!answer) {
        return Err{answer.error()};
    }
    const json wrapped = {{"result", *answer}};
    return read_as(wrapped, "eth_getTransactionCount", [](const Fields& f) {
        return f.u64("result");
    });
}

namespace {

/// Adds each transaction found in `value`, however deep; one that cannot be read is not there.
void collect_transactions(const json& value, std::vector<L1Transaction>& found, int depth = 0) {
    constexpr int pool_depth = 3;  // the pool's: state, sender, nonce
    if (value.is_object() && value.contains("hash") && value.contains("input")) {
        auto tx = read_as(value, "a transaction", read_transaction);
        if (tx && std::ranges::find(found, tx->hash, &L1Transaction::hash) == found.end()) {
            tx->block.reset();
            found.push_back(*std::move(tx));
        }
        return;
    }
    if (depth > pool_depth || !(value.is_object() || value.is_array())) {
        return;
    }
    for (const json& inner : value) {
        if (found.size() >= max_pending) {
            return;
        }
        collect_transactions(inner, found, depth + 1);
    }
}

}  // namespace

Result<std::vector<L1Transaction>> L1Client::pending(const Address& from) {
    const auto next = raw_call("eth_getBlockByNumber", {"pending", true});
    if (!next && is_lost_) {
        return Err{next.error()};
    }
    std::vector<L1Transaction> found;
    if (next && next->is_object() && next->contains("transactions")) {
        collect_transactions((*next)["transactions"], found);
    }
    // Not of the standard, and what takes both is the same node: a failure says nothing.
    const auto own = raw_call("txpool_contentFrom", json::array({to_hex(from)}));
    const auto pool = own ? own : raw_call("txpool_content", json::array());
    if (pool) {
        collect_transactions(*pool, found);
    }
    return found;
}

Result<L1Fees> L1Client::fees() {
    const auto answer = raw_call("eth_feeHistory", {number_param(1), "latest", json::array()});
    if (!answer) {
        return Err{answer.error()};
    }
    auto fees = read_as(*answer, "eth_feeHistory", [](const Fields& fields) {
        L1Fees read;
        // The last of each list is the next block's.
        fields.each("baseFeePerGas", [&](const Fields& f) { read.base_fee = f.as_word(); });
        if (fields.has("baseFeePerBlobGas")) {
            fields.each("baseFeePerBlobGas", [&](const Fields& f) {
                read.blob_base_fee = f.as_word();
            });
        }
        return read;
    });
    if (!fees) {
        return fees;
    }
    const auto priority = raw_call("eth_maxPriorityFeePerGas", json::array());
    if (!priority) {
        return Err{priority.error()};
    }
    const auto word =
        read_as(*priority, "eth_maxPriorityFeePerGas", [](const Fields& f) { return f.as_word(); });
    if (!word) {
        return Err{word.error()};
    }
    fees->priority_fee = *word;
    return fees;
}

Result<Hash256> L1Client::send_raw(BytesView envelope) {
    const auto answer = raw_call("eth_sendRawTransaction", {to_hex(envelope)});
    if (!answer) {
        return Err{answer.error()};
    }
    return read_as(*answer, "eth_sendRawTransaction", [](const Fields& f) { return f.as_hash(); });
}

// ---- blobs
// ---------------------------------------------------------------------------------------

Result<json> L1Client::beacon_get(const std::string& path) {
    const auto response = beacon_->get(path);
    is_lost_ = !response;
    if (!response) {
        return Err{response.error()};
    }
    if (response->status != 200) {
        return Err{Error{"GET " + path + ": HTTP " + std::to_string(response->status)}};
    }
    auto answer = replay::parse_json(response->body);
    if (!answer) {
        return Err{Error{"GET " + path + ": " + answer.error().message}};
    }
    return answer;
}

/// anvil names blobs by block number, a consensus client by slot.
Result<std::string> L1Client::blobs_path(const L1Header& block) {
    const std::string base = "/eth/v1/beacon/blobs/";
    if (options_.beacon_url.empty() || options_.beacon_url == options_.url) {
        return base + std::to_string(block.number);
    }
    if (!beacon_genesis_time_) {
        const auto genesis = beacon_get("/eth/v1/beacon/genesis");
        const auto spec = beacon_get("/eth/v1/config/spec");
        if (!genesis || !spec) {
            return Err{!genesis ? genesis.error() : spec.error()};
        }
        const json none = json::object();
        const json& genesis_data = genesis->is_object() ? genesis->value("data", none) : none;
        const json& spec_data = spec->is_object() ? spec->value("data", none) : none;
        const auto time =
            decimal(genesis_data.is_object() ? genesis_data.value("genesis_time", json()) : json());
        const auto slot_seconds =
            decimal(spec_data.is_object() ? spec_data.value("SECONDS_PER_SLOT", json()) : json());
        if (!time || !slot_seconds || *slot_seconds == 0) {
            return Err{Error{"the beacon endpoint tells neither its genesis time nor its slots"}};
        }
        beacon_genesis_time_ = *time;
        seconds_per_slot_ = *slot_seconds;
    }
    if (block.timestamp < *beacon_genesis_time_) {
        return Err{Error{"L1 block " + std::to_string(block.number) + " is before the beacon chain"}
        };
    }
    return base + std::to_string((block.timestamp - *beacon_genesis_time_) / seconds_per_slot_);
}

Result<std::vector<Blob>> L1Client::blobs(
    const L1Header& block, const std::vector<Hash256>& hashes
) {
    const auto path = blobs_path(block);
    if (!path) {
        return Err{path.error()};
    }
    const auto answer = beacon_get(*path);
    if (!answer) {
        return Err{answer.error()};
    }
    const auto offered = read_as(*answer, *path, [](const Fields& fields) {
        std::vector<Blob> read;
        fields.each("data", [&](const Fields& blob) { read.push_back(blob.as_data()); });
        return read;
    });
    if (!offered) {
        return Err{offered.error()};
    }
    std::vector<std::optional<Hash256>> offered_hashes;
    for (const Blob& blob : *offered) {
        offered_hashes.push_back(versioned_hash_of(blob));
    }
    std::vector<Blob> found;
    for (const Hash256& hash : hashes) {
        const auto at = std::ranges::find(offered_hashes, std::optional(hash));
        if (at == offered_hashes.end()) {
            return Err{Error{"blob " + to_hex(hash) + " is not at " + *path}};
        }
        found.push_back((*offered)[static_cast<size_t>(at - offered_hashes.begin())]);
    }
    return found;
}

}  // namespace mega::settlement
