#include "rpc/accounts.hpp"
#include "rpc/json_writer.hpp"
#include "rpc/methods.hpp"
#include "rpc/params.hpp"

#include "crypto/keccak.hpp"

#include <set>

namespace mega::rpc {
namespace {

using nlohmann::json;

Answer sha3(const json& params) {
    auto data = read_data(param(params, 0), "data");
    if (!data) {
        return Err{data.error()};
    }
    return quoted_hex(crypto::keccak256(*data));
}

std::string accounts_json(const Accounts& accounts) {
    JsonWriter out;
    out.begin_array();
    for (const Address& address : accounts.addresses()) {
        out.data(address);
    }
    return out.end_array().take();
}

/// {"eth": "1.0", …}: the first words of the names of all methods.
std::string modules_json(const std::vector<std::string>& names) {
    std::set<std::string> modules;
    for (const std::string& name : names) {
        modules.insert(name.substr(0, name.find('_')));
    }
    JsonWriter out;
    out.begin_object();
    for (const std::string& module : modules) {
        out.field_string(module, "1.0");
    }
    return out.end_object().take();
}

}  // namespace

void add_node_methods(Dispatcher& dispatcher, const Backend& backend) {
    dispatcher.add("web3_clientVersion", [&](const json&) {
        return Answer(rpc::quoted(backend.client_version));
    });
    dispatcher.add("web3_sha3", sha3);
    dispatcher.add("net_version", [&](const json&) {
        return Answer(rpc::quoted(std::to_string(backend.chain_id)));
    });
    dispatcher.add("net_listening", [](const json&) { return Answer("true"); });
    dispatcher.add("net_peerCount", [](const json&) { return Answer(quoted_quantity(0)); });
    dispatcher.add("eth_chainId", [&](const json&) {
        return Answer(quoted_quantity(backend.chain_id));
    });
    dispatcher.add("eth_syncing", [](const json&) { return Answer("false"); });
    dispatcher.add("eth_mining", [](const json&) { return Answer("false"); });
    dispatcher.add("eth_hashrate", [](const json&) { return Answer(quoted_quantity(0)); });
    dispatcher.add("eth_accounts", [&](const json&) {
        return Answer(accounts_json(backend.accounts));
    });
    dispatcher.add("eth_coinbase", [&](const json&) {
        return Answer(quoted_hex(backend.reader.open_block()->header.beneficiary));
    });
    dispatcher.add("eth_blockNumber", [&](const json&) {
        return Answer(quoted_quantity(backend.reader.latest_number()));
    });
    dispatcher.add("rpc_modules", [&dispatcher](const json&) {
        return Answer(modules_json(dispatcher.method_names()));
    });
}

}  // namespace mega::rpc
