#pragma once

// Plain transfers: money from one account without code to another. Half of what a payment chain
// carries, and nothing of it needs an interpreter or a journal. What is decided here is decided
// exactly as execute_transaction's general path would; whatever is out of the ordinary is left to
// it.

#include "execution/transaction.hpp"

namespace mega::execution {

inline constexpr uint64_t transfer_gas = 21000;  // Yellow Paper appendix G, in every fork

/// Whether it may be one, as far as the transaction alone tells.
[[nodiscard]] bool looks_like_transfer(Fork fork, const Transaction& tx);

/// Figures of a transfer that sums of balances below 2^255 can hold.
struct TransferCosts {
    u256 price;   // a gas
    u256 tip;     // of it, the beneficiary's
    u256 needed;  // of the sender, at the start
    uint64_t data_gas = 0;
    uint64_t gas_used = 0;
    u256 to_vault;
};
/// Nothing when a rule that needs no state refuses the transaction, or a figure is out of range.
[[nodiscard]] std::optional<TransferCosts> transfer_costs(
    const BlockEnv& env, const SignedTransaction& tx, const ExecutionOptions& options
);

/// Nothing, too, where execute_transfer() leaves the transaction to the general path whatever the
/// state is. Gas left of the block is not asked.
[[nodiscard]] std::optional<TransferCosts> plan_transfer(
    const BlockEnv& env, const SignedTransaction& tx, const ExecutionOptions& options
);
/// Whether the sender of a transaction with this nonce can make it; `needed` as in its costs.
[[nodiscard]] bool can_make_transfer(const Account& sender, uint64_t nonce, const u256& needed);
/// False, and the sum is not to be used, where one might wrap.
[[nodiscard]] bool credit(Account& account, const u256& amount);

/// The whole transition. Nothing, and nothing happened, when it is not a plain transfer on this
/// state or cannot be part of the block.
[[nodiscard]] std::optional<TxResult> execute_transfer(
    const state::StateView& view,
    const BlockEnv& env,
    const SignedTransaction& tx,
    const ExecutionOptions& options
);

}  // namespace mega::execution
