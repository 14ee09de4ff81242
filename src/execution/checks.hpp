#pragma once

// The part of a transaction's validity that needs no state, with the fork known at compile time.

#include "execution/rules.hpp"
#include "execution/transaction.hpp"

namespace mega::execution {

inline constexpr uint64_t gas_per_blob = 131072;  // EIP-4844

template <Fork F>
[[nodiscard]] IntrinsicGas intrinsic_gas(const Transaction& tx);

/// Gives the intrinsic gas, which costs a walk over the data, so that it is computed once. A
/// deposit passes always.
template <Fork F>
[[nodiscard]] Result<IntrinsicGas, TxError> check_form(
    uint64_t chain_id, const Transaction& tx, const ExecutionOptions& options
);

}  // namespace mega::execution
