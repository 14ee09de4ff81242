#pragma once

// Tracers: they watch one transaction being executed and write what they saw as JSON, in the shapes
// that geth gave the debug_trace methods.
//
//   struct log      every instruction with gas, stack, and on demand memory, storage, return data
//   callTracer      the tree of calls; onlyTopCall, withLog
//   flatCallTracer  the same as a list, in the shape of Parity's trace_ methods
//   prestateTracer  the accounts and slots that were looked at, before; diffMode: what changed
//   4byteTracer     how often which function selector was called
//   noopTracer      {}

#include "evm/tracer.hpp"
#include "execution/transaction.hpp"
#include "rpc/params.hpp"

#include <memory>

namespace mega::rpc {

enum class TracerKind : uint8_t { struct_log, calls, flat_calls, prestate, selectors, nothing };

struct TraceOptions {
    TracerKind kind = TracerKind::struct_log;
    // struct log
    bool with_stack = true;
    bool with_storage = true;
    bool with_memory = false;
    bool with_return_data = false;
    uint64_t max_steps = 0;  // recorded at most; 0: all
    // callTracer
    bool only_top_call = false;
    bool with_logs = false;
    // prestateTracer
    bool diff_mode = false;
    bool with_code = true;
    bool with_slots = true;
};
/// The configuration object of debug_trace*; null is the struct log with geth's defaults.
[[nodiscard]] Read<TraceOptions> read_trace_options(const nlohmann::json& value);

/// What one answer may still hold; shared by the transactions of a block.
struct TraceBudget {
    size_t steps = 0;
    size_t bytes = 0;

    /// False, and the budget empty for good, when there is less than that.
    bool take(size_t some_steps, size_t some_bytes) {
        if (some_steps > steps || some_bytes > bytes) {
            is_exceeded = true;
            steps = bytes = 0;
            return false;
        }
        steps -= some_steps;
        bytes -= some_bytes;
        return true;
    }
    bool is_exceeded = false;
};

/// Where the transaction stands.
struct TraceContext {
    const SignedTransaction& tx;
    const state::StateView& before;
    const execution::BlockEnv& env;
    Hash256 block_hash;  // flat calls; zero for a call
    uint32_t index = 0;  // the same
};

class JsonTracer : public evm::Tracer {
  public:
    /// After execution.
    [[nodiscard]] virtual std::string json(const execution::TxResult& result) = 0;
};

/// `context` and `budget` must outlive the tracer. When the budget is exceeded, the rest goes
/// unrecorded and the text is of no use.
[[nodiscard]] std::unique_ptr<JsonTracer> make_tracer(
    const TraceOptions& options, const TraceContext& context, TraceBudget& budget
);

// One for each kind, for make_tracer.
[[nodiscard]] std::unique_ptr<JsonTracer> make_struct_logger(
    const TraceOptions& options, TraceBudget& budget
);
[[nodiscard]] std::unique_ptr<JsonTracer> make_call_tracer(
    const TraceOptions& options, const TraceContext& context, TraceBudget& budget
);
[[nodiscard]] std::unique_ptr<JsonTracer> make_prestate_tracer(
    const TraceOptions& options, const TraceContext& context, TraceBudget& budget
);
[[nodiscard]] std::unique_ptr<JsonTracer> make_selector_tracer(
    const TraceContext& context, TraceBudget& budget
);

}  // namespace mega::rpc
