#include "bench/derivation_run.hpp"

#include "bench/clock.hpp"
#include "node/predeploys.hpp"
#include "rollup/test_l1.hpp"
#include "sequencer/recovery.hpp"
#include "storage/node_store.hpp"

#include <cstdio>
#include <cstdlib>

namespace mega::bench {
namespace {

constexpr uint64_t chain_id = 6342;
constexpr uint64_t l1_start = 10;
constexpr uint64_t gas_limit = 1'000'000'000;
constexpr uint64_t block_size = 1000;
constexpr uint64_t blocks_a_batch = 8;
constexpr uint64_t genesis_timestamp = 1'800'000'000;
constexpr size_t tree_memory_bytes = 512U << 20;

template <class T>
T must(Result<T>&& result) {
    if (!result) {
        std::fprintf(stderr, "bench: %s\n", result.error().message.c_str());
        std::exit(1);
    }
    if constexpr (!std::is_void_v<T>) {
        return std::move(*result);
    }
}

execution::Genesis make_genesis(const std::vector<Sender>& senders) {
    execution::GenesisSpec spec;
    spec.gas_limit = gas_limit;
    spec.timestamp = genesis_timestamp;
    spec.base_fee_per_gas = 1'000'000;
    node::add_predeploys(spec.alloc);
    for (const Sender& sender : senders) {
        spec.alloc[sender.address].balance = u256{1'000'000'000'000} * u256{1'000'000'000'000};
    }
    return execution::make_genesis(current_fork, spec);
}

/// A chain on a directory, without RPC.
class FollowingChain {
  public:
    FollowingChain(std::filesystem::path directory, const std::vector<Sender>& senders)
        : directory_(std::move(directory)) {
        std::filesystem::create_directories(directory_ / "log");
        database_ = must(storage::Database::open({.path = directory_ / "database"}));
        const auto genesis = make_genesis(senders);
        must(sequencer::ensure_genesis(*database_, genesis));
        states_ = std::make_unique<storage::StateStore>(*database_, storage::StateStoreOptions{});
        blocks_ = std::make_unique<storage::ChainStore>(*database_);
        nodes_ = std::make_unique<storage::NodeReader>(*database_);
        sequencer::ChainConfig config;
        config.chain_id = chain_id;
        config.fee_market.min_base_fee = 1'000'000;
        config.signing_key = senders.front().key;
        config.l1_genesis = rollup::genesis_position(l1_start);
        const auto stored = must(sequencer::load_head(*blocks_, config.l1_genesis));
        commitment_ = std::make_unique<sequencer::Commitment>(
            *nodes_, stored.head->header.state_root, 0, tree_memory_bytes
        );
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
        sequencer::SequencerOptions options;
        options.block_interval_ms = 0;
        options.gas_limit = gas_limit;
        sequencer_ = std::make_unique<sequencer::Sequencer>(
            options, sequencer::Sequencer::Parts{*chain_, *log_, head_, publisher_, *checkpointer_}
        );
        sequencer_->start({});
    }
    ~FollowingChain() {
        sequencer_->stop();
        checkpointer_->wait();
        publisher_.drain();
        sequencer_.reset();
        log_.reset();
        checkpointer_.reset();
        chain_.reset();
        commitment_.reset();
        nodes_.reset();
        blocks_.reset();
        states_.reset();
        database_.reset();
        std::error_code ignored;
        std::filesystem::remove_all(directory_, ignored);
    }
    FollowingChain(const FollowingChain&) = delete;
    FollowingChain& operator=(const FollowingChain&) = delete;

    void adopt(std::vector<sequencer::DictatedBlock> blocks) {
        must(sequencer_->adopt(std::move(blocks)));
    }
    [[nodiscard]] uint64_t executed() const { return sequencer_->counters().executed; }

