#include "bench/stateless_deploys.hpp"

namespace mega::bench {
namespace {

constexpr uint64_t deploy_gas = 5'000'000;

/// Init code that returns `runtime`, which is shorter than 64 KiB.
Bytes init_code_of(BytesView runtime) {
    const auto high = static_cast<uint8_t>(runtime.size() >> 8);
    const auto low = static_cast<uint8_t>(runtime.size());
    // PUSH2 size DUP1 PUSH1 12 PUSH0 CODECOPY PUSH0 RETURN
    Bytes code{0x61, high, low, 0x80, 0x60, 0x0b, 0x5f, 0x39, 0x5f, 0xf3, 0x00};
    append(code, runtime);
    return code;
}

}  // namespace

Workload deploys(const Contracts& contracts, size_t count) {
    auto world = std::make_shared<World>();
    const auto senders = make_senders("deploys", count);
    Workload workload;
    workload.name = "deployments";
    workload.env = world->env();
    workload.transactions.resize(count);
    for (const Sender& sender : senders) {
        world->fund(sender.address);
    }
    on_all_cores(count, [&](uint64_t i) {
        SignedTransaction& tx = workload.transactions[i];
        tx.sender = senders[i].address;
        tx.tx.type = TxType::dynamic_fee;
        tx.tx.chain_id = workload.env.context.chain_id;
        tx.tx.gas_limit = deploy_gas;
        tx.tx.max_fee_per_gas = 2 * workload.env.context.base_fee_per_gas;
        // No two codes alike.
        Bytes runtime = contracts.coin;
        append(runtime, u256{i}.to_hash().view());
        tx.tx.data = init_code_of(runtime);
        sign_transaction(tx.tx, senders[i].key);
        tx.raw = encode(tx.tx);
        tx.hash = transaction_hash(tx.raw);
    });
    workload.view = {world, &world->state()};
    return workload;
}

}  // namespace mega::bench
