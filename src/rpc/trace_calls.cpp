// callTracer and flatCallTracer: the tree of calls, as geth nests it and as Parity lists it.

#include "evm/precompiles.hpp"
#include "rpc/execution_error.hpp"
#include "rpc/json_writer.hpp"
#include "rpc/trace.hpp"

namespace mega::rpc {
namespace {

using evm::CallKind;
using evm::Status;

/// Around the values of one call.
constexpr size_t call_overhead_bytes = 400;

struct TracedLog {
    Log log;
    size_t position = 0;  // how many calls came before it
};

struct Call {
    std::string_view type;
    Address from;
    Address to;
    std::optional<u256> value;
    uint64_t gas = 0;
    uint64_t gas_used = 0;
    Bytes input;
    Bytes output;
    Status status = Status::success;
    bool is_creation = false;
    bool is_precompile = false;
    std::vector<TracedLog> logs;
    std::vector<Call> calls;

    [[nodiscard]] bool failed() const { return status != Status::success; }
};

std::string_view type_of(CallKind kind) {
    switch (kind) {
        case CallKind::call:
            return "CALL";
        case CallKind::callcode:
            return "CALLCODE";
        case CallKind::delegatecall:
            return "DELEGATECALL";
        case CallKind::staticcall:
            return "STATICCALL";
        case CallKind::create:
            return "CREATE";
        case CallKind::create2:
            return "CREATE2";
    }
    return "CALL";
}

constexpr std::string_view selfdestruct_type = "SELFDESTRUCT";

std::string error_of(const Call& call) { return std::string(evm::to_string(call.status)); }

class CallTracer final : public JsonTracer {
  public:
    CallTracer(const TraceOptions& options, const TraceContext& context, TraceBudget& budget)
        : options_(options), context_(context), budget_(budget) {}

    void on_enter(const evm::Message& message) override {
        ++depth_;
        if (!is_recording()) {
            return;
        }
        Call call;
        call.type = type_of(message.kind);
        call.is_creation = message.kind == CallKind::create || message.kind == CallKind::create2;
        call.from = message.sender;
        call.to = call.is_creation ? message.recipient : message.code_address;
        if (message.kind == CallKind::delegatecall) {
            call.from = message.recipient;
        }
        if (message.kind != CallKind::staticcall) {
            call.value = message.value;
        }
        call.gas = static_cast<uint64_t>(message.gas);
        call.is_precompile =
            !call.is_creation && evm::is_precompile(context_.env.fork, message.code_address);
        if (!budget_.take(1, call_overhead_bytes + 2 * message.input.size())) {
            return;
        }
        call.input = to_bytes(message.input);
        open_.push_back(std::move(call));
    }

    void on_exit(const evm::Message& message, const evm::CallResult& result) override {
        const bool was_recording = is_recording();
        --depth_;
        if (!was_recording || open_.empty()) {
            return;
        }
        Call& call = open_.back();
        call.gas_used = static_cast<uint64_t>(message.gas - result.gas_left);
        call.status = result.status;
        const bool has_output = !call.failed() || result.status == Status::revert;
        if (has_output && budget_.take(0, 2 * result.output.size())) {
            call.output = to_bytes(result.output);
        }
        if (call.failed()) {
            clear_logs(call);
        }
        if (open_.size() > 1) {
            Call done = std::move(call);
            open_.pop_back();
            open_.back().calls.push_back(std::move(done));
        }
    }

    void on_log(const Log& log) override {
        const bool is_wanted = options_.with_logs && options_.kind == TracerKind::calls;
        if (is_wanted && is_recording() && !open_.empty() &&
            budget_.take(1, call_overhead_bytes + 2 * log.data.size())) {
            open_.back().logs.push_back({log, open_.back().calls.size()});
        }
    }

    void on_selfdestruct(const Address& contract, const Address& beneficiary, const u256& balance)
        override {
        const bool is_hidden = options_.only_top_call || open_.empty() || !is_recording();
        if (is_hidden || !budget_.take(1, call_overhead_bytes)) {
            return;
        }
        Call call;
        call.type = selfdestruct_type;
        call.from = contract;
        call.to = beneficiary;
        call.value = balance;
        open_.back().calls.push_back(std::move(call));
    }

    [[nodiscard]] std::string json(const execution::TxResult& result) override {
        if (open_.empty()) {
            // Nothing ran: a deposit whose gas does not cover its intrinsic part.
            open_.push_back(unentered(result));
        }
        Call& top = open_.front();
        top.gas = context_.tx.tx.gas_limit;
        top.gas_used = result.gas_used;
        if (top.is_creation && top.output.empty() && result.success()) {
            top.output = result.output;
        }
        return options_.kind == TracerKind::flat_calls ? flat() : nested(top);
    }

  private:
    [[nodiscard]] bool is_recording() const {
        return !budget_.is_exceeded && (depth_ <= 1 || !options_.only_top_call);
    }

    [[nodiscard]] Call unentered(const execution::TxResult& result) const {
        Call call;
        const Transaction& tx = context_.tx.tx;
        call.is_creation = !tx.to.has_value();
        call.type = type_of(call.is_creation ? CallKind::create : CallKind::call);
        call.from = context_.tx.sender;
        call.to = tx.to.value_or(Address{});
        call.value = tx.value;
        call.input = tx.data;
        call.status = result.status;
        return call;
    }

