#include "execution/l2_parameters.hpp"
#include "rpc/call_setup.hpp"
#include "rpc/execution_error.hpp"
#include "rpc/format.hpp"
#include "rpc/methods.hpp"
#include "rpc/transfer_logs.hpp"
#include "trie/ordered_root.hpp"

#include <algorithm>

namespace mega::rpc {
namespace {

using nlohmann::json;
using sequencer::BlockView;
using sequencer::ExecutedTransaction;

// Codes of the eth_simulateV1 specification.
constexpr int vm_failure = -32015;
constexpr int block_number_order = -38020;
constexpr int block_timestamp_order = -38021;
constexpr int too_many_blocks = -38026;

int code_of(execution::TxErrorCode code) {
    using Code = execution::TxErrorCode;
    switch (code) {
        case Code::nonce_too_low:
            return -38010;
        case Code::nonce_too_high:
            return -38011;
        case Code::fee_cap_too_low:
            return -38012;
        case Code::intrinsic_gas_too_low:
        case Code::floor_data_gas_too_low:
            return -38013;
        case Code::insufficient_funds:
        case Code::insufficient_funds_overflow:
            return -38014;
        case Code::gas_limit_reached:
            return -38015;
        case Code::init_code_too_large:
            return -38025;
        default:
            return server_error;
    }
}

struct Request {
    bool is_validating = false;  // transactions must be what a block could hold
    bool traces_transfers = false;
    bool with_transactions = false;
};

Read<bool> read_flag(const json& object, const char* name) {
    const json value = object.value(name, json());
    return value.is_null() ? Read<bool>(false) : read_bool(value, name);
}

Read<Request> read_request(const Backend& backend, const json& value) {
    const json none;
    const json& blocks =
        value.is_object() && value.contains("blockStateCalls") ? value["blockStateCalls"] : none;
    if (!blocks.is_array() || blocks.empty()) {
        return fail(invalid_params, "empty input");
    }
    size_t calls = 0;
    for (const json& block : blocks) {
        if (!block.is_object()) {
            return fail(invalid_params, "invalid argument blockStateCalls: not objects");
        }
        const json list = block.value("calls", json::array());
        if (!list.is_array()) {
            return fail(invalid_params, "invalid argument calls: not an array");
        }
        calls += list.size();
    }
    if (blocks.size() > backend.limits.max_simulated_blocks) {
        return fail(too_many_blocks, "too many blocks");
    }
    if (calls > backend.limits.max_calls_per_request) {
        return fail(too_many_blocks, "too many calls");
    }
    auto validation = read_flag(value, "validation");
    auto transfers = read_flag(value, "traceTransfers");
    auto full = read_flag(value, "returnFullTransactions");
    for (const auto* flag : {&validation, &transfers, &full}) {
        if (!*flag) {
            return Err{flag->error()};
        }
    }
    return Request{*validation, *transfers, *full};
}

/// One call of a simulated block, done.
struct Outcome {
    std::shared_ptr<ExecutedTransaction> executed;
    evm::Status status = evm::Status::success;
    Bytes output;
    uint64_t max_gas_used = 0;  // before refunds
};

/// Builds blocks one on top of the other that never become part of the chain. Their headers have
/// no state root: finding it would mean a tree for every simulation.
class Simulation {
  public:
    Simulation(const Backend& backend, const Request& request, CallGround& ground, BlockHeader base)
        : backend_(&backend),
          request_(request),
          ground_(&ground),
          parent_(std::move(base)),
          gas_left_(backend.limits.call_gas) {
        out_.begin_array();
    }
    void set_parent_hash(const Hash256& hash) { parent_hash_ = hash; }

    /// The blocks up to the one described, those in between empty.
    Read<void> add(const json& described) {
        const json overrides = described.value("blockOverrides", json());
        const bool names_number = overrides.is_object() && overrides.contains("number");
        uint64_t number = parent_.number + 1;
        if (names_number) {
            auto named = read_u64(overrides["number"], "number");
            if (!named) {
                return Err{named.error()};
            }
            number = *named;
        }
        if (number <= parent_.number) {
            return fail(
                block_number_order,
                "block numbers must be in order: " + std::to_string(number) +
                    " <= " + std::to_string(parent_.number)
            );
        }
        if (number - parent_.number > backend_->limits.max_simulated_blocks - block_count_) {
            return fail(too_many_blocks, "too many blocks");
        }
        while (parent_.number + 1 < number) {
            if (auto added = add_block(json::object()); !added) {
                return added;
            }
        }
        return add_block(described);
    }

    std::string take() { return out_.end_array().take(); }

