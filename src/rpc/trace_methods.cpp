#include "rpc/trace_methods.hpp"

#include "execution/l2_parameters.hpp"
#include "rpc/call_setup.hpp"
#include "rpc/execution_error.hpp"
#include "rpc/json_writer.hpp"
#include "rpc/trace.hpp"

namespace mega::rpc {
namespace {

using nlohmann::json;

/// The machine is shared by all calls of the thread: it must not keep a tracer that is gone.
class TracedVm {
  public:
    explicit TracedVm(evm::Tracer& tracer) : vm_(thread_vm()) { vm_.set_tracer(&tracer); }
    ~TracedVm() { vm_.set_tracer(nullptr); }
    TracedVm(const TracedVm&) = delete;
    TracedVm& operator=(const TracedVm&) = delete;

    [[nodiscard]] evm::Vm& vm() { return vm_; }

  private:
    evm::Vm& vm_;
};

TraceBudget budget_of(const Backend& backend) {
    return {backend.limits.max_trace_steps, backend.limits.max_trace_bytes};
}

Err<RpcError> too_long(const MethodLimits& limits) {
    return fail(
        limit_exceeded,
        "the trace exceeds " + std::to_string(limits.max_trace_steps) + " entries or " +
            std::to_string(limits.max_trace_bytes >> 20) +
            " MiB: trace one transaction, set limit, or use callTracer"
    );
}

/// A block on its way through its transactions once more. State set by hand inside the block (on a
/// development chain) is not among what it executes.
class Replay {
  public:
    [[nodiscard]] static Read<Replay> begin(const Backend& backend, sequencer::BlockViewPtr block) {
        const BlockHeader& header = block->header;
        if (header.number == 0) {
            return fail(server_error, "genesis is not traceable");
        }
        auto parent = backend.reader.state_at(header.number - 1);
        if (!parent) {
            return Err{to_rpc_error(parent.error())};
        }
        Replay replay(backend, std::move(block), std::move(*parent));
        replay.state_->apply(
            execution::begin_block(thread_vm(), *replay.state_, replay.env_, header)
        );
        return replay;
    }

    [[nodiscard]] size_t position() const { return position_; }
    [[nodiscard]] const SignedTransaction& next() const {
        return *block_->transactions[position_]->tx;
    }

    [[nodiscard]] Read<void> skip() {
        auto result = execution::execute_transaction(
            thread_vm(), *state_, env_, next(), execution::ExecutionOptions{}
        );
        if (!result) {
            return failed(result.error());
        }
        state_->apply(result->diff);
        ++position_;
        return {};
    }

    [[nodiscard]] Read<std::string> trace(const TraceOptions& options, TraceBudget& budget) {
        const TraceContext context{
            next(), *state_, env_, block_->hash, static_cast<uint32_t>(position_)
        };
        const auto tracer = make_tracer(options, context, budget);
        TracedVm traced(*tracer);
        const auto result = execution::execute_transaction(
            traced.vm(), *state_, env_, next(), execution::ExecutionOptions{}
        );
        if (!result) {
            return failed(result.error());
        }
        std::string text = tracer->json(*result);
        if (budget.is_exceeded) {
            return too_long(backend_->limits);
        }
        state_->apply(result->diff);
        ++position_;
        return text;
    }

  private:
    Replay(const Backend& backend, sequencer::BlockViewPtr block, storage::Snapshot parent)
        : backend_(&backend),
          block_(std::move(block)),
          parent_(std::move(parent)),
          state_(std::make_unique<state::Overlay>(*parent_)),
          env_(execution::l2_block_env(backend.fork, backend.chain_id, block_->header, *parent_)) {}

    [[nodiscard]] Err<RpcError> failed(const execution::TxError& error) const {
        return fail(
            server_error,
            "transaction " + to_hex(next().hash) + " cannot be executed again: " + error.message
        );
    }

