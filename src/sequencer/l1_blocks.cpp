// What L1 does to the chain: entries of the queue taken into blocks, blocks taken back when L1 goes
// back, blocks that L1 dictates. All of it runs on the sequencer's thread.

#include "execution/data_fee.hpp"
#include "rollup/deposits.hpp"
#include "sequencer/l1_position.hpp"
#include "sequencer/sequencer.hpp"

namespace mega::sequencer {
namespace {

std::vector<mempool::TxPtr> shared(std::vector<SignedTransaction> transactions) {
    std::vector<mempool::TxPtr> result;
    result.reserve(transactions.size());
    for (SignedTransaction& tx : transactions) {
        result.push_back(std::make_shared<const SignedTransaction>(std::move(tx)));
    }
    return result;
}

bool came_out_alike(const ExecutedTransaction& a, const ExecutedTransaction& b) {
    return a.receipt.status == b.receipt.status && a.gas_used == b.gas_used &&
           a.receipt.logs == b.receipt.logs;
}

void compare(
    std::span<const ExecutedPtr> sent,
    const std::unordered_map<Hash256, ExecutedPtr>& again,
    Reorganisation& report
) {
    for (const ExecutedPtr& before : sent) {
        const auto after = again.find(before->tx->hash);
        if (after == again.end()) {
            report.dropped.push_back(before->tx->hash);
        } else if (!came_out_alike(*before, *after->second)) {
            report.changed.push_back(before->tx->hash);
        }
    }
}

}  // namespace

std::optional<rollup::L1Position> Sequencer::l1_position() const {
    const auto position = parts_.head.position();
    return position.open ? position.open->l1() : std::nullopt;
}

void Sequencer::feed_l1(std::vector<rollup::L1Block> blocks) {
    {
        const std::lock_guard lock(mutex_);
        if (stopping_) {
            return;
        }
        commands_.emplace_back([this, blocks = std::move(blocks)] { l1_.feed(blocks); });
    }
    wake_.notify_one();
}

Result<void> Sequencer::rewind_l1(uint64_t number) {
    Result<void> done = Err{Error{"the node is stopping"}};
    run([&] {
        done = {};
        l1_.rewind(number);
        if (!is_leading_ && !options_.only_follows) {
            return;  // the leader goes back, and is followed
        }
        const auto& open = parts_.chain.open();
        const auto& genesis = parts_.chain.config().l1_genesis;
        if (!genesis || !open || !open->l1() || open->l1()->origin.number <= number) {
            return;
        }
        const auto kept = last_block_of_origin(
            parts_.checkpointer.blocks(), parts_.chain.head()->header.number, number, *genesis
        );
        if (!kept) {
            done = Err{kept.error()};
            return;
        }
        done =
            reorganise(*kept, {}, "L1 has taken back its blocks after " + std::to_string(number));
    });
    return done;
}

Result<void> Sequencer::adopt(std::vector<DictatedBlock> blocks) {
    if (blocks.empty()) {
        return {};
    }
    Result<void> done = Err{Error{"the node is stopping"}};
    run([&] {
        const uint64_t first = blocks.front().number;
        if (first == 0 || first > parts_.chain.head()->header.number + 1) {
            done = Err{Error{
                "block " + std::to_string(first) + " does not follow block " +
                std::to_string(parts_.chain.head()->header.number)
            }};
            return;
        }
        done = reorganise(
            first - 1, blocks, "L1 holds other blocks after " + std::to_string(first - 1)
        );
    });
    return done;
}

void Sequencer::take_from_l1() {
    const std::vector<rollup::QueueEntry> entries = std::exchange(due_, {});
    const OpenBlockPtr& open = parts_.chain.open();
    if (failure() || !open || !open->l1()) {
        return;
    }
    execute_from_l1(shared(rollup::transactions_from_l1(
        parts_.chain.config().chain_id,
        open->opening_header().number,
        *parts_.chain.head()->l1,
        *open->l1(),
        entries
    )));
}

void Sequencer::finish_l1_part() {
    if (parts_.chain.is_untouched()) {
        take_from_l1();
        return;
    }
    const OpenBlockPtr& open = parts_.chain.open();
    if (open->l1() && parts_.chain.has_unclosed_transactions() && open->mini_blocks().empty() &&
        rollup::needs_l1_attributes(*parts_.chain.head()->l1, *open->l1())) {
        cut_mini_block();
    }
}

void Sequencer::execute_from_l1(std::span<const mempool::TxPtr> transactions) {
    if (transactions.empty()) {
        return;
    }
    std::vector<ExecutedPtr> executed;
    for (ExecutionOutcome& outcome : parts_.chain.execute(transactions)) {
        // A forced transaction that cannot be executed is skipped.
        if (outcome.executed) {
            executed.push_back(std::move(outcome.executed));
        }
    }
    counters_.from_l1 += executed.size();
    record_executed(executed);
    note_nonces(executed);
    // They have a mini-block to themselves: BlockSource tells them apart by that.
    cut_mini_block();
}

SealedPtr Sequencer::build(const DictatedBlock& block, SealedPtr sealed, Results* results) {
    const SealedPtr& parent = parts_.chain.head();
    OpenBlockRecord inputs;
    inputs.number = block.number;
    inputs.timestamp = block.timestamp;
    inputs.gas_limit = block.gas_limit;
    inputs.beneficiary = block.beneficiary;
    inputs.prev_randao = derived_prev_randao(parent->hash, inputs.number);
    inputs.base_fee_per_gas = parts_.chain.next_base_fee();
    inputs.l1 = block.position;
    due_.clear();
    parts_.chain.open_block(inputs);
    append(inputs);
    publish_opening(std::move(sealed));

    execute_from_l1(block.from_l1);
    if (!block.transactions.empty()) {
        std::vector<ExecutedPtr> executed;
        for (ExecutionOutcome& outcome : parts_.chain.execute(block.transactions)) {
            if (outcome.executed) {
                executed.push_back(std::move(outcome.executed));
            }
        }
        record_executed(executed);
        note_nonces(executed);
        for (const ExecutedPtr& done : executed) {
            if (results != nullptr) {
                results->emplace(done->tx->hash, done);
            }
        }
    }
    sealed = seal();
    if (sealed && unsaved_.size() >= options_.checkpoint_interval_blocks) {
        checkpoint();
    }
    return sealed;
}

Result<std::vector<ExecutedPtr>> Sequencer::withdraw_after(uint64_t number) {
    if (!parts_.chain.is_untouched()) {
        if (!seal()) {
            return Err{Error{*failure()}};
        }
        open_next();
    }
    auto sent = parts_.checkpointer.sent_in(number + 1, parts_.chain.head()->header.number);
    if (!sent) {
        return sent;
    }
    for (const ExecutedPtr& done : *sent) {
        append(PooledRecord{done->tx->raw, done->tx->sender});
    }
    if (auto gone = go_back_to(number); !gone) {
        return Err{gone.error()};
    }
    open_next();
    publish_return_to(number);
    return sent;
}

Result<void> Sequencer::reorganise(
    uint64_t number, std::span<const DictatedBlock> dictated, const std::string& reason
) {
    if (const auto words = failure()) {
        return Err{Error{*words}};
    }
    Reorganisation report{
        .kept = number, .previous_head = 0, .reason = reason, .dropped = {}, .changed = {}
    };
    std::vector<ExecutedPtr> sent;
    const bool goes_back =
        number < parts_.chain.head()->header.number || !parts_.chain.is_untouched();
    if (goes_back) {
        report.previous_head = parts_.chain.head()->header.number;
        auto withdrawn = withdraw_after(number);
        if (!withdrawn) {
            return Err{withdrawn.error()};
        }
        sent = std::move(*withdrawn);
    }
    Results again;
    SealedPtr sealed;
    for (const DictatedBlock& block : dictated) {
        sealed = build(block, std::move(sealed), goes_back ? &again : nullptr);
        if (!sealed) {
            return Err{Error{*failure()}};
        }
    }
    open_next();
    publish_opening(std::move(sealed));
    take_from_l1();
    if (goes_back) {
        rejudge_pool();
        execute_again(sent, again);
        compare(sent, again, report);
        ++counters_.reorganised;
        counters_.contradicted += report.dropped.size() + report.changed.size();
        publish([this, report = std::move(report)](const Result<void>& durable) {
            if (durable) {
                parts_.publisher.tell([&](Listener& listener) { listener.on_reorganised(report); });
            }
        });
    }
    return {};
}

void Sequencer::execute_again(std::span<const ExecutedPtr> sent, Results& results) {
    std::vector<mempool::TxPtr> batch;
    uint64_t batch_gas = 0;
    const auto execute = [&] {
        const auto executed = execute_batch(std::exchange(batch, {}));
        note_nonces(executed);
        for (const ExecutedPtr& done : executed) {
            results.emplace(done->tx->hash, done);
        }
        batch_gas = 0;
    };
    for (const ExecutedPtr& before : sent) {
        const uint64_t gas = before->tx->tx.gas_limit;
        if (results.contains(before->tx->hash)) {
            continue;
        }
        const uint64_t data = execution::data_size(*before->tx);
        if (batch_gas + gas > parts_.chain.gas_left() || data > data_left()) {
            execute();
        }
        if (gas > parts_.chain.gas_left() || data > data_left()) {
            seal_and_open();
        }
        if (failure()) {
            return;
        }
        batch.push_back(before->tx);
        batch_gas += gas;
        block_data_ += std::min(data, data_left());
        if (batch.size() >= options_.max_batch) {
            execute();
        }
    }
    execute();
}

}  // namespace mega::sequencer
