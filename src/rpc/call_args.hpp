#pragma once

// The transaction object of eth_call, eth_estimateGas, eth_sendTransaction and their kin, and the
// overrides that go with calls.

#include "execution/transaction.hpp"
#include "rpc/params.hpp"
#include "state/overlay.hpp"

namespace mega::rpc {

struct CallArgs {
    Address from;
    std::optional<Address> to;
    std::optional<uint64_t> gas;
    std::optional<u256> gas_price;
    std::optional<u256> max_fee_per_gas;
    std::optional<u256> max_priority_fee_per_gas;
    u256 value;
    std::optional<uint64_t> nonce;
    Bytes data;
    std::optional<AccessList> access_list;
    std::vector<Authorization> authorization_list;
    std::optional<uint64_t> chain_id;

    [[nodiscard]] bool names_fee() const {
        return gas_price || max_fee_per_gas || max_priority_fee_per_gas;
    }
};

/// `data` and `input` mean the same; different values are an error, and so are gasPrice and
/// maxFeePerGas together.
[[nodiscard]] Read<CallArgs> read_call_args(const nlohmann::json& value);

/// What execution::simulate takes: gas is `gas_cap` where none is named and never more, the fee
/// zero where none is named, the nonce that of the account in `view`.
[[nodiscard]] SignedTransaction to_call(
    const CallArgs& args, const state::StateView& view, uint64_t chain_id, uint64_t gas_cap
);

[[nodiscard]] Read<AccessList> read_access_list(const nlohmann::json& value);

/// {address: {balance, nonce, code, state, stateDiff}}; null changes nothing.
[[nodiscard]] Read<void> apply_state_overrides(
    const nlohmann::json& value, state::Overlay& overlay
);
/// {number, time, gasLimit, feeRecipient (or coinbase), prevRandao (or random), baseFeePerGas (or
/// baseFee), blobBaseFee}; null changes nothing.
[[nodiscard]] Read<void> apply_block_overrides(
    const nlohmann::json& value, execution::BlockEnv& env
);

}  // namespace mega::rpc
