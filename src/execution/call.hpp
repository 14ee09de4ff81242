#pragma once

// Execution without consequences, for eth_call, eth_estimateGas and eth_createAccessList. State
// overrides are an state::Overlay over the view with its set functions; block overrides go into the
// BlockEnv.

#include "execution/transaction.hpp"

namespace mega::execution {

/// What a call may do that a transaction may not: any nonce, contract senders, gas beyond the
/// per-transaction cap, and a fee cap of zero. Value and fees must be covered, as geth has it.
[[nodiscard]] ExecutionOptions call_options();

/// eth_call: executes `call` (tx and sender; no signature, hash or envelope needed) and gives
/// everything but a change of state. A call that names no fee sees a base fee of zero.
[[nodiscard]] Result<TxResult, TxError> simulate(
    evm::Vm& vm,
    const state::StateView& view,
    const BlockEnv& env,
    const SignedTransaction& call,
    const ExecutionOptions& options = call_options()
);

struct EstimateError {
    enum class Kind : uint8_t {
        invalid,   // the transaction cannot be executed at all
        failed,    // it fails with any gas
        reverted,  // the same, with `revert_data`
    };
    Kind kind = Kind::failed;
    std::string message;
    Bytes revert_data;
};

/// eth_estimateGas: the least gas limit, to within 1.5 %, with which `call` succeeds.
/// `call.tx.gas_limit` bounds the search from above where it is not zero; else the block's gas
/// limit does. `gas_cap` bounds both where it is not zero, and so do the cap of EIP-7825 and what
/// the sender can pay for.
[[nodiscard]] Result<uint64_t, EstimateError> estimate_gas(
    evm::Vm& vm,
    const state::StateView& view,
    const BlockEnv& env,
    const SignedTransaction& call,
    uint64_t gas_cap = 0
);

struct AccessListResult {
    AccessList access_list;
    uint64_t gas_used = 0;
    evm::Status status = evm::Status::success;  // of the execution with that list
};

/// eth_createAccessList: what `call` accesses beyond the sender, the recipient and the precompiles,
/// whose slots count too. Repeated with the list found until it stays the same, at most
/// `max_rounds` times.
[[nodiscard]] Result<AccessListResult, TxError> create_access_list(
    evm::Vm& vm,
    const state::StateView& view,
    const BlockEnv& env,
    const SignedTransaction& call,
    uint32_t max_rounds = 8
);

}  // namespace mega::execution
