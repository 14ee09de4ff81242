#include "bench/evm_run.hpp"

#include "execution/block.hpp"
#include "execution/host.hpp"

#include <fmt/format.h>

namespace mega::bench {
namespace {

class NoNodes final : public trie::NodeSource {
  public:
    [[nodiscard]] std::optional<Bytes> load(const trie::TreeId&, BytesView, const Hash256&)
        const override {
        return std::nullopt;
    }
};

Result<void> check(const EvmProgram& program, const execution::TxResult& result) {
    if (!program.expected) {
        return {};
    }
    if (crypto::keccak256(encode(result.logs)) != program.expected->logs_hash) {
        return Err{Error{"wrong logs"}};
    }
    const NoNodes no_nodes;
    trie::StateTree tree{no_nodes, empty_trie_root};
    if (!tree.apply(execution::tree_updates(*program.pre)) ||
        !tree.apply(execution::tree_updates(result.diff))) {
        return Err{Error{"the state tree refuses the change"}};
    }
    if (tree.root() != program.expected->state_root) {
        return Err{Error{fmt::format(
            "wrong state root; status {}, gas used {}",
            evm::to_string(result.status),
            result.gas_used
        )}};
    }
    return {};
}

/// What measuring needs of the whole transaction.
struct Outcome {
    evm::Status status = evm::Status::success;
    int64_t frame_gas = 0;  // gas that its frame was given
    int64_t frame_gas_used = 0;
};

/// The gas limits of the programs are beyond any that EIP-7825 allows.
constexpr execution::ExecutionOptions options{.skip_gas_cap = true};

Result<Outcome> run_transaction(evm::Vm& vm, const EvmProgram& program) {
    const auto result =
        execution::execute_transaction(vm, *program.view, program.env, program.tx, options);
    if (!result) {
        return Err{Error{"refused: " + result.error().message}};
    }
    if (const auto checked = check(program, *result); !checked) {
        return Err{checked.error()};
    }
    const auto gas = execution::intrinsic_gas(program.env.fork, program.tx.tx);
    const auto intrinsic = static_cast<int64_t>(gas.intrinsic);
    // A call costs its floor where it used less (EIP-7623); what the frame used is not known then.
    const auto used = static_cast<int64_t>(result->gas_used + result->gas_refunded);
    return Outcome{
        .status = result->status,
        .frame_gas = static_cast<int64_t>(program.tx.tx.gas_limit) - intrinsic,
        .frame_gas_used = result->gas_used > gas.floor ? used - intrinsic : -1
    };
}

/// The program's own frame, entered as a transaction enters it but for value, fees and nonce.
template <Fork F>
class Frame {
  public:
    Frame(evm::Vm& vm, const EvmProgram& program, const Outcome& outcome)
        : vm_(vm),
          view_(*program.view),
          transaction_{program.tx.sender, program.tx.tx.max_fee_per_gas, {}},
          host_(vm, journal_, view_, program.env.context, transaction_) {
        message_.gas = outcome.frame_gas;
        message_.recipient = *program.tx.tx.to;
        message_.code_address = message_.recipient;
        message_.sender = program.tx.sender;
        message_.value = program.tx.tx.value;
        message_.input = program.tx.tx.data;
    }
    evm::CallResult run(const evm::Code& code) {
        journal_.begin(view_);
        if constexpr (execution::Rules<F>::has_access_lists) {
            journal_.warm_account(message_.sender);
            journal_.warm_account(message_.recipient);
        }
        if constexpr (execution::Rules<F>::warms_beneficiary) {
            journal_.warm_account(host_.block().beneficiary);
        }
        return vm_.execute(F, host_, message_, code);
    }
    [[nodiscard]] evm::CodePtr code() const {
        const auto account = view_.account(message_.recipient);
        return view_.code(account ? account->code_hash : crypto::keccak256_of_empty);
    }

  private:
    evm::Vm& vm_;
    const state::StateView& view_;
    state::Journal journal_;
    evm::TxContext transaction_;
    execution::TransactionHost<F> host_;
    evm::Message message_;
};

template <Fork F>
Result<EvmRun> measure(
    evm::Vm& vm, const EvmProgram& program, const Outcome& outcome, double seconds
) {
    Frame<F> frame(vm, program, outcome);
    const evm::CodePtr code = frame.code();
    EvmRun run;
    bool is_steady = true;
    const auto note = [&](const evm::CallResult& result) {
        const int64_t gas = outcome.frame_gas - result.gas_left;
        is_steady =
            is_steady && result.status == outcome.status && (run.gas == 0 || run.gas == gas);
        run.gas = gas;
    };
    run.figures.execute = measure_repeatedly(seconds, [&] { note(frame.run(*code)); });
    run.figures.total =
        measure_repeatedly(seconds, [&] { note(frame.run(evm::Code{code->bytes()})); });
    if (!is_steady) {
        return Err{Error{"another status or other gas from one execution to the next"}};
    }
    if (outcome.frame_gas_used >= 0 && run.gas != outcome.frame_gas_used) {
        return Err{Error{fmt::format(
            "the interpreter alone used {} gas, the transaction {}", run.gas, outcome.frame_gas_used
        )}};
    }
    return run;
}

}  // namespace

Result<EvmRun> run_evm_program(const EvmProgram& program, double seconds) {
    evm::Vm vm;
    const auto outcome = run_transaction(vm, program);
    if (!outcome) {
        return Err{outcome.error()};
    }
    return execution::with_fork(program.env.fork, [&]<Fork F>() {
        return measure<F>(vm, program, *outcome, seconds);
    });
}

}  // namespace mega::bench