  private:
    Read<void> add_block(const json& described) {
        auto header = open(described.value("blockOverrides", json()));
        if (!header) {
            return Err{header.error()};
        }
        const json overrides = described.value("stateOverrides", json());
        if (auto applied = apply_state_overrides(overrides, *ground_->state); !applied) {
            return applied;
        }
        ground_->state->apply(
            execution::begin_block(thread_vm(), *ground_->state, ground_->env, *header)
        );
        std::vector<Outcome> outcomes;
        const json calls = described.value("calls", json::array());
        for (const json& call : calls) {
            auto outcome = run(call, *header, outcomes);
            if (!outcome) {
                return Err{outcome.error()};
            }
            outcomes.push_back(std::move(*outcome));
        }
        close(std::move(*header), outcomes);
        return {};
    }

    /// The header as far as execution sees it; the environment follows it.
    Read<BlockHeader> open(const json& overrides) {
        const auto parameters =
            execution::read_l2_parameters(*ground_->state, backend_->fee_market);
        BlockHeader header;
        header.parent_hash = parent_hash_;
        header.number = parent_.number + 1;
        header.timestamp =
            parent_.timestamp + std::max<uint64_t>(backend_->intake.block_interval_ms() / 1000, 1);
        header.gas_limit = parent_.gas_limit;
        header.beneficiary = parent_.beneficiary;
        header.base_fee_per_gas = request_.is_validating
                                      ? execution::next_base_fee(parent_, parameters.fee_market)
                                      : u256{};
        header.withdrawals_root = empty_trie_root;
        header.blob_gas_used = 0;
        header.excess_blob_gas = 0;
        header.parent_beacon_block_root = Hash256{};
        header.requests_hash = empty_requests_hash;
        ground_->env =
            execution::l2_block_env(backend_->fork, backend_->chain_id, header, parameters);
        if (auto applied = apply_block_overrides(overrides, ground_->env); !applied) {
            return Err{applied.error()};
        }
        const evm::BlockContext& context = ground_->env.context;
        if (context.timestamp <= parent_.timestamp) {
            return fail(
                block_timestamp_order,
                "block timestamps must be in order: " + std::to_string(context.timestamp) +
                    " <= " + std::to_string(parent_.timestamp)
            );
        }
        header.timestamp = context.timestamp;
        header.gas_limit = context.gas_limit;
        header.beneficiary = context.beneficiary;
        header.prev_randao = context.prev_randao;
        header.base_fee_per_gas = context.base_fee_per_gas;
        return header;
    }

    /// The gas that a call without a limit gets: what the block, the request and the rules leave.
    [[nodiscard]] uint64_t default_gas(uint64_t block_gas_left) const {
        constexpr uint64_t max_tx_gas = 1 << 24;  // EIP-7825
        const uint64_t gas = std::min(block_gas_left, gas_left_);
        return request_.is_validating ? std::min(gas, max_tx_gas) : gas;
    }

    Read<SignedTransaction> transaction_of(const json& call, uint64_t block_gas_left) const {
        auto args = read_call_args(call);
        if (!args) {
            return Err{args.error()};
        }
        const bool names_gas = args->gas.has_value();
        auto tx = to_call(*args, *ground_->state, backend_->chain_id, UINT64_MAX);
        if (tx.tx.type == TxType::legacy && !args->gas_price) {
            tx.tx.type = TxType::dynamic_fee;
        }
        if (!names_gas) {
            tx.tx.gas_limit = default_gas(block_gas_left);
        }
        tx.raw = encode(tx.tx);
        tx.hash = transaction_hash(tx.raw);
        return tx;
    }

    Read<Outcome> run(
        const json& call, const BlockHeader& header, std::span<const Outcome> earlier
    ) {
        const uint64_t gas_before =
            earlier.empty() ? 0 : earlier.back().executed->receipt.cumulative_gas_used;
        const uint64_t block_gas_left = header.gas_limit - std::min(header.gas_limit, gas_before);
        auto tx = transaction_of(call, block_gas_left);
        if (!tx) {
            return Err{tx.error()};
        }
        if (tx->tx.gas_limit > gas_left_ && tx->tx.gas_limit <= block_gas_left) {
            // The request's own budget: execution goes as far as it reaches.
            tx->tx.gas_limit = gas_left_;
        }
        auto options =
            request_.is_validating ? execution::ExecutionOptions{} : execution::call_options();
        options.block_gas_left = block_gas_left;
        TransferLogs transfers;
        evm::Vm& vm = thread_vm();
        vm.set_tracer(request_.traces_transfers ? &transfers : nullptr);
        auto result =
            execution::execute_transaction(vm, *ground_->state, ground_->env, *tx, options);
        vm.set_tracer(nullptr);
        if (!result) {
            return fail(code_of(result.error().code), "err: " + result.error().message);
        }
        if (request_.traces_transfers) {
            result->logs = result->success() ? transfers.take() : std::vector<Log>{};
        }
        gas_left_ -= std::min(gas_left_, result->gas_used);
        ground_->state->apply(result->diff);
        return outcome_of(std::move(*tx), std::move(*result), header, earlier);
    }

