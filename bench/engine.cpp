#include "bench/engine.hpp"

#include "bench/token.hpp"
#include "node/predeploys.hpp"
#include "sequencer/recovery.hpp"

#include <cstdio>
#include <cstdlib>

namespace mega::bench {
namespace {

constexpr uint64_t start_us = 1'800'000'000'000'000;
constexpr uint64_t mini_block_us = 10'000;
constexpr uint64_t gas_limit = 1'000'000'000;
constexpr uint64_t token_gas = 100'000;
constexpr uint64_t min_base_fee = 1'000'000;
constexpr size_t tree_memory_bytes = 512U << 20;
const u256 riches = u256{1'000'000'000'000} * u256{1'000'000'000'000};

[[noreturn]] void die(const std::string& message) {
    std::fprintf(stderr, "bench: %s\n", message.c_str());
    std::exit(1);
}

template <class T>
T must(Result<T>&& result) {
    if (!result) {
        die(result.error().message);
    }
    if constexpr (!std::is_void_v<T>) {
        return std::move(*result);
    }
}

execution::Genesis make_engine_genesis(const EngineOptions& options) {
    execution::GenesisSpec spec;
    spec.gas_limit = gas_limit;
    spec.base_fee_per_gas = min_base_fee;
    node::add_predeploys(spec.alloc);
    for (uint64_t i = 0; i < options.accounts; ++i) {
        spec.alloc[synthetic_address(i)].balance = 1;
    }
    execution::GenesisAccount token;
    token.nonce = 1;
    token.code = token_code();
    for (const Sender& sender : options.senders) {
        spec.alloc[sender.address].balance = riches;
        token.storage[token_balance_slot(sender.address)] = riches;
    }
    spec.alloc[token_address] = std::move(token);
    return execution::make_genesis(current_fork, spec);
}

}  // namespace

Engine::Engine(const EngineOptions& options)
    : directory_(options.directory), key_(options.senders.front().key), time_us_(start_us) {
    std::filesystem::create_directories(directory_ / "log");
    open_storage(options);
    open_next();
}

Engine::~Engine() {
    if (checkpointer_) {
        checkpointer_->wait();
    }
    log_.reset();
    checkpointer_.reset();
    chain_.reset();
    commitment_.reset();
    tree_nodes_.reset();
    blocks_.reset();
    states_.reset();
    database_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
}

void Engine::open_storage(const EngineOptions& options) {
    database_ = must(storage::Database::open({.path = directory_ / "database"}));
    must(sequencer::ensure_genesis(*database_, make_engine_genesis(options)));
    states_ = std::make_unique<storage::StateStore>(*database_, storage::StateStoreOptions{});
    blocks_ = std::make_unique<storage::ChainStore>(*database_);
    tree_nodes_ = std::make_unique<storage::NodeReader>(*database_);
    const auto stored = must(sequencer::load_head(*blocks_));
    commitment_ = std::make_unique<sequencer::Commitment>(
        *tree_nodes_, stored.head->header.state_root, 0, tree_memory_bytes
    );
    sequencer::ChainConfig config;
    config.chain_id = engine_chain_id;
    config.fee_market.min_base_fee = min_base_fee;
    config.signing_key = key_;
    chain_ = std::make_unique<sequencer::Chain>(
        config, *states_, *commitment_, stored.head, stored.checkpoint.next_mini_block_number
    );
    log_ = must(storage::WriteAheadLog::open(
        {.directory = directory_ / "log", .chain_id_hash = stored.head->hash},
        [](storage::WriteAheadLog::Sequence, BytesView) { return true; }
    ));
    checkpointer_ = std::make_unique<sequencer::Checkpointer>(
        sequencer::Checkpointer::Parts{*database_, *states_, *blocks_, log_.get()}
    );
}

void Engine::execute(std::span<const mempool::TxPtr> batch) {
    for (const sequencer::ExecutionOutcome& outcome : chain_->execute(batch)) {
        if (!outcome.executed) {
            die("a transaction was refused: " + outcome.refusal->message);
        }
        failed_ += outcome.executed->receipt.status ? 0 : 1;
        unlogged_.items.push_back({outcome.executed->tx->raw, outcome.executed->tx->sender});
    }
}

void Engine::log_batch() {
    sequence_ = log_->append(sequencer::encode(unlogged_));
    unlogged_.items.clear();
}

void Engine::sync_log() { must(log_->flush()); }

void Engine::close_mini_block() {
    time_us_ += mini_block_us;
    chain_->close_mini_block(time_us_);
    sequence_ = log_->append(sequencer::encode(sequencer::MiniBlockRecord{time_us_}));
}

void Engine::wait_for_tree() { (void)commitment_->memory_bytes(); }

void Engine::seal() {
    sealed_ = must(chain_->seal_block());
    sequence_ = log_->append(sequencer::encode(sequencer::SealRecord{sealed_->hash}));
}

void Engine::open_next() {
    if (sealed_) {
        checkpointer_->remember(sealed_);
        unsaved_.push_back(std::exchange(sealed_, nullptr));
    }
    const BlockHeader& parent = chain_->head()->header;
    time_us_ = std::max(time_us_, (parent.timestamp + 1) * 1'000'000);
    const sequencer::OpenBlockRecord inputs{
        .number = parent.number + 1,
        .timestamp = time_us_ / 1'000'000,
        .gas_limit = gas_limit,
        .beneficiary = Address{{0xfe}},
        .prev_randao = {},
        .base_fee_per_gas = chain_->next_base_fee(),
    };
    chain_->open_block(inputs);
    sequence_ = log_->append(sequencer::encode(inputs));
}

void Engine::begin_checkpoint() {
    storage::WriteBatch batch;
    storage::NodeWriter nodes(batch);
    commitment_->flush(nodes);
    checkpointer_->save({
        .batch = std::move(batch),
        .blocks = std::exchange(unsaved_, {}),
        .state_version = chain_->head_version(),
        .log_sequence = sequence_,
        .next_mini_block_number = chain_->next_mini_block_number(),
    });
}

void Engine::checkpoint() {
    begin_checkpoint();
    checkpointer_->wait();
    if (const auto words = checkpointer_->failure()) {
        die(*words);
    }
}

Template token_template(uint64_t recipients) {
    return [recipients](uint64_t index) {
        Transaction tx;
        tx.gas_limit = token_gas;
        tx.to = token_address;
        tx.data = token_transfer_call(synthetic_address(mix64(index, 0x746f) % recipients), 1);
        return tx;
    };
}

}  // namespace mega::bench
