#include "sequencer/chain.hpp"

#include "parallel/clock.hpp"
#include "sequencer/opening.hpp"
#include "state/recording_view.hpp"

#include <algorithm>
#include <map>

namespace mega::sequencer {
namespace {

/// Less work than this is done before a second thread is awake.
constexpr size_t min_parallel = 8;
constexpr uint64_t min_parallel_gas = 400'000;

/// Blocks of the chain hold no blobs, so nobody counts them: in a log that has some all the same,
/// each transaction is judged by itself.
bool deserves_threads(std::span<const mempool::TxPtr> transactions) {
    uint64_t gas = 0;
    for (const mempool::TxPtr& tx : transactions) {
        if (tx->tx.type == TxType::blob) {
            return false;
        }
        gas += std::min(tx->tx.gas_limit, min_parallel_gas);
    }
    return transactions.size() >= min_parallel && gas >= min_parallel_gas;
}

std::unique_ptr<parallel::ParallelExecutor> make_executor(uint32_t threads) {
    if (threads <= 1) {
        return nullptr;
    }
    parallel::ExecutorOptions options;
    options.threads = threads;
    return std::make_unique<parallel::ParallelExecutor>(options);
}

}  // namespace

Chain::Chain(
    const ChainConfig& config,
    storage::StateStore& store,
    Commitment& commitment,
    SealedPtr head,
    uint64_t next_mini_block_number
)
    : config_(config),
      store_(&store),
      commitment_(&commitment),
      executor_(make_executor(config.execution_threads)),
      head_(std::move(head)),
      next_mini_block_number_(next_mini_block_number) {
    read_parameters();
}

void Chain::read_parameters() {
    parameters_ = execution::read_l2_parameters(state(), config_.fee_market);
}

OpenBlockPtr Chain::open_block(const OpenBlockRecord& inputs) {
    if (open_) {
        MEGA_ASSERT(is_untouched());
        take_back_open_block();
    }
    BlockHeader header = opening_header(head_->header, head_->hash, inputs);
    const auto env = execution::l2_block_env(config_.fork, config_.chain_id, header, parameters_);
    const state::RecordingView recorder(state(), accesses_);
    if (config_.notes_accesses) {
        // They were read at the end of the block before; whoever executes this one reads them.
        (void)execution::read_l2_parameters(recorder, config_.fee_market);
    }
    apply(execution::begin_block(vm_, config_.notes_accesses ? recorder : state(), env, header));
    reports_.begin(header.number);
    open_ = std::make_shared<OpenBlock>(std::move(header), env, inputs.l1);
    return open_;
}

void Chain::apply(const state::StateDiff& diff) {
    state_version_ = store_->apply(diff);
    pending_.add(diff);
    accesses_.absorb(diff);
}

uint64_t Chain::gas_left() const {
    return open_ ? open_->opening_header().gas_limit - gas_used_ : 0;
}

std::vector<ExecutionOutcome> Chain::execute(std::span<const mempool::TxPtr> transactions) {
    std::vector<ExecutedPtr> executed;
    auto refused =
        execute(transactions, [&](const ExecutedPtr& done) { executed.push_back(done); });
    std::vector<ExecutionOutcome> outcomes(transactions.size());
    for (RefusedTransaction& one : refused) {
        outcomes[one.index].refusal = std::move(one.error);
    }
    size_t next = 0;
    for (ExecutionOutcome& outcome : outcomes) {
        if (!outcome.refusal) {
            outcome.executed = std::move(executed[next++]);
        }
    }
    return outcomes;
}

std::vector<RefusedTransaction> Chain::execute(
    std::span<const mempool::TxPtr> transactions, const OnExecuted& on_executed
) {
    MEGA_ASSERT(open_ != nullptr);
    return executor_ && deserves_threads(transactions)
               ? execute_in_parallel(transactions, on_executed)
               : execute_sequentially(transactions, on_executed);
}

std::vector<RefusedTransaction> Chain::execute_sequentially(
    std::span<const mempool::TxPtr> transactions, const OnExecuted& on_executed
) {
    const uint64_t began_ns = parallel::now_ns();
    std::vector<RefusedTransaction> refused;
    const state::RecordingView recorder(state(), accesses_);
    const state::StateView& view = config_.notes_accesses ? recorder : state();
    for (size_t i = 0; i < transactions.size(); ++i) {
        const auto mark = accesses_.mark();
        const SignedTransaction& tx = *transactions[i];
        const execution::ExecutionOptions options{
            .skip_sender_code_check = config_.allow_contract_senders, .block_gas_left = gas_left()
        };
        auto result =
            execution::execute_transaction(vm_, journal_, view, open_->env(), tx, options);
        if (!result) {
            accesses_.return_to(mark);
            refused.push_back({i, std::move(result.error())});
            continue;
        }
        apply(result->diff);
        Receipt receipt = execution::take_receipt(tx.tx, *result, 0);
        on_executed(record(transactions[i], *result, std::move(receipt)));
    }
    reports_.add_sequential(transactions.size(), refused.size(), parallel::now_ns() - began_ns);
    return refused;
}

std::vector<RefusedTransaction> Chain::execute_in_parallel(
    std::span<const mempool::TxPtr> transactions, const OnExecuted& on_executed
) {
    // Of its own: the store takes the first transactions' changes while later ones are executed.
    const storage::Snapshot base = store_->latest();
    std::vector<const SignedTransaction*> pointers;
    pointers.reserve(transactions.size());
    for (const mempool::TxPtr& tx : transactions) {
        pointers.push_back(tx.get());
    }
    const parallel::Batch batch{
        .env = open_->env(),
        .transactions = std::span<const SignedTransaction* const>{pointers},
        .options = {.skip_sender_code_check = config_.allow_contract_senders},
        .policy = parallel::RefusalPolicy::skip,
        .gas_used_before = gas_used_,
        .accesses = config_.notes_accesses ? &accesses_ : nullptr
    };
    std::vector<std::optional<uint32_t>> index_in_block(transactions.size());
    auto done = executor_->execute(
        *base,
        batch,
        [&](size_t index, const execution::TxResult& result, Receipt& receipt) {
            apply(result.diff);
            const ExecutedPtr executed = record(transactions[index], result, std::move(receipt));
            index_in_block[index] = executed->index;
            on_executed(executed);
        }
    );
    reports_.add(executor_->report(), index_in_block);
    std::vector<RefusedTransaction> refused;
    for (parallel::Refusal& refusal : done.refusals) {
        refused.push_back({refusal.index, std::move(refusal.error)});
    }
    return refused;
}

ExecutedPtr Chain::record(
    const mempool::TxPtr& tx, const execution::TxResult& result, Receipt receipt
) {
    gas_used_ += result.gas_used;
    receipt.cumulative_gas_used = gas_used_;
    auto executed = std::make_shared<ExecutedTransaction>();
    executed->tx = tx;
    executed->gas_used = result.gas_used;
    executed->effective_gas_price = result.effective_gas_price;
    executed->created = result.created;
    executed->block_number = open_->opening_header().number;
    executed->index = static_cast<uint32_t>(executed_.size());
    executed->first_log_index = log_count_;
    executed->receipt = std::move(receipt);
    log_count_ += executed->receipt.logs.size();
    executed_.push_back(executed);
    return executed;
}

DiffPtr Chain::absorb_pending() {
    auto diff = std::make_shared<const state::StateDiff>(pending_.take());
    if (!diff->is_empty()) {
        commitment_->absorb(diff);
        block_.add(*diff);
    }
    return diff;
}

std::shared_ptr<MiniBlock> Chain::gather_mini_block() const {
    MEGA_ASSERT(open_ != nullptr);
    auto mini_block = std::make_shared<MiniBlock>();
    mini_block->transactions.assign(
        executed_.begin() + static_cast<std::ptrdiff_t>(mini_block_start_), executed_.end()
    );
    MiniBlockHeader& header = mini_block->header;
    header.block_number = open_->opening_header().number;
    header.block_timestamp = open_->opening_header().timestamp;
    header.index = mini_blocks_.size();
    for (const ExecutedPtr& tx : mini_block->transactions) {
        header.gas_used += tx->gas_used;
    }
    const ExecutedRoots roots = roots_of(mini_block->transactions);
    header.transaction_root = roots.transactions;
    header.receipt_root = roots.receipts;
    return mini_block;
}

MiniBlockPtr Chain::add_mini_block(std::shared_ptr<MiniBlock> mini_block) {
    mini_block->diff = absorb_pending();
    mini_block_start_ = executed_.size();
    next_mini_block_number_ =
        std::max(next_mini_block_number_, mini_block->header.mini_block_number + 1);
    mini_blocks_.push_back(mini_block);
    return mini_block;
}

MiniBlockPtr Chain::close_mini_block(uint64_t timestamp_us) {
    auto mini_block = gather_mini_block();
    MiniBlockHeader& header = mini_block->header;
    header.mini_block_number = next_mini_block_number_;
    header.timestamp_us = timestamp_us;
    const auto signature = crypto::sign(signing_hash(header), config_.signing_key);
    MEGA_ASSERT(signature.has_value());
    header.signature = *signature;
    return add_mini_block(std::move(mini_block));
}

Result<MiniBlockPtr> Chain::take_mini_block(const MiniBlockHeader& header) {
    auto mini_block = gather_mini_block();
    MiniBlockHeader own = mini_block->header;
    own.mini_block_number = header.mini_block_number;
    own.timestamp_us = header.timestamp_us;
    own.signature = header.signature;
    const bool is_ascending =
        mini_blocks_.empty() ||
        header.mini_block_number > mini_blocks_.back()->header.mini_block_number;
    if (own != header || !is_ascending) {
        const std::string_view what = own.block_number != header.block_number ||
                                              own.block_timestamp != header.block_timestamp ||
                                              own.index != header.index || !is_ascending
                                          ? "has no place here"
                                      : own.transaction_root != header.transaction_root
                                          ? "has other transactions"
                                          : "has other receipts";
        return Err{Error{
            "mini-block " + std::to_string(header.mini_block_number) + " of block " +
            std::to_string(header.block_number) + " " + std::string(what)
        }};
    }
    mini_block->header = header;
    return add_mini_block(std::move(mini_block));
}

Result<SealedPtr> Chain::seal_block() {
    MEGA_ASSERT(open_ != nullptr && !has_unclosed_transactions());
    SealFault* const fault = config_.seal_fault;
    const uint64_t number = open_->opening_header().number;
    if (fault != nullptr) {
        apply(fault->state_lie(state(), number, executed_));
        fault->spoil_transactions(number, executed_);
    }
    const DiffPtr closing_diff = absorb_pending();
    const auto root = commitment_->root();
    if (!root) {
        return Err{root.error()};
    }
    auto sealed = std::make_shared<SealedBlock>();
    sealed->header = closing_header(open_->opening_header(), executed_, *root);
    sealed->header.gas_used = gas_used_;  // also where a fault has taken a transaction out
    if (fault != nullptr) {
        fault->spoil_header(sealed->header, executed_);
    }
    sealed->hash = hash_of(sealed->header);
    sealed->opening_hash = open_->name();
    sealed->l1 = open_->l1();
    sealed->transactions = std::move(executed_);
    sealed->mini_blocks = std::move(mini_blocks_);
    sealed->closing_diff = closing_diff;
    sealed->diff = std::make_shared<const state::StateDiff>(block_.take());
    commitment_->seal(sealed->header.number, sealed->diff, {sealed->hash, take_accesses()});
    store_->set_block_hash(sealed->header.number, sealed->hash);
    forget_open_block();
    head_ = sealed;
    head_version_ = state_version_;
    read_parameters();
    return head_;
}

std::shared_ptr<const state::AccessLog> Chain::take_accesses() {
    if (!config_.notes_accesses || overridden_ || config_.seal_fault != nullptr) {
        return nullptr;
    }
    auto taken = std::make_shared<state::AccessLog>(std::exchange(accesses_, {}));
    taken->shrink();
    return taken;
}

void Chain::override_state(const OverrideRecord& change) {
    MEGA_ASSERT(open_ != nullptr);
    state::StateDiff diff;
    const auto before = state().account(change.address);
    const std::map<u256, u256> sorted(change.slots.begin(), change.slots.end());
    for (const auto& [slot, value] : sorted) {
        const u256 present = state().storage(change.address, slot);
        if (present != value) {
            diff.slots.push_back({change.address, slot, present, value});
        }
    }
    if (before != std::optional{change.account} || !diff.slots.empty()) {
        diff.accounts.push_back({change.address, before, change.account, false});
    }
    if (!change.code.empty()) {
        diff.codes.push_back(
            {change.account.code_hash, std::make_shared<const evm::Code>(change.code)}
        );
    }
    apply(diff);
    overridden_ = true;
}

void Chain::take_back_open_block() {
    // What was absorbed must leave the tree too; what is pending never reached it.
    const state::StateDiff pending = pending_.take();
    if (!pending.is_empty()) {
        state_version_ = store_->apply(state::invert(pending));
    }
    const state::StateDiff absorbed = block_.take();
    if (!absorbed.is_empty()) {
        state_version_ = store_->apply(state::invert(absorbed));
    }
    commitment_->abandon_open_block();
    forget_open_block();
}

void Chain::forget_open_block() {
    executed_.clear();
    mini_blocks_.clear();
    mini_block_start_ = 0;
    gas_used_ = 0;
    log_count_ = 0;
    overridden_ = false;
    accesses_ = {};
    open_.reset();
}

void Chain::revert_to(SealedPtr target, std::span<const DiffPtr> newer) {
    if (open_) {
        take_back_open_block();
    }
    for (const DiffPtr& diff : newer) {
        state_version_ = store_->apply(state::invert(*diff));
        commitment_->revert_block(diff);
    }
    head_ = std::move(target);
    head_version_ = state_version_;
    read_parameters();
}

}  // namespace mega::sequencer