    static Outcome outcome_of(
        SignedTransaction tx,
        execution::TxResult result,
        const BlockHeader& header,
        std::span<const Outcome> earlier
    ) {
        auto executed = std::make_shared<ExecutedTransaction>();
        uint64_t cumulative_gas = result.gas_used;
        if (!earlier.empty()) {
            const ExecutedTransaction& last = *earlier.back().executed;
            cumulative_gas += last.receipt.cumulative_gas_used;
            executed->first_log_index = last.first_log_index + last.receipt.logs.size();
        }
        executed->receipt = execution::make_receipt(tx.tx, result, cumulative_gas);
        executed->tx = std::make_shared<const SignedTransaction>(std::move(tx));
        executed->gas_used = result.gas_used;
        executed->effective_gas_price = result.effective_gas_price;
        executed->created = result.created;
        executed->block_number = header.number;
        executed->index = static_cast<uint32_t>(earlier.size());
        return {
            std::move(executed),
            result.status,
            std::move(result.output),
            result.gas_used + result.gas_refunded
        };
    }

    /// Completes the header and writes the block down.
    void close(BlockHeader header, std::span<const Outcome> outcomes) {
        BlockView block;
        std::vector<Receipt> receipts;
        std::vector<Bytes> envelopes;
        for (const Outcome& outcome : outcomes) {
            block.transactions.push_back(outcome.executed);
            receipts.push_back(outcome.executed->receipt);
            envelopes.push_back(outcome.executed->tx->raw);
            merge(header.logs_bloom, outcome.executed->receipt.bloom);
        }
        header.gas_used = receipts.empty() ? 0 : receipts.back().cumulative_gas_used;
        header.receipts_root = execution::receipts_root(receipts);
        header.transactions_root = trie::ordered_root(envelopes);
        block.header = header;
        block.hash = hash_of(header);
        ground_->state->set_block_hash(header.number, block.hash);
        write(block, outcomes);
        parent_hash_ = block.hash;
        parent_ = std::move(header);
        ++block_count_;
    }

    void write(const BlockView& block, std::span<const Outcome> outcomes) {
        const Inclusion inclusion = inclusion_of(block);
        out_.begin_object();
        write_block_fields(out_, block, request_.with_transactions);
        out_.key("calls").begin_array();
        for (const Outcome& outcome : outcomes) {
            write_call(outcome, inclusion);
        }
        out_.end_array().end_object();
    }

    void write_call(const Outcome& outcome, const Inclusion& block) {
        const bool is_success = outcome.status == evm::Status::success;
        out_.begin_object().field("returnData", outcome.output).key("logs").begin_array();
        for (size_t i = 0; i < outcome.executed->receipt.logs.size(); ++i) {
            write_log(out_, *outcome.executed, i, block);
        }
        out_.end_array()
            .field_quantity("gasUsed", outcome.executed->gas_used)
            .field_quantity("maxUsedGas", outcome.max_gas_used)
            .field_quantity("status", uint64_t{is_success});
        if (!is_success) {
            const RpcError error = failure_error(outcome.status, outcome.output);
            const bool is_revert = outcome.status == evm::Status::revert;
            out_.key("error").begin_object().field_string("message", error.message);
            out_.key("code").raw(std::to_string(is_revert ? error.code : vm_failure));
            if (is_revert) {
                out_.field_raw("data", error.data);
            }
            out_.end_object();
        }
        out_.end_object();
    }

    const Backend* backend_;
    Request request_;
    CallGround* ground_;
    BlockHeader parent_;
    Hash256 parent_hash_;
    uint64_t gas_left_;  // of the whole request
    uint64_t block_count_ = 0;
    JsonWriter out_;
};

/// [{blockStateCalls, validation, traceTransfers, returnFullTransactions}, block]
Answer simulate_v1(const Backend& backend, const json& params) {
    const json& value = param(params, 0);
    auto request = read_request(backend, value);
    if (!request) {
        return Err{request.error()};
    }
    auto id = read_block_id(param(params, 1), "1");
    if (!id) {
        return Err{id.error()};
    }
    auto base = find_block(backend.reader, *id);
    if (!base) {
        return Err{base.error()};
    }
    if (*base == nullptr) {
        return fail(server_error, "header not found");
    }
    auto ground = call_ground(backend, *id, json(), json());
    if (!ground) {
        return Err{ground.error()};
    }
    Simulation simulation(backend, *request, *ground, (*base)->header);
    simulation.set_parent_hash((*base)->hash);
    for (const json& block : value["blockStateCalls"]) {
        if (auto added = simulation.add(block); !added) {
            return Err{added.error()};
        }
    }
    return simulation.take();
}

}  // namespace

void add_simulation_methods(Dispatcher& dispatcher, const Backend& backend) {
    dispatcher.add_slow("eth_simulateV1", [&](const json& params) {
        return simulate_v1(backend, params);
    });
}

}  // namespace mega::rpc
