// Requests of any shape: the dispatcher answers with JSON or nothing, once, and readers of
// parameters take or refuse.

#include "base/assert.hpp"
#include "rpc/block_id.hpp"
#include "rpc/call_args.hpp"
#include "rpc/dispatcher.hpp"
#include "rpc/log_query.hpp"
#include "rpc/worker_pool.hpp"

namespace {

using mega::rpc::Answer;
using nlohmann::json;

/// Feeds every reader; what is read matters less than that reading ends well.
Answer read_everything(const json& params) {
    using namespace mega::rpc;  // NOLINT(google-build-using-namespace)
    size_t taken = 0;
    for (const json& value : params) {
        taken += read_address(value, "x").has_value() ? 1 : 0;
        taken += read_hash(value, "x").has_value() ? 1 : 0;
        taken += read_data(value, "x").has_value() ? 1 : 0;
        taken += read_u256(value, "x").has_value() ? 1 : 0;
        taken += read_block_id(value, "x").has_value() ? 1 : 0;
        taken += read_log_query(value, MethodLimits{}).has_value() ? 1 : 0;
        taken += read_call_args(value).has_value() ? 1 : 0;
        const mega::state::EmptyState empty;
        mega::state::Overlay overlay(empty);
        taken += apply_state_overrides(value, overlay).has_value() ? 1 : 0;
        mega::execution::BlockEnv env;
        taken += apply_block_overrides(value, env).has_value() ? 1 : 0;
    }
    return std::to_string(taken);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static mega::rpc::WorkerPool workers(1, 1);
    static const mega::rpc::Dispatcher& dispatcher = *[] {
        static mega::rpc::Dispatcher made(
            {.max_batch = 20, .max_depth = 64, .max_response_bytes = 1000}, workers
        );
        made.add("read", read_everything);
        made.add("echo", [](const json& params) { return Answer(params.dump()); });
        return &made;
    }();
    int answers = 0;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    dispatcher.dispatch({}, text, [&](const std::string& answer) {
        ++answers;
        MEGA_ASSERT(answer.empty() || json::accept(answer));
    });
    MEGA_ASSERT(answers == 1);
    return 0;
}
