#include "replay/transaction_trace.hpp"

#include "replay/transition.hpp"
#include "rpc/trace.hpp"

#include <algorithm>
#include <limits>

namespace mega::replay {
namespace {

Result<std::string> trace_in(const ChainRules& rules, const ReplayBlock& block, size_t wanted) {
    const auto vm = std::make_unique<evm::Vm>();
    constexpr size_t unlimited = std::numeric_limits<size_t>::max();
    rpc::TraceBudget budget{unlimited, unlimited};
    std::optional<rpc::TraceContext> context;
    std::unique_ptr<rpc::JsonTracer> tracer;
    std::string text;
    const Watcher watcher{
        .before =
            [&](size_t index, const state::StateView& view, const execution::BlockEnv& env) {
                if (index == wanted) {
                    context.emplace(rpc::TraceContext{
                        block.transactions[index],
                        view,
                        env,
                        hash_of(block.header),
                        static_cast<uint32_t>(index)
                    });
                    tracer = rpc::make_tracer(
                        {.kind = rpc::TracerKind::calls, .with_logs = true}, *context, budget
                    );
                    vm->set_tracer(tracer.get());
                }
            },
        .after =
            [&](size_t index, const execution::TxResult& result) {
                if (index == wanted) {
                    vm->set_tracer(nullptr);
                    text = tracer->json(result);
                }
            },
    };
    const auto watched = watch_block(*vm, rules, block, watcher);
    if (const auto failure = block.state->failure()) {
        return Err{*failure};
    }
    if (!watched) {
        return Err{Error{watched.error().message}};
    }
    return text;
}

}  // namespace

Result<std::string> trace_transaction(
    std::span<const std::unique_ptr<BlockSource>> sources, std::string_view hash
) {
    const auto wanted = fixed_from_hex<32>(hash);
    if (!wanted) {
        return Err{Error{"\"" + std::string(hash) + "\" is not a transaction hash"}};
    }
    for (const auto& source : sources) {
        for (size_t i = 0; i < source->size(); ++i) {
            const auto block = source->load(i);
            if (!block) {
                return Err{block.error()};
            }
            const auto found =
                std::ranges::find(block->transactions, *wanted, &SignedTransaction::hash);
            if (found != block->transactions.end()) {
                return trace_in(
                    source->rules(),
                    *block,
                    static_cast<size_t>(found - block->transactions.begin())
                );
            }
        }
    }
    return Err{Error{"no block that was named holds transaction " + std::string(hash)}};
}

}  // namespace mega::replay
