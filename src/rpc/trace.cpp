#include "rpc/trace.hpp"

#include "evm/precompiles.hpp"
#include "rpc/json_writer.hpp"

#include <map>

namespace mega::rpc {
namespace {

using nlohmann::json;

class NoTracer final : public JsonTracer {
  public:
    [[nodiscard]] std::string json(const execution::TxResult&) override { return "{}"; }
};

/// "selector-size of the arguments" -> count, of calls that run code.
class SelectorTracer final : public JsonTracer {
  public:
    SelectorTracer(const TraceContext& context, TraceBudget& budget)
        : fork_(context.env.fork), budget_(budget) {}

    void on_enter(const evm::Message& message) override {
        const bool is_creation =
            message.kind == evm::CallKind::create || message.kind == evm::CallKind::create2;
        if (is_creation || message.input.size() < selector_size ||
            evm::is_precompile(fork_, message.code_address)) {
            return;
        }
        const std::string key = to_hex(message.input.first(selector_size)) + "-" +
                                std::to_string(message.input.size() - selector_size);
        if (counts_.contains(key) || budget_.take(1, 2 * key.size())) {
            ++counts_[key];
        }
    }

    [[nodiscard]] std::string json(const execution::TxResult&) override {
        JsonWriter out;
        out.begin_object();
        for (const auto& [key, count] : counts_) {
            out.key(key).number(count);
        }
        return out.end_object().take();
    }

  private:
    static constexpr size_t selector_size = 4;

    const Fork fork_;
    TraceBudget& budget_;
    std::map<std::string, uint64_t> counts_;
};

const std::map<std::string_view, TracerKind>& tracer_names() {
    static const std::map<std::string_view, TracerKind> names{
        {"callTracer", TracerKind::calls},
        {"flatCallTracer", TracerKind::flat_calls},
        {"prestateTracer", TracerKind::prestate},
        {"4byteTracer", TracerKind::selectors},
        {"noopTracer", TracerKind::nothing},
    };
    return names;
}

/// Reads a member that may be missing into `into`, negated when its name says so.
Read<void> read_flag(const json& object, const char* name, bool& into, bool is_negated = false) {
    const auto member = object.find(name);
    if (member == object.end() || member->is_null()) {
        return {};
    }
    const auto value = read_bool(*member, name);
    if (!value) {
        return Err{value.error()};
    }
    into = *value != is_negated;
    return {};
}

struct Flag {
    const char* name;
    bool TraceOptions::* member;
    bool is_negated = false;
};

template <size_t N>
Read<void> read_flags(const json& object, const Flag (&flags)[N], TraceOptions& options) {
    for (const Flag& flag : flags) {
        if (auto read = read_flag(object, flag.name, options.*flag.member, flag.is_negated);
            !read) {
            return read;
        }
    }
    return {};
}

constexpr Flag struct_log_flags[] = {
    {"disableStack", &TraceOptions::with_stack, true},
    {"disableStorage", &TraceOptions::with_storage, true},
    {"enableMemory", &TraceOptions::with_memory},
    {"enableReturnData", &TraceOptions::with_return_data},
};
constexpr Flag tracer_flags[] = {
    {"onlyTopCall", &TraceOptions::only_top_call},
    {"withLog", &TraceOptions::with_logs},
    {"diffMode", &TraceOptions::diff_mode},
    {"disableCode", &TraceOptions::with_code, true},
    {"disableStorage", &TraceOptions::with_slots, true},
};

Read<void> read_tracer(const json& value, TraceOptions& options) {
    const json& tracer = value["tracer"];
    const auto known = tracer.is_string()
                           ? tracer_names().find(tracer.get_ref<const std::string&>())
                           : tracer_names().end();
    if (known == tracer_names().end()) {
        return fail(
            invalid_params,
            "tracer not found: there are callTracer, flatCallTracer, prestateTracer, 4byteTracer "
            "and noopTracer, and no scripts"
        );
    }
    options.kind = known->second;
    const auto config = value.find("tracerConfig");
    if (config == value.end() || config->is_null()) {
        return {};
    }
    if (!config->is_object()) {
        return fail(invalid_params, "invalid argument tracerConfig: not an object");
    }
    return read_flags(*config, tracer_flags, options);
}

}  // namespace

Read<TraceOptions> read_trace_options(const json& value) {
    TraceOptions options;
    if (value.is_null()) {
        return options;
    }
    if (!value.is_object()) {
        return fail(invalid_params, "invalid argument config: not an object");
    }
    if (auto read = read_flags(value, struct_log_flags, options); !read) {
        return Err{read.error()};
    }
    if (const auto limit = value.find("limit"); limit != value.end() && !limit->is_null()) {
        const auto steps = read_u64(*limit, "limit");
        if (!steps) {
            return Err{steps.error()};
        }
        options.max_steps = *steps;
    }
    if (const auto tracer = value.find("tracer"); tracer != value.end() && !tracer->is_null()) {
        if (auto read = read_tracer(value, options); !read) {
            return Err{read.error()};
        }
    }
    return options;
}

std::unique_ptr<JsonTracer> make_selector_tracer(const TraceContext& context, TraceBudget& budget) {
    return std::make_unique<SelectorTracer>(context, budget);
}

std::unique_ptr<JsonTracer> make_tracer(
    const TraceOptions& options, const TraceContext& context, TraceBudget& budget
) {
    switch (options.kind) {
        case TracerKind::struct_log:
            return make_struct_logger(options, budget);
        case TracerKind::calls:
        case TracerKind::flat_calls:
            return make_call_tracer(options, context, budget);
        case TracerKind::prestate:
            return make_prestate_tracer(options, context, budget);
        case TracerKind::selectors:
            return make_selector_tracer(context, budget);
        case TracerKind::nothing:
            break;
    }
    return std::make_unique<NoTracer>();
}

}  // namespace mega::rpc
