#pragma once

// JSON-RPC errors: the standard codes, geth's, and those of EIP-7966.

#include "base/result.hpp"

#include <string>

namespace mega::rpc {

enum ErrorCode : int {
    parse_error = -32700,
    invalid_request = -32600,
    method_not_found = -32601,
    invalid_params = -32602,
    internal_error = -32603,
    server_error = -32000,  // pool and execution errors
    resource_not_found = -32001,
    limit_exceeded = -32005,
    execution_reverted = 3,
    sync_timeout = 4,    // EIP-7966: not executed in time; data is the hash
    sync_not_ready = 5,  // EIP-7966
    sync_nonce_gap = 6,  // EIP-7966: data is the expected nonce
};

struct RpcError {
    int code = internal_error;
    std::string message;
    /// JSON text; empty when the error carries no data.
    std::string data;
};

/// The JSON text of a result, or an error.
using Answer = Result<std::string, RpcError>;

[[nodiscard]] inline Err<RpcError> fail(int code, std::string message, std::string data = {}) {
    return Err{RpcError{code, std::move(message), std::move(data)}};
}

}  // namespace mega::rpc
