#pragma once

// debug_trace*: transactions and calls executed again, watched by a tracer (trace.hpp).

#include "rpc/backend.hpp"
#include "rpc/dispatcher.hpp"

namespace mega::rpc {

/// debug_traceTransaction, debug_traceCall, debug_traceBlockByNumber, debug_traceBlockByHash.
void add_trace_methods(Dispatcher& dispatcher, const Backend& backend);

}  // namespace mega::rpc
