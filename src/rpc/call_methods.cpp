#include "rpc/call_setup.hpp"
#include "rpc/execution_error.hpp"
#include "rpc/format.hpp"
#include "rpc/methods.hpp"

namespace mega::rpc {
namespace {

using nlohmann::json;

/// The parameters that calls share: [transaction, block, state overrides, block overrides].
struct Call {
    CallGround ground;
    SignedTransaction tx;
};

Read<Call> read_call_at(const Backend& backend, const json& params) {
    auto block = read_block_id(param(params, 1), "block");
    if (!block) {
        return Err{block.error()};
    }
    auto ground = call_ground(backend, *block, param(params, 2), param(params, 3));
    if (!ground) {
        return Err{ground.error()};
    }
    auto tx = read_call(backend, param(params, 0), *ground->state);
    if (!tx) {
        return Err{tx.error()};
    }
    return Call{std::move(*ground), std::move(*tx)};
}

RpcError estimate_failure(const execution::EstimateError& error) {
    return error.kind == execution::EstimateError::Kind::reverted
               ? revert_error(error.revert_data)
               : RpcError{server_error, error.message, {}};
}

Answer estimate_gas(const Backend& backend, const json& params) {
    auto call = read_call_at(backend, params);
    if (!call) {
        return Err{call.error()};
    }
    // Zero leaves the search to the block's limit and the cap.
    if (param(params, 0).value("gas", json()).is_null()) {
        call->tx.tx.gas_limit = 0;
    }
    auto gas = execution::estimate_gas(
        thread_vm(), *call->ground.state, call->ground.env, call->tx, backend.limits.call_gas
    );
    return gas ? Answer(quoted_quantity(*gas)) : Err{estimate_failure(gas.error())};
}

Answer create_access_list(const Backend& backend, const json& params) {
    auto call = read_call_at(backend, params);
    if (!call) {
        return Err{call.error()};
    }
    auto result =
        execution::create_access_list(thread_vm(), *call->ground.state, call->ground.env, call->tx);
    if (!result) {
        return Err{to_rpc_error(result.error())};
    }
    JsonWriter out;
    out.begin_object().key("accessList");
    write_access_list(out, result->access_list);
    if (result->status != evm::Status::success) {
        out.field_string("error", failure_error(result->status, {}).message);
    }
    return out.field_quantity("gasUsed", result->gas_used).end_object().take();
}

/// One call of a bundle: its value, or why it has none. What it changed stays for the next ones.
void run_bundled(
    JsonWriter& out, CallGround& ground, const SignedTransaction& tx, uint64_t& gas_left
) {
    out.begin_object();
    const auto result = execution::simulate(thread_vm(), *ground.state, ground.env, tx);
    if (!result) {
        out.field_string("error", result.error().message).end_object();
        return;
    }
    gas_left -= std::min(gas_left, result->gas_used);
    if (result->success()) {
        out.field("value", result->output);
        ground.state->apply(result->diff);
    } else {
        out.field_string("error", failure_error(*result).message);
        if (result->status == evm::Status::revert) {
            out.field("data", result->output);
        }
    }
    out.end_object();
}

/// [[call, …]] of one bundle, over the ground that its overrides give.
Read<void> run_bundle(
    const Backend& backend,
    JsonWriter& out,
    CallGround& ground,
    const json& calls,
    uint64_t& gas_left
) {
    for (const json& item : calls) {
        auto tx = read_call(backend, item, *ground.state);
        if (!tx) {
            return Err{tx.error()};
        }
        if (gas_left == 0) {
            return fail(
                limit_exceeded,
                "the calls use more than " + std::to_string(backend.limits.call_gas) + " gas"
            );
        }
        tx->tx.gas_limit = std::min(tx->tx.gas_limit, gas_left);
        run_bundled(out, ground, *tx, gas_left);
    }
    return {};
}

Read<void> check_bundles(const Backend& backend, const json& bundles) {
    if (!bundles.is_array()) {
        return fail(invalid_params, "invalid argument bundles: missing or not an array");
    }
    size_t count = 0;
    for (const json& bundle : bundles) {
        const auto transactions = bundle.is_object() ? bundle.find("transactions") : bundle.end();
        if (transactions == bundle.end() || !transactions->is_array()) {
            return fail(invalid_params, "invalid argument bundles: transactions is not an array");
        }
        count += transactions->size();
    }
    if (count > backend.limits.max_calls_per_request) {
        return fail(
            limit_exceeded,
            "too many calls: at most " + std::to_string(backend.limits.max_calls_per_request)
        );
    }
    return {};
}

/// eth_callMany [bundles, {blockNumber}, stateOverride]: a bundle is {transactions, blockOverride};
/// each sees what the calls before it changed. All of them together have the gas of one eth_call.
Answer call_many(const Backend& backend, const json& params) {
    const json& bundles = param(params, 0);
    if (auto checked = check_bundles(backend, bundles); !checked) {
        return Err{checked.error()};
    }
    const json& context = param(params, 1);
    const json& where =
        context.is_object() && context.contains("blockNumber") ? context["blockNumber"] : context;
    auto block = read_block_id(where, "block");
    if (!block) {
        return Err{block.error()};
    }
    auto ground = call_ground(backend, *block, param(params, 2), json());
    if (!ground) {
        return Err{ground.error()};
    }
    const execution::BlockEnv env = ground->env;
    uint64_t gas_left = backend.limits.call_gas;
    JsonWriter out;
    out.begin_array();
    for (const json& bundle : bundles) {
        ground->env = env;
        const json overrides = bundle.value("blockOverride", json());
        if (auto applied = apply_block_overrides(overrides, ground->env); !applied) {
            return Err{applied.error()};
        }
        out.begin_array();
        auto ran = run_bundle(backend, out, *ground, bundle["transactions"], gas_left);
        if (!ran) {
            return Err{ran.error()};
        }
        out.end_array();
    }
    return out.end_array().take();
}

}  // namespace

Answer eth_call(const Backend& backend, const json& params) {
    auto call = read_call_at(backend, params);
    if (!call) {
        return Err{call.error()};
    }
    auto result = execution::simulate(thread_vm(), *call->ground.state, call->ground.env, call->tx);
    if (!result) {
        return Err{to_rpc_error(result.error())};
    }
    return result->success() ? Answer(quoted_hex(result->output)) : Err{failure_error(*result)};
}

void add_call_methods(Dispatcher& dispatcher, const Backend& backend) {
    const auto with_backend = [&](auto method) {
        return [&backend, method](const json& params) { return method(backend, params); };
    };
    dispatcher.add_slow("eth_call", with_backend(eth_call));
    dispatcher.add_slow("eth_estimateGas", with_backend(estimate_gas));
    dispatcher.add_slow("eth_createAccessList", with_backend(create_access_list));
    dispatcher.add_slow("eth_callMany", with_backend(call_many));
}

}  // namespace mega::rpc
