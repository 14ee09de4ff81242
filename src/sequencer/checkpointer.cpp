#include "sequencer/checkpointer.hpp"

#include "sequencer/l1_position.hpp"
#include "storage/node_store.hpp"

namespace mega::sequencer {
namespace {

constexpr int max_waiting = 2;

storage::Checkpoint checkpoint_at(
    uint64_t number, uint64_t log_sequence, uint64_t next_mini_block_number
) {
    return {
        .block_number = number,
        .log_sequence = log_sequence,
        .next_mini_block_number = next_mini_block_number
    };
}

}  // namespace

storage::StoredBlockPtr to_stored(const SealedBlock& block) {
    auto stored = std::make_shared<storage::StoredBlock>();
    stored->header = block.header;
    stored->hash = block.hash;
    stored->opening_hash = block.opening_hash;
    stored->transactions.reserve(block.transactions.size());
    for (const ExecutedPtr& executed : block.transactions) {
        stored->transactions.push_back({
            .raw = executed->tx->raw,
            .sender = executed->tx->sender,
            .hash = executed->tx->hash,
            .receipt = executed->receipt,
            .gas_used = executed->gas_used,
            .effective_gas_price = executed->effective_gas_price,
            .created = executed->created,
        });
    }
    uint32_t first = 0;
    for (const MiniBlockPtr& mini_block : block.mini_blocks) {
        const auto count = static_cast<uint32_t>(mini_block->transactions.size());
        stored->mini_blocks.push_back({mini_block->header, first, count});
        first += count;
    }
    return stored;
}

Result<ExecutedPtr> from_stored(
    const storage::StoredTransaction& tx,
    uint64_t block_number,
    uint32_t index,
    uint64_t first_log_index
) {
    auto decoded = decode_transaction(tx.raw);
    if (!decoded) {
        return Err{Error{
            "database: transaction " + to_hex(tx.hash) +
            " is damaged: " + std::string(to_string(decoded.error()))
        }};
    }
    auto executed = std::make_shared<ExecutedTransaction>();
    executed->tx = std::make_shared<const SignedTransaction>(
        SignedTransaction{std::move(*decoded), tx.sender, tx.hash, tx.raw}
    );
    executed->receipt = tx.receipt;
    executed->gas_used = tx.gas_used;
    executed->effective_gas_price = tx.effective_gas_price;
    executed->created = tx.created;
    executed->block_number = block_number;
    executed->index = index;
    executed->first_log_index = first_log_index;
    return ExecutedPtr{std::move(executed)};
}

void Checkpointer::remember(const SealedPtr& block) {
    parts_.states.seal_block(block->header.number, block->diff);
    parts_.blocks.remember(to_stored(*block), block->diff);
}

void Checkpointer::set_log(storage::WriteAheadLog& log) {
    parts_.log = &log;
    // A log that has lost its end (a crash of the machine under relaxed durability, a removed file)
    // will use sequences again that the checkpoint says are done with.
    const auto checkpoint = parts_.blocks.checkpoint();
    if (!checkpoint) {
        fail(checkpoint.error().message);
        return;
    }
    if (!*checkpoint || (*checkpoint)->log_sequence <= log.durable()) {
        return;
    }
    storage::WriteBatch batch;
    storage::ChainStore::stage(
        batch,
        checkpoint_at(
            (*checkpoint)->block_number, log.durable(), (*checkpoint)->next_mini_block_number
        )
    );
    if (auto written = parts_.database.write(std::move(batch), /*sync=*/true); !written) {
        fail(written.error().message);
    }
}

void Checkpointer::make_room() {
    if (waiting_ >= max_waiting) {
        wait();
    }
}

void Checkpointer::save(Save save) {
    ++waiting_;
    // std::function wants something copyable.
    auto shared = std::make_shared<Save>(std::move(save));
    thread_.post([this, shared] {
        write(std::move(*shared));
        --waiting_;
    });
}

void Checkpointer::wait() {
    thread_.run([] {});
}

void Checkpointer::write(Save save) {
    if (failure() || save.blocks.empty()) {
        return;
    }
    for (const SealedPtr& block : save.blocks) {
        const auto stored = parts_.blocks.block(block->header.number);
        MEGA_ASSERT(stored.has_value() && *stored != nullptr);
        storage::ChainStore::stage(save.batch, **stored, *block->diff);
        parts_.states.stage_block(save.batch, block->header.number, *block->diff);
    }
    // What the database holds must be in the log, too: or the log would count again from before it.
    if (parts_.log != nullptr) {
        if (auto flushed = parts_.log->flush(); !flushed) {
            fail(flushed.error().message);
            return;
        }
    }
    const uint64_t number = save.blocks.back()->header.number;
    storage::ChainStore::stage(
        save.batch, checkpoint_at(number, save.log_sequence, save.next_mini_block_number)
    );
    if (auto written = parts_.database.write(std::move(save.batch), /*sync=*/true); !written) {
        fail(written.error().message);
        return;
    }
    if (save.commitment != nullptr) {
        save.commitment->flush_written();
    }
    parts_.states.checkpointed(save.state_version);
    parts_.blocks.saved(number);
    saved_block_ = number;
    if (parts_.log != nullptr) {
        parts_.log->truncate_before(save.log_sequence);
    }
}

Result<Checkpointer::Withdrawal> Checkpointer::withdraw(
    uint64_t number, uint64_t head_number, const std::optional<rollup::L1Position>& l1_genesis
) {
    wait();
    if (const auto words = failure()) {
        return Err{Error{*words}};
    }
    auto target = parts_.blocks.header(number);
    if (!target || !*target) {
        return Err{
            target ? Error{"block " + std::to_string(number) + " is not known"} : target.error()
        };
    }
    Withdrawal withdrawal;
    for (uint64_t block = head_number; block > number; --block) {
        auto diff = parts_.blocks.diff(block);
        if (!diff || !*diff) {
            return Err{
                diff ? Error{"the state diff of block " + std::to_string(block) + " is not kept"}
                     : diff.error()
            };
        }
        withdrawal.newer.push_back(*diff);
    }
    auto head = std::make_shared<SealedBlock>();
    head->header = (*target)->header;
    head->hash = (*target)->hash;
    head->opening_hash = (*target)->opening_hash;
    head->diff = std::make_shared<const state::StateDiff>();
    if (l1_genesis) {
        auto position = l1_position_after(parts_.blocks, number, *l1_genesis);
        if (!position) {
            return Err{position.error()};
        }
        head->l1 = *position;
    }
    withdrawal.target = std::move(head);
    for (uint64_t block = head_number; block > number; --block) {
        if (auto unstaged = parts_.blocks.unstage(withdrawal.batch, block); !unstaged) {
            return Err{unstaged.error()};
        }
        parts_.states.unstage_block(
            withdrawal.batch, block, *withdrawal.newer[head_number - block]
        );
    }
    return withdrawal;
}

Result<void> Checkpointer::finish(
    Withdrawal withdrawal, Commitment& commitment, const Stand& stand
) {
    const uint64_t number = withdrawal.target->header.number;
    storage::WriteBatch& batch = withdrawal.batch;
    storage::NodeWriter nodes(batch);
    commitment.flush(nodes);
    storage::ChainStore::stage(
        batch, checkpoint_at(number, stand.log_sequence, stand.next_mini_block_number)
    );
    if (auto written = parts_.database.write(std::move(batch), /*sync=*/true); !written) {
        fail(written.error().message);
        return written;
    }
    commitment.flush_written();
    parts_.states.checkpointed(stand.state_version);
    saved_block_ = number;
    return {};
}

Result<void> Checkpointer::revert(Chain& chain, uint64_t number, uint64_t log_sequence) {
    auto withdrawal = withdraw(number, chain.head()->header.number, chain.config().l1_genesis);
    if (!withdrawal) {
        return Err{withdrawal.error()};
    }
    chain.revert_to(withdrawal->target, withdrawal->newer);
    const Stand stand{chain.head_version(), log_sequence, chain.next_mini_block_number()};
    return finish(*std::move(withdrawal), chain.commitment(), stand);
}

Result<std::vector<ExecutedPtr>> Checkpointer::sent_in(uint64_t first, uint64_t last) const {
    std::vector<ExecutedPtr> sent;
    for (uint64_t number = first; number <= last; ++number) {
        const auto block = parts_.blocks.block(number);
        if (!block || *block == nullptr) {
            return Err{
                block ? Error{"block " + std::to_string(number) + " is not known"} : block.error()
            };
        }
        const auto& transactions = (*block)->transactions;
        for (size_t i = count_from_l1(**block); i < transactions.size(); ++i) {
            auto executed =
                from_stored(transactions[i], number, static_cast<uint32_t>(i), /*first log*/ 0);
            if (!executed) {
                return Err{executed.error()};
            }
            sent.push_back(std::move(*executed));
        }
    }
    return sent;
}

std::optional<std::string> Checkpointer::failure() const {
    const std::lock_guard lock(mutex_);
    return failure_;
}

void Checkpointer::fail(const std::string& message) {
    const std::lock_guard lock(mutex_);
    if (!failure_) {
        failure_ = message;
    }
}

}  // namespace mega::sequencer
