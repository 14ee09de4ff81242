#pragma once

// What eth_call, estimates, access lists and traces of calls have in common: the state, the block
// environment and the call itself, out of their parameters.

#include "rpc/backend.hpp"
#include "rpc/block_id.hpp"
#include "rpc/call_args.hpp"

#include <memory>

namespace mega::rpc {

/// The state and block that calls run on. Holds a snapshot: to be dropped soon.
struct CallGround {
    storage::Snapshot snapshot;
    std::unique_ptr<state::Overlay> state;  // over the snapshot, with the overrides
    execution::BlockEnv env;
};

/// Null overrides change nothing.
[[nodiscard]] Read<CallGround> call_ground(
    const Backend& backend,
    const BlockId& block,
    const nlohmann::json& state_overrides,
    const nlohmann::json& block_overrides
);

/// Reads the transaction object, checks its chain id, and makes the call of it.
[[nodiscard]] Read<SignedTransaction> read_call(
    const Backend& backend, const nlohmann::json& value, const state::StateView& view
);

/// The machine of this thread: a Vm is costly to make and serves one call at a time.
[[nodiscard]] evm::Vm& thread_vm();

}  // namespace mega::rpc
