#include "sequencer/recovery.hpp"

#include "base/hex.hpp"
#include "sequencer/l1_position.hpp"
#include "storage/node_store.hpp"

namespace mega::sequencer {
namespace {

/// Blocks replayed between two checkpoints: bounds memory after a long log.
constexpr size_t blocks_per_save = 50;

/// What is executed together at most.
constexpr size_t max_collected = 8192;
constexpr size_t max_collected_bytes = 32U << 20;

class NoNodes final : public trie::NodeSource {
  public:
    std::optional<Bytes> load(const trie::TreeId&, BytesView, const Hash256&) const override {
        return std::nullopt;
    }
};

Result<mempool::TxPtr> decode_logged(const Bytes& raw, const Address& sender) {
    auto tx = decode_transaction(raw);
    if (!tx) {
        return Err{Error{"a logged transaction is damaged: " + std::string(to_string(tx.error()))}};
    }
    return std::make_shared<const SignedTransaction>(
        SignedTransaction{std::move(*tx), sender, transaction_hash(raw), raw}
    );
}

Result<void> write_genesis(
    storage::Database& database, const execution::Genesis& genesis, const Hash256& hash
) {
    storage::WriteBatch batch;
    const NoNodes none;
    trie::StateTree tree(none, empty_trie_root);
    if (auto applied = tree.apply(execution::tree_updates(genesis.diff)); !applied) {
        return Err{Error{"the genesis state could not be built"}};
    }
    MEGA_ASSERT(tree.root() == genesis.header.state_root);
    storage::NodeWriter nodes(batch);
    tree.flush(nodes);

    storage::StoredBlock block;
    block.header = genesis.header;
    block.hash = hash;
    block.opening_hash = hash;
    storage::ChainStore::stage(batch, block, {});
    storage::ChainStore::stage(batch, storage::Checkpoint{.block_number = genesis.header.number});
    storage::ChainStore::stage_genesis(batch, hash);
    storage::StateStore::stage_genesis(batch, genesis.diff, genesis.header.number);
    return database.write(std::move(batch), /*sync=*/true);
}

}  // namespace

Result<void> ensure_genesis(storage::Database& database, const execution::Genesis& genesis) {
    const Hash256 hash = hash_of(genesis.header);
    const auto stored = storage::ChainStore(database).genesis_hash();
    if (!stored) {
        return Err{stored.error()};
    }
    if (!*stored) {
        return write_genesis(database, genesis, hash);
    }
    if (**stored != hash) {
        return Err{Error{
            "the data directory holds another chain: its genesis block is " + to_hex(**stored) +
            ", the one asked for is " + to_hex(hash) +
            "; nothing was changed, choose another directory"
        }};
    }
    return {};
}

Result<StoredHead> load_head(
    const storage::ChainStore& blocks, const std::optional<rollup::L1Position>& l1_genesis
) {
    const auto checkpoint = blocks.checkpoint();
    if (!checkpoint) {
        return Err{checkpoint.error()};
    }
    if (!*checkpoint) {
        return Err{Error{"the database has no checkpoint"}};
    }
    const auto header = blocks.header((*checkpoint)->block_number);
    if (!header) {
        return Err{header.error()};
    }
    if (!*header) {
        return Err{Error{"the database lacks the block of its checkpoint"}};
    }
    auto head = std::make_shared<SealedBlock>();
    head->header = (*header)->header;
    head->hash = (*header)->hash;
    head->opening_hash = (*header)->opening_hash;
    head->diff = std::make_shared<const state::StateDiff>();
    if (l1_genesis) {
        auto position = l1_position_after(blocks, head->header.number, *l1_genesis);
        if (!position) {
            return Err{position.error()};
        }
        head->l1 = *position;
    }
    return StoredHead{std::move(head), **checkpoint};
}

bool Replay::fail(const std::string& what) {
    failure_ = what;
    return false;
}

bool Replay::accept(storage::WriteAheadLog::Sequence sequence, BytesView payload) {
    auto record = decode_log_record(payload);
    if (!record) {
        return fail(record.error().message);
    }
    // What waits in the pool is not part of a checkpoint, and may stand before it.
    const bool concerns_pool = std::holds_alternative<PooledRecord>(*record) ||
                               std::holds_alternative<DroppedRecord>(*record);
    if (sequence <= checkpoint_.log_sequence && !concerns_pool) {
        return true;
    }
    const bool can_be_collected = concerns_pool || std::holds_alternative<BatchRecord>(*record) ||
                                  std::holds_alternative<MiniBlockRecord>(*record);
    if (!can_be_collected && !catch_up()) {
        return false;
    }
    return std::visit([&](const auto& fields) { return apply(fields, sequence); }, *record);
}

bool Replay::apply(const OpenBlockRecord& record, uint64_t /*sequence*/) {
    if (record.number != chain_->head()->header.number + 1) {
        return fail(
            "the log opens block " + std::to_string(record.number) + " after block " +
            std::to_string(chain_->head()->header.number)
        );
    }
    if (chain_->open() && !chain_->is_untouched()) {
        return fail(
            "the log opens block " + std::to_string(record.number) +
            " again after transactions in it"
        );
    }
    chain_->open_block(record);
    executed_.clear();
    mini_blocks_.clear();
    return true;
}

bool Replay::apply(const BatchRecord& record, uint64_t /*sequence*/) {
    if (!chain_->open()) {
        return fail("the log holds transactions outside a block");
    }
    std::vector<mempool::TxPtr> batch;
    for (const auto& item : record.items) {
        auto tx = decode_logged(item.raw, item.sender);
        if (!tx) {
            return fail(tx.error().message);
        }
        batch.push_back(std::move(*tx));
    }
    for (mempool::TxPtr& tx : batch) {
        pooled_.erase(tx->hash);
        collected_bytes_ += tx->raw.size();
        collected_.push_back(std::move(tx));
    }
    const bool is_much =
        collected_.size() >= max_collected || collected_bytes_ >= max_collected_bytes;
    return !is_much || catch_up();
}

bool Replay::apply(const MiniBlockRecord& record, uint64_t /*sequence*/) {
    if (!chain_->open()) {
        return fail("the log holds a mini-block outside a block");
    }
    cuts_.push_back({collected_.size(), record.timestamp_us});
    return cuts_.size() < max_collected || catch_up();
}

bool Replay::catch_up() {
    const auto cuts = std::exchange(cuts_, {});
    const auto transactions = std::exchange(collected_, {});
    collected_bytes_ = 0;
    size_t next_cut = 0;
    size_t done = 0;
    const auto cut = [&] {
        while (next_cut < cuts.size() && cuts[next_cut].transactions == done) {
            mini_blocks_.push_back(chain_->close_mini_block(cuts[next_cut++].timestamp_us));
        }
    };
    cut();
    if (transactions.empty()) {
        return true;
    }
    const auto refused = chain_->execute(transactions, [&](const ExecutedPtr& executed) {
        executed_.push_back(executed);
        ++done;
        cut();
    });
    if (!refused.empty()) {
        return fail(
            "a logged transaction does not execute again: " + refused.front().error.message
        );
    }
    replayed_transactions_ += transactions.size();
    return true;
}

bool Replay::apply(const SignedMiniBlockRecord& record, uint64_t /*sequence*/) {
    if (!chain_->open()) {
        return fail("the log holds a mini-block outside a block");
    }
    auto taken = chain_->take_mini_block(record.header);
    if (!taken) {
        return fail("the log holds what does not execute again: " + taken.error().message);
    }
    mini_blocks_.push_back(*std::move(taken));
    return true;
}

bool Replay::apply(const SealRecord& record, uint64_t sequence) {
    if (!chain_->open() || chain_->has_unclosed_transactions()) {
        return fail("the log seals a block that is not open or not cut into mini-blocks");
    }
    const auto sealed = chain_->seal_block();
    if (!sealed) {
        return fail(sealed.error().message);
    }
    if ((*sealed)->hash != record.hash) {
        return fail(
            "block " + std::to_string((*sealed)->header.number) + " came out as " +
            to_hex((*sealed)->hash) + ", the log says " + to_hex(record.hash)
        );
    }
    checkpointer_->remember(*sealed);
    unsaved_.push_back(*sealed);
    seal_sequence_ = sequence;
    if (unsaved_.size() >= blocks_per_save) {
        save(sequence);
    }
    return true;
}

bool Replay::apply(const PooledRecord& record, uint64_t sequence) {
    auto tx = decode_logged(record.raw, record.sender);
    if (!tx) {
        return fail(tx.error().message);
    }
    pooled_.try_emplace((*tx)->hash, Pooled{sequence, *tx});
    return true;
}

bool Replay::apply(const DroppedRecord& record, uint64_t /*sequence*/) {
    pooled_.erase(record.hash);
    return true;
}

bool Replay::apply(const OverrideRecord& record, uint64_t /*sequence*/) {
    if (!chain_->open()) {
        return fail("the log changes state outside a block");
    }
    chain_->override_state(record);
    return true;
}

bool Replay::apply(const RevertRecord& record, uint64_t sequence) {
    if (record.number > chain_->head()->header.number) {
        return fail(
            "the log goes back to block " + std::to_string(record.number) + ", which does not exist"
        );
    }
    if (chain_->open()) {
        chain_->revert_to(chain_->head(), {});
        executed_.clear();
        mini_blocks_.clear();
    }
    if (record.number == chain_->head()->header.number) {
        return true;
    }
    if (!unsaved_.empty()) {
        save(seal_sequence_);
    }
    if (auto reverted = checkpointer_->revert(*chain_, record.number, sequence); !reverted) {
        return fail(reverted.error().message);
    }
    return true;
}

void Replay::save(uint64_t sequence) {
    storage::WriteBatch batch;
    storage::NodeWriter nodes(batch);
    chain_->commitment().flush(nodes);
    checkpointer_->save({
        .batch = std::move(batch),
        .blocks = std::exchange(unsaved_, {}),
        .state_version = chain_->head_version(),
        .log_sequence = sequence,
        .next_mini_block_number = chain_->next_mini_block_number(),
        .commitment = &chain_->commitment(),
    });
    checkpointer_->wait();
}

Result<Resumption> Replay::finish() {
    if (!failure_.empty() || !catch_up()) {
        return Err{Error{failure_}};
    }
    if (const OpenBlockPtr& open = chain_->open()) {
        open->publish(executed_);
        for (const MiniBlockPtr& mini_block : mini_blocks_) {
            open->publish(mini_block);
        }
    }
    Resumption resumption;
    std::map<uint64_t, mempool::TxPtr> by_arrival;
    for (const auto& [hash, pooled] : pooled_) {
        by_arrival.emplace(pooled.sequence, pooled.tx);
    }
    for (auto& [sequence, tx] : by_arrival) {
        resumption.pooled.push_back(std::move(tx));
    }
    resumption.unsaved = std::move(unsaved_);
    return resumption;
}

}  // namespace mega::sequencer
