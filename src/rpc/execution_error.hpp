#pragma once

// How failed execution reads in JSON-RPC.

#include "execution/call.hpp"
#include "rpc/error.hpp"

#include <optional>

namespace mega::rpc {

/// What Solidity's Error(string) or Panic(uint256) in revert data says, as text.
[[nodiscard]] std::optional<std::string> revert_reason(BytesView revert_data);

/// Code 3, "execution reverted" or "execution reverted: reason", with the data.
[[nodiscard]] RpcError revert_error(BytesView revert_data);
/// Of a result whose status is not success: revert_error, or -32000 with geth's words.
[[nodiscard]] RpcError failure_error(const execution::TxResult& result);
[[nodiscard]] RpcError failure_error(evm::Status status, BytesView output);
[[nodiscard]] RpcError to_rpc_error(const execution::TxError& error);
/// An error of the layers below that reads well enough as it is.
[[nodiscard]] RpcError to_rpc_error(const Error& error);

}  // namespace mega::rpc