    /// What a failed call emitted, it and all below it, never happened.
    static void clear_logs(Call& call) {
        call.logs.clear();
        for (Call& inner : call.calls) {
            clear_logs(inner);
        }
    }

    /// The depth of the tree is that of the EVM's stack of calls: 1024.
    static void write(JsonWriter& out, const Call& call) {
        out.begin_object()
            .field("from", call.from)
            .field_quantity("gas", call.gas)
            .field_quantity("gasUsed", call.gas_used);
        if (!call.is_creation || !call.failed()) {
            out.field("to", call.to);
        }
        out.field("input", call.input);
        if (!call.output.empty()) {
            out.field("output", call.output);
        }
        if (call.failed()) {
            out.field_string("error", error_of(call));
            if (const auto reason = revert_reason(call.output)) {
                out.field_string("revertReason", *reason);
            }
        }
        if (!call.calls.empty()) {
            out.key("calls").begin_array();
            for (const Call& inner : call.calls) {
                write(out, inner);
            }
            out.end_array();
        }
        write_logs(out, call);
        if (call.value) {
            out.field_quantity("value", *call.value);
        }
        out.field_string("type", call.type).end_object();
    }

    static void write_logs(JsonWriter& out, const Call& call) {
        if (call.logs.empty()) {
            return;
        }
        out.key("logs").begin_array();
        for (const TracedLog& traced : call.logs) {
            out.begin_object().field("address", traced.log.address).key("topics").begin_array();
            for (const Hash256& topic : traced.log.topics) {
                out.data(topic);
            }
            out.end_array()
                .field("data", traced.log.data)
                .field_quantity("position", traced.position)
                .end_object();
        }
        out.end_array();
    }

    static std::string nested(const Call& top) {
        JsonWriter out;
        write(out, top);
        return out.take();
    }

    [[nodiscard]] std::string flat() {
        JsonWriter out;
        out.begin_array();
        std::vector<size_t> address;
        write_flat(out, open_.front(), address);
        return out.end_array().take();
    }

    /// Calls of precompiles are left out, as Parity did.
    [[nodiscard]] static bool is_listed(const Call& call) { return !call.is_precompile; }

    void write_flat(JsonWriter& out, const Call& call, std::vector<size_t>& address) {
        // Where a call stands costs once for each level above it.
        if (!budget_.take(0, 8 * address.size())) {
            return;
        }
        out.begin_object();
        write_action(out, call);
        out.field("blockHash", context_.block_hash)
            .key("blockNumber")
            .number(context_.env.context.number);
        if (call.failed()) {
            out.field_string("error", call.status == Status::revert ? "Reverted" : error_of(call));
        }
        write_result(out, call);
        const auto listed = std::ranges::count_if(call.calls, is_listed);
        out.key("subtraces").number(static_cast<uint64_t>(listed));
        out.key("traceAddress").begin_array();
        for (const size_t index : address) {
            out.number(index);
        }
        out.end_array()
            .field("transactionHash", context_.tx.hash)
            .key("transactionPosition")
            .number(context_.index)
            .field_string("type", flat_type(call))
            .end_object();
        size_t index = 0;
        for (const Call& inner : call.calls) {
            if (is_listed(inner)) {
                address.push_back(index++);
                write_flat(out, inner, address);
                address.pop_back();
            }
        }
    }

    static std::string_view flat_type(const Call& call) {
        if (call.type == selfdestruct_type) {
            return "suicide";
        }
        return call.is_creation ? "create" : "call";
    }

    static void write_action(JsonWriter& out, const Call& call) {
        out.key("action").begin_object();
        if (call.type == selfdestruct_type) {
            out.field("address", call.from)
                .field("refundAddress", call.to)
                .field_quantity("balance", call.value.value_or(u256{}))
                .end_object();
            return;
        }
        out.field("from", call.from).field_quantity("gas", call.gas);
        out.field_quantity("value", call.value.value_or(u256{}));
        if (call.is_creation) {
            out.field_string("creationMethod", call.type == "CREATE" ? "create" : "create2")
                .field("init", call.input)
                .end_object();
            return;
        }
        std::string type(call.type);
        std::ranges::transform(type, type.begin(), [](char c) {
            return static_cast<char>(c - 'A' + 'a');
        });
        out.field_string("callType", type)
            .field("input", call.input)
            .field("to", call.to)
            .end_object();
    }

    static void write_result(JsonWriter& out, const Call& call) {
        const bool has_result = !call.failed() || call.status == Status::revert;
        if (call.type == selfdestruct_type || !has_result) {
            out.field_null("result");
            return;
        }
        out.key("result").begin_object();
        if (call.is_creation && !call.failed()) {
            out.field("address", call.to).field("code", call.output);
        } else {
            out.field("output", call.output);
        }
        out.field_quantity("gasUsed", call.gas_used).end_object();
    }

    const TraceOptions options_;
    const TraceContext& context_;
    TraceBudget& budget_;
    size_t depth_ = 0;
    /// From the transaction's own call to the one that runs. The first stays when it has ended.
    std::vector<Call> open_;
};

}  // namespace

std::unique_ptr<JsonTracer> make_call_tracer(
    const TraceOptions& options, const TraceContext& context, TraceBudget& budget
) {
    return std::make_unique<CallTracer>(options, context, budget);
}

}  // namespace mega::rpc
