#include "conformance/code_run.hpp"

#include "conformance/eip3155.hpp"
#include "execution/host.hpp"
#include "state/overlay.hpp"

#include <algorithm>
#include <chrono>

namespace mega::conformance {

namespace {

/// The sender can pay `value`, the receiver has the code.
void prepare(state::Overlay& view, const CodeRun& run) {
    view.apply(run.prestate);
    const auto sender = view.account(run.sender);
    if (!sender || sender->balance < run.value) {
        view.set_balance(run.sender, run.value);
    }
    if (!run.is_creation && !run.code.empty()) {
        view.set_code(run.receiver, run.code);
    }
}

evm::Message message_of(const CodeRun& run) {
    evm::Message message;
    message.kind = run.is_creation ? evm::CallKind::create : evm::CallKind::call;
    message.gas = static_cast<int64_t>(std::min<uint64_t>(run.gas, INT64_MAX));
    message.sender = run.sender;
    message.recipient = run.receiver;
    message.code_address = run.receiver;
    message.value = run.value;
    message.input = run.is_creation ? run.code : run.input;
    return message;
}

class Machine {
  public:
    explicit Machine(const CodeRun& run) : run_(run), view_(empty_) {
        prepare(view_, run_);
        block_.gas_limit = run.gas;
        transaction_.origin = run.sender;
    }

    void set_tracer(evm::Tracer* tracer) { vm_.set_tracer(tracer); }

    [[nodiscard]] CodeRunResult run() {
        return execution::with_fork(run_.fork, [&]<Fork F>() { return run_in<F>(); });
    }

  private:
    template <Fork F>
    CodeRunResult run_in() {
        journal_.begin(view_);
        journal_.warm_account(run_.sender);
        journal_.warm_account(run_.receiver);
        execution::TransactionHost<F> host{vm_, journal_, view_, block_, transaction_};
        const evm::Message message = message_of(run_);
        const evm::CallResult call = host.call(message);
        return {
            call.status,
            to_bytes(call.output),
            static_cast<uint64_t>(message.gas - call.gas_left),
            call.created
        };
    }

    const CodeRun& run_;
    const state::EmptyState empty_;
    state::Overlay view_;
    state::Journal journal_;
    evm::Vm vm_;
    evm::BlockContext block_;
    evm::TxContext transaction_;
};

}  // namespace

CodeRunResult run_code(const CodeRun& run, std::ostream* trace) {
    Machine machine{run};
    if (trace == nullptr) {
        return machine.run();
    }
    Eip3155Tracer tracer{*trace};
    machine.set_tracer(&tracer);
    CodeRunResult result = machine.run();
    execution::TxResult summary;
    summary.status = result.status;
    summary.output = result.output;
    summary.gas_used = result.gas_used;
    tracer.finish(summary, std::nullopt);
    return result;
}

CodeBench bench_code(const CodeRun& run, size_t runs) {
    MEGA_ASSERT(runs > 0);
    Machine machine{run};
    CodeBench bench;
    bench.times_ns.reserve(runs);
    for (size_t i = 0; i < runs; ++i) {
        const auto begin = std::chrono::steady_clock::now();
        bench.result = machine.run();
        const auto time = std::chrono::steady_clock::now() - begin;
        bench.times_ns.push_back(static_cast<uint64_t>(
            std::chrono::duration_cast<std::chrono::nanoseconds>(time).count()
        ));
    }
    std::ranges::sort(bench.times_ns);
    return bench;
}

}  // namespace mega::conformance
