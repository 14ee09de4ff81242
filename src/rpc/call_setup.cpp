#include "rpc/call_setup.hpp"

#include "rpc/execution_error.hpp"

namespace mega::rpc {

Read<CallGround> call_ground(
    const Backend& backend,
    const BlockId& block,
    const nlohmann::json& state_overrides,
    const nlohmann::json& block_overrides
) {
    auto number = number_of(backend.reader, block);
    if (!number) {
        return Err{number.error()};
    }
    auto snapshot = find_state(backend.reader, block);
    if (!snapshot) {
        return Err{snapshot.error()};
    }
    auto env = backend.reader.env_at(*number);
    if (!env) {
        return Err{to_rpc_error(env.error())};
    }
    CallGround ground{std::move(*snapshot), nullptr, *env};
    ground.state = std::make_unique<state::Overlay>(*ground.snapshot);
    if (auto applied = apply_state_overrides(state_overrides, *ground.state); !applied) {
        return Err{applied.error()};
    }
    if (auto applied = apply_block_overrides(block_overrides, ground.env); !applied) {
        return Err{applied.error()};
    }
    return ground;
}

Read<SignedTransaction> read_call(
    const Backend& backend, const nlohmann::json& value, const state::StateView& view
) {
    auto args = read_call_args(value);
    if (!args) {
        return Err{args.error()};
    }
    if (args->chain_id && *args->chain_id != backend.chain_id) {
        return fail(
            invalid_params,
            "chainId does not match node's (have=" + std::to_string(*args->chain_id) +
                ", want=" + std::to_string(backend.chain_id) + ")"
        );
    }
    return to_call(*args, view, backend.chain_id, backend.limits.call_gas);
}

evm::Vm& thread_vm() {
    thread_local evm::Vm vm;
    return vm;
}

}  // namespace mega::rpc