    const Backend* backend_;
    sequencer::BlockViewPtr block_;
    storage::Snapshot parent_;
    std::unique_ptr<state::Overlay> state_;
    execution::BlockEnv env_;
    size_t position_ = 0;
};

Answer trace_transaction(const Backend& backend, const json& params) {
    const auto hash = read_hash(param(params, 0), "transaction hash");
    if (!hash) {
        return Err{hash.error()};
    }
    const auto options = read_trace_options(param(params, 1));
    if (!options) {
        return Err{options.error()};
    }
    const auto found = backend.reader.transaction(*hash);
    if (!found) {
        return Err{to_rpc_error(found.error())};
    }
    if (!*found) {
        return fail(server_error, "transaction not found");
    }
    const auto block = backend.reader.block((*found)->block_hash);
    if (!block) {
        return Err{to_rpc_error(block.error())};
    }
    const size_t index = (*found)->executed->index;
    if (*block == nullptr || index >= (*block)->transactions.size()) {
        return fail(server_error, "transaction not found");
    }
    auto replay = Replay::begin(backend, *block);
    if (!replay) {
        return Err{replay.error()};
    }
    while (replay->position() < index) {
        if (auto skipped = replay->skip(); !skipped) {
            return Err{skipped.error()};
        }
    }
    TraceBudget budget = budget_of(backend);
    return replay->trace(*options, budget);
}

Answer trace_block(const Backend& backend, const BlockId& id, const json& config) {
    const auto options = read_trace_options(config);
    if (!options) {
        return Err{options.error()};
    }
    const auto block = find_block(backend.reader, id);
    if (!block) {
        return Err{block.error()};
    }
    if (*block == nullptr) {
        const auto* hash = std::get_if<Hash256>(&id.which);
        return fail(server_error, "block " + (hash ? to_hex(*hash) + " " : "") + "not found");
    }
    auto replay = Replay::begin(backend, *block);
    if (!replay) {
        return Err{replay.error()};
    }
    TraceBudget budget = budget_of(backend);
    JsonWriter out;
    out.begin_array();
    while (replay->position() < (*block)->transactions.size()) {
        const Hash256 tx_hash = replay->next().hash;
        const auto text = replay->trace(*options, budget);
        if (!text) {
            return Err{text.error()};
        }
        out.begin_object().field("txHash", tx_hash).field_raw("result", *text).end_object();
    }
    return out.end_array().take();
}

Answer trace_block_by_number(const Backend& backend, const json& params) {
    const auto id = read_block_id(param(params, 0), "block");
    return id ? trace_block(backend, *id, param(params, 1)) : Answer{Err{id.error()}};
}

Answer trace_block_by_hash(const Backend& backend, const json& params) {
    const auto hash = read_hash(param(params, 0), "block hash");
    return hash ? trace_block(backend, BlockId{*hash}, param(params, 1))
                : Answer{Err{hash.error()}};
}

const json& member(const json& object, const char* name) {
    static const json missing;
    const auto at = object.is_object() ? object.find(name) : object.end();
    return object.is_object() && at != object.end() ? *at : missing;
}

Answer trace_call(const Backend& backend, const json& params) {
    const auto id = read_block_id(param(params, 1), "block");
    if (!id) {
        return Err{id.error()};
    }
    const json& config = param(params, 2);
    const auto options = read_trace_options(config);
    if (!options) {
        return Err{options.error()};
    }
    const auto ground = call_ground(
        backend, *id, member(config, "stateOverrides"), member(config, "blockOverrides")
    );
    if (!ground) {
        return Err{ground.error()};
    }
    const auto call = read_call(backend, param(params, 0), *ground->state);
    if (!call) {
        return Err{call.error()};
    }
    TraceBudget budget = budget_of(backend);
    const TraceContext context{*call, *ground->state, ground->env, {}, 0};
    const auto tracer = make_tracer(*options, context, budget);
    TracedVm traced(*tracer);
    const auto result = execution::simulate(traced.vm(), *ground->state, ground->env, *call);
    if (!result) {
        return Err{to_rpc_error(result.error())};
    }
    std::string text = tracer->json(*result);
    return budget.is_exceeded ? Answer{too_long(backend.limits)} : Answer{std::move(text)};
}

}  // namespace

void add_trace_methods(Dispatcher& dispatcher, const Backend& backend) {
    using Handler = Answer (*)(const Backend&, const json&);
    const auto add = [&](const char* name, Handler handler) {
        dispatcher.add_slow(name, [&backend, handler](const json& params) {
            return handler(backend, params);
        });
    };
    add("debug_traceTransaction", trace_transaction);
    add("debug_traceCall", trace_call);
    add("debug_traceBlockByNumber", trace_block_by_number);
    add("debug_traceBlockByHash", trace_block_by_hash);
}

}  // namespace mega::rpc
