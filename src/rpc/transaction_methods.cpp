#include "rpc/execution_error.hpp"
#include "rpc/format.hpp"
#include "rpc/methods.hpp"
#include "rpc/params.hpp"

namespace mega::rpc {
namespace {

using nlohmann::json;
using sequencer::FoundTransaction;

Read<std::optional<FoundTransaction>> find_executed(const Backend& backend, const Hash256& hash) {
    auto found = backend.reader.transaction(hash);
    if (!found) {
        return Err{to_rpc_error(found.error())};
    }
    return std::move(*found);
}

/// From the chain, else from the pool, else null.
Answer get_transaction(const Backend& backend, const json& params) {
    auto hash = read_hash(param(params, 0), "0");
    if (!hash) {
        return Err{hash.error()};
    }
    // The pool first: a transaction that leaves it meanwhile is found in the chain after.
    const mempool::TxPtr pooled = backend.intake.find_pooled(*hash);
    auto found = find_executed(backend, *hash);
    if (!found) {
        return Err{found.error()};
    }
    JsonWriter out;
    if (*found) {
        write_transaction(out, *(*found)->executed, inclusion_of(**found));
    } else if (pooled != nullptr) {
        write_pending_transaction(out, *pooled);
    } else {
        out.null();
    }
    return out.take();
}

Answer get_receipt(const Backend& backend, const json& params) {
    auto hash = read_hash(param(params, 0), "0");
    if (!hash) {
        return Err{hash.error()};
    }
    auto found = find_executed(backend, *hash);
    if (!found) {
        return Err{found.error()};
    }
    JsonWriter out;
    if (*found) {
        write_receipt(out, *(*found)->executed, inclusion_of(**found));
    } else {
        out.null();
    }
    return out.take();
}

Answer get_raw_transaction(const Backend& backend, const json& params) {
    auto hash = read_hash(param(params, 0), "0");
    if (!hash) {
        return Err{hash.error()};
    }
    const mempool::TxPtr pooled = backend.intake.find_pooled(*hash);
    auto found = find_executed(backend, *hash);
    if (!found) {
        return Err{found.error()};
    }
    if (*found) {
        return quoted_hex((*found)->executed->tx->raw);
    }
    return pooled != nullptr ? quoted_hex(pooled->raw) : std::string("null");
}

}  // namespace

void add_transaction_methods(Dispatcher& dispatcher, const Backend& backend) {
    const auto with_backend = [&](auto method) {
        return [&backend, method](const json& params) { return method(backend, params); };
    };
    dispatcher.add("eth_getTransactionByHash", with_backend(get_transaction));
    dispatcher.add("eth_getTransactionReceipt", with_backend(get_receipt));
    dispatcher.add("eth_getRawTransactionByHash", with_backend(get_raw_transaction));
    dispatcher.add("debug_getRawTransaction", with_backend(get_raw_transaction));
}

}  // namespace mega::rpc
