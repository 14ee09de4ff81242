#include "execution/system_call.hpp"

#include "execution/host.hpp"

namespace mega::execution {

namespace {

template <Fork F>
std::optional<SystemCallResult> call(
    evm::Vm& vm,
    const state::StateView& view,
    const BlockEnv& env,
    const Address& target,
    BytesView input
) {
    state::Journal journal;
    journal.begin(view);
    if (journal.code(target)->size() == 0) {
        return std::nullopt;
    }
    const evm::TxContext context{system_address, {}, {}};
    TransactionHost<F> host{vm, journal, view, env.context, context};
    journal.warm_account(target);
    evm::Message message;
    message.gas = system_call_gas;
    message.recipient = target;
    message.code_address = target;
    message.sender = system_address;
    message.input = input;
    const evm::CallResult called = host.call(message);
    return SystemCallResult{
        called.status, to_bytes(called.output), journal.finish(Rules<F>::deletes_empty_accounts)
    };
}

}  // namespace

std::optional<SystemCallResult> call_system_contract(
    evm::Vm& vm,
    const state::StateView& view,
    const BlockEnv& env,
    const Address& target,
    BytesView input
) {
    return with_fork(env.fork, [&]<Fork F>() { return call<F>(vm, view, env, target, input); });
}

}  // namespace mega::execution