  private:
    std::filesystem::path directory_;
    std::unique_ptr<storage::Database> database_;
    std::unique_ptr<storage::StateStore> states_;
    std::unique_ptr<storage::ChainStore> blocks_;
    std::unique_ptr<storage::NodeReader> nodes_;
    std::unique_ptr<sequencer::Commitment> commitment_;
    std::unique_ptr<sequencer::Chain> chain_;
    std::unique_ptr<storage::WriteAheadLog> log_;
    std::unique_ptr<sequencer::Checkpointer> checkpointer_;
    sequencer::Head head_;
    sequencer::Publisher publisher_;
    std::unique_ptr<sequencer::Sequencer> sequencer_;
};

double seconds_since(uint64_t start_ns) { return static_cast<double>(now_ns() - start_ns) * 1e-9; }

rollup::RollupConfig rollup_config() {
    rollup::RollupConfig config;
    config.l2_chain_id = chain_id;
    config.l1_start_block = l1_start;
    config.genesis_timestamp = genesis_timestamp;
    config.genesis_gas_limit = gas_limit;
    return config;
}

/// The next batch of transfers, in an L1 block.
rollup::L1BlockInput post_transfers(
    rollup::test::MemoryL1& l1,
    TransactionSource& source,
    uint64_t count,
    uint64_t& timestamp,
    int level,
    DerivationRun& run
) {
    std::vector<rollup::BatchBlock> blocks;
    while (count > 0) {
        const uint64_t transactions = std::min(count, block_size);
        count -= transactions;
        rollup::BatchBlock& block = blocks.emplace_back();
        block.timestamp = ++timestamp;
        block.origin_number = l1.next_number() - 1;
        block.gas_limit = gas_limit;
        for (const Bytes& raw : source.take(transactions)) {
            run.rlp_bytes += raw.size();
            block.transactions.push_back(*decode_transaction(raw));
        }
    }
    Bytes payload = must(rollup::encode_batch(chain_id, blocks, {level}));
    run.payload_bytes += payload.size();
    l1.post_payload(l1.header_of(blocks), std::move(payload), rollup::BatchKind::blobs);
    return l1.mine(blocks_a_batch);
}

}  // namespace

DerivationRun run_derivation(
    const std::filesystem::path& directory, uint64_t transactions, int level
) {
    DerivationRun run;
    TransactionSource source(
        make_senders("derivation", 1000), chain_id, transfer_template(100'000)
    );
    FollowingChain chain(directory, source.senders());
    rollup::test::MemoryL1 l1(rollup_config());
    rollup::Derivation derivation(rollup_config());
    uint64_t timestamp = genesis_timestamp + 100;
    if (!derivation.accept(l1.mine())) {
        std::exit(1);
    }
    while (run.transactions < transactions) {
        const uint64_t count =
            std::min(transactions - run.transactions, block_size * blocks_a_batch);
        const auto input = post_transfers(l1, source, count, timestamp, level, run);

        uint64_t start = now_ns();
        auto batches = derivation.accept(input);
        run.derive_s += seconds_since(start);
        if (!batches || batches->size() != 1 || (*batches)[0].fault) {
            std::fprintf(stderr, "bench: a batch did not derive\n");
            std::exit(1);
        }
        auto derived = std::move((*batches)[0].blocks);
        std::vector<sequencer::DictatedBlock> blocks(derived.size());

        start = now_ns();
        std::vector<std::pair<size_t, size_t>> places;
        std::vector<std::vector<mempool::TxPtr>> recovered(derived.size());
        for (size_t i = 0; i < derived.size(); ++i) {
            recovered[i].resize(derived[i].transactions.size());
            for (size_t k = 0; k < recovered[i].size(); ++k) {
                places.emplace_back(i, k);
            }
        }
        on_all_cores(places.size(), [&](uint64_t n) {
            const auto [i, k] = places[n];
            Transaction& tx = derived[i].transactions[k];
            Bytes raw = encode(tx);
            const Address sender = recover_sender(tx).value();
            const Hash256 hash = transaction_hash(raw);
            recovered[i][k] = std::make_shared<const SignedTransaction>(
                SignedTransaction{std::move(tx), sender, hash, std::move(raw)}
            );
        });
        for (size_t i = 0; i < derived.size(); ++i) {
            derived[i].transactions.clear();
            blocks[i] = sequencer::dictated_block(std::move(derived[i]));
            blocks[i].transactions = std::move(recovered[i]);
        }
        run.recover_s += seconds_since(start);

        run.blocks += blocks.size();
        start = now_ns();
        chain.adopt(std::move(blocks));
        run.build_s += seconds_since(start);
        run.transactions += count;
        ++run.batches;
    }
    if (chain.executed() < transactions) {
        std::fprintf(stderr, "bench: transfers were skipped\n");
        std::exit(1);
    }
    return run;
}

}  // namespace mega::bench
