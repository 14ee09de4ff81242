#include "conformance/t8n.hpp"

#include "conformance/eip3155.hpp"
#include "conformance/prestate.hpp"
#include "conformance/t8n_result.hpp"

namespace mega::conformance {

namespace {

using execution::BlockEnv;

/// Block hashes as the environment lists them; remembers when one is missing.
class EnvBase final : public state::StateView {
  public:
    explicit EnvBase(const T8nEnv& env) : env_(env) {}

    [[nodiscard]] std::optional<Account> account(const Address&) const override {
        return std::nullopt;
    }
    [[nodiscard]] u256 storage(const Address&, const u256&) const override { return {}; }
    [[nodiscard]] evm::CodePtr code(const Hash256& hash) const override {
        return state::EmptyState{}.code(hash);
    }
    [[nodiscard]] Hash256 block_hash(uint64_t number) const override {
        const auto found = env_.block_hashes.find(number);
        if (found == env_.block_hashes.end()) {
            missing_ = number;
            return {};
        }
        return found->second;
    }
    [[nodiscard]] std::optional<uint64_t> missing() const { return missing_; }

  private:
    const T8nEnv& env_;
    // One thread; a view is const, and reading it is what finds the hole.
    mutable std::optional<uint64_t> missing_;
};

class Transition {
  public:
    Transition(const json& alloc, const T8nEnv& env, const T8nOptions& options)
        : env_(env),
          options_(options),
          base_(env),
          pre_(base_, read_alloc(alloc)),
          view_(pre_.view()),
          block_(ethereum::block_env(env.config, env.fork, env.header)) {}

    [[nodiscard]] T8nOutput run(const std::vector<T8nTransaction>& txs);

  private:
    void add(const state::StateDiff& diff) {
        view_.apply(diff);
        diff_ = state::merge(diff_, diff);
    }
    void begin();
    void execute(size_t index, const T8nTransaction& tx);
    [[nodiscard]] Result<execution::TxResult> execute_traced(const SignedTransaction& tx);
    void reward();
    void end();

    const T8nEnv& env_;
    const T8nOptions& options_;
    const EnvBase base_;
    PreState pre_;
    state::Overlay view_;
    const BlockEnv block_;
    evm::Vm vm_;
    state::Journal journal_;
    state::StateDiff diff_;
    T8nBlock out_;
};

T8nOutput Transition::run(const std::vector<T8nTransaction>& txs) {
    begin();
    for (size_t i = 0; i < txs.size(); ++i) {
        execute(i, txs[i]);
    }
    reward();
    end();
    if (base_.missing()) {
        throw T8nError(
            T8nFault::missing_block_hash,
            "getHash(" + std::to_string(*base_.missing()) +
                ") invoked, blockhash for that block not provided"
        );
    }
    out_.state_root = pre_.root_after(diff_);
    return {
        write_alloc(state::merge(pre_.alloc(), diff_)),
        write_result(env_, block_, out_),
        write_body(out_)
    };
}

void Transition::begin() {
    if (env_.config.dao_block == env_.header.number) {
        add(ethereum::drain_dao(view_));
    }
    BlockHeader header = env_.header;
    // The parent's hash is all that the first system calls want of the parent. An environment
    // without hashes goes without that call, as geth's does.
    if (env_.fork >= Fork::prague && header.number > 0 && !env_.block_hashes.empty()) {
        header.parent_hash = view_.block_hash(header.number - 1);
    }
    add(execution::begin_block(vm_, view_, block_, header));
}

void Transition::execute(size_t index, const T8nTransaction& tx) {
    const auto reject = [&](const std::string& why) { out_.rejected.push_back({index, why}); };
    if (!tx) {
        reject(tx.error().message);
        return;
    }
    const uint64_t blobs = tx->tx.blob_versioned_hashes.size();
    if (out_.blobs + blobs > block_.max_blobs && blobs > 0) {
        reject("blob gas would exceed maximum allowance");
        return;
    }
    auto result = execute_traced(*tx);
    if (!result) {
        reject(result.error().message);
        return;
    }
    out_.blobs += blobs;
    out_.gas_used += result->gas_used;
    Receipt receipt = execution::make_receipt(tx->tx, *result, out_.gas_used);
    add(result->diff);
    result->diff = {};
    if (env_.fork < Fork::byzantium) {
        receipt.post_state = pre_.root_after(diff_);
    }
    merge(out_.bloom, receipt.bloom);
    out_.receipts.push_back(std::move(receipt));
    out_.results.push_back(std::move(*result));
    out_.included.push_back(*tx);
}

Result<execution::TxResult> Transition::execute_traced(const SignedTransaction& tx) {
    std::unique_ptr<std::ostream> trace;
    std::optional<Eip3155Tracer> tracer;
    if (options_.open_trace) {
        trace = options_.open_trace(out_.included.size(), tx.hash);
        tracer.emplace(*trace);
        vm_.set_tracer(&*tracer);
    }
    const execution::ExecutionOptions limits{
        .block_gas_left = env_.header.gas_limit - out_.gas_used
    };
    auto result = execution::execute_transaction(vm_, journal_, view_, block_, tx, limits);
    vm_.set_tracer(nullptr);
    if (!result) {
        return Err{Error{result.error().message}};
    }
    if (tracer) {
        tracer->finish(*result, std::nullopt);
    }
    return std::move(*result);
}

/// Yellow Paper section 11.3, with the reward that the caller states.
void Transition::reward() {
    if (!options_.reward) {
        return;
    }
    const u256& reward = *options_.reward;
    state::Journal journal;
    journal.begin(view_);
    for (const Ommer& ommer : env_.ommers) {
        const uint64_t age = std::min<uint64_t>(ommer.delta, 8);
        journal.add_balance(ommer.beneficiary, reward * u256{8 - age} / u256{8});
    }
    const u256 for_ommers = reward / u256{32} * u256{uint64_t{env_.ommers.size()}};
    journal.add_balance(env_.header.beneficiary, reward + for_ommers);
    add(journal.finish(env_.fork >= Fork::spurious_dragon));
}

void Transition::end() {
    auto end = execution::end_block(vm_, view_, block_, env_.withdrawals, out_.receipts);
    add(end.diff);
    // A test's state may lack the contracts: only what is wrong with those that are there counts.
    if (end.fault && end.fault->find("not deployed") == std::string::npos) {
        throw T8nError(T8nFault::evm, *end.fault);
    }
    out_.requests = std::move(end.requests);
}

}  // namespace

T8nOutput run_t8n(
    const json& alloc,
    const T8nEnv& env,
    const std::vector<T8nTransaction>& txs,
    const T8nOptions& options
) {
    return Transition{alloc, env, options}.run(txs);
}

}  // namespace mega::conformance
