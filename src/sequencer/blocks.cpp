// The sequencer's clockwork: mini-blocks, blocks and checkpoints.

#include "crypto/keccak.hpp"
#include "sequencer/second_mini_block.hpp"
#include "sequencer/sequencer.hpp"
#include "storage/node_store.hpp"

#include <algorithm>

namespace mega::sequencer {
namespace {

constexpr uint64_t expiry_interval_us = 1'000'000;

/// Of a test program whose sequencer lies; null for everybody else.
MiniBlockPtr lie_beside(const MiniBlockHeader& truth, const crypto::SecretKey& signing_key) {
    auto header = second_mini_block(truth);
    if (!header) {
        return nullptr;
    }
    const auto signature = crypto::sign(signing_hash(*header), signing_key);
    MEGA_ASSERT(signature.has_value());
    header->signature = *signature;
    auto mini_block = std::make_shared<MiniBlock>();
    mini_block->header = *header;
    mini_block->diff = std::make_shared<const state::StateDiff>();
    return mini_block;
}

}  // namespace

Hash256 Sequencer::derived_prev_randao(const Hash256& parent_hash, uint64_t number) {
    Bytes preimage = to_bytes(parent_hash.view());
    mega::append(preimage, u256{number}.to_hash().view());
    return crypto::keccak256(preimage);
}

void Sequencer::tick() {
    const uint64_t now = now_us();
    if (now >= next_expiry_us_) {
        next_expiry_us_ = now + expiry_interval_us;
        std::vector<mempool::TxPtr> expired;
        {
            const std::lock_guard lock(pool_mutex_);
            expired = pool_.expire(now / 1000);
        }
        for (const auto& tx : expired) {
            refuse(tx->hash, "transaction expired in the pool");
        }
    }
    if (const auto words = parts_.checkpointer.failure()) {
        fail(*words);
    }
    if (failure()) {
        return;
    }
    if (block_interval_ms_ != 0 && now >= next_block_us_) {
        const uint64_t interval_us = block_interval_ms_ * 1000;
        next_block_us_ = std::max(next_block_us_ + interval_us, now + interval_us / 2);
        seal_and_open();
        return;
    }
    const uint32_t governed_ms = parts_.chain.next_parameters().mini_block_interval_ms;
    const uint64_t interval_us =
        uint64_t{governed_ms != 0 ? governed_ms : options_.mini_block_interval_ms} * 1000;
    const bool wanted = is_leading_ && (parts_.chain.has_unclosed_transactions() ||
                                        options_.emit_empty_mini_blocks);
    if (!wanted) {
        next_mini_block_us_ = 0;
    } else if (next_mini_block_us_ == 0) {
        next_mini_block_us_ = (now / interval_us + 1) * interval_us;
    } else if (now >= next_mini_block_us_) {
        cut_mini_block();
        next_mini_block_us_ =
            options_.emit_empty_mini_blocks ? (now / interval_us + 1) * interval_us : 0;
    }
}

void Sequencer::cut_mini_block() {
    const uint64_t timestamp_us = now_us();
    auto mini_block = parts_.chain.close_mini_block(timestamp_us);
    append(MiniBlockRecord{timestamp_us});
    ++counters_.mini_blocks;
    const MiniBlockPtr lie = lie_beside(mini_block->header, parts_.chain.config().signing_key);
    publish([this, open = parts_.chain.open(), mini_block, lie](const Result<void>& durable) {
        if (!durable) {
            return;
        }
        open->publish(mini_block);
        for (const MiniBlockPtr& told : {mini_block, lie}) {
            if (told != nullptr) {
                parts_.publisher.tell([&](Listener& listener) { listener.on_mini_block(told); });
            }
        }
    });
}

SealedPtr Sequencer::seal() {
    if (parts_.chain.has_unclosed_transactions()) {
        cut_mini_block();
    }
    next_mini_block_us_ = 0;
    const uint64_t started_us = now_us();
    auto sealed = parts_.chain.seal_block();
    counters_.seal_ns += (now_us() - started_us) * 1000;
    if (!sealed) {
        fail(sealed.error().message);
        return nullptr;
    }
    append(SealRecord{(*sealed)->hash});
    forced_ = {};
    ++counters_.blocks;
    unsaved_.push_back(*sealed);
    parts_.checkpointer.remember(*sealed);
    return *sealed;
}

void Sequencer::seal_and_open() {
    const SealedPtr sealed = seal();
    if (!sealed) {
        return;
    }
    if (unsaved_.size() >= options_.checkpoint_interval_blocks) {
        checkpoint();
    }
    open_next();
    publish_opening(sealed);
    take_from_l1();
}

void Sequencer::publish_opening(SealedPtr sealed) {
    publish([this,
             sealed = std::move(sealed),
             head = parts_.chain.head(),
             open = parts_.chain.open()](const Result<void>& durable) {
        if (!durable) {
            return;
        }
        parts_.head.move_to(head, open);
        parts_.publisher.tell([&](Listener& listener) {
            if (sealed) {
                listener.on_sealed(sealed);
            }
            listener.on_opened(open);
        });
    });
}

void Sequencer::checkpoint() {
    const auto log_sequence = last_sequence_;
    // The log before the checkpoint may go: what waits in the pool is written again after it.
    visit_pool([this](const mempool::Entry& entry, bool) {
        append(PooledRecord{entry.tx->raw, entry.tx->sender});
    });
    parts_.checkpointer.make_room();
    storage::WriteBatch batch;
    storage::NodeWriter nodes(batch);
    parts_.chain.commitment().flush(nodes);
    parts_.checkpointer.save({
        .batch = std::move(batch),
        .blocks = std::exchange(unsaved_, {}),
        .state_version = parts_.chain.head_version(),
        .log_sequence = log_sequence,
        .next_mini_block_number = parts_.chain.next_mini_block_number(),
        .commitment = &parts_.chain.commitment(),
    });
}

OpenBlockRecord Sequencer::next_inputs() {
    const SealedPtr& head = parts_.chain.head();
    const uint64_t parent_timestamp = head->header.timestamp;
    const auto now_s = static_cast<int64_t>(now_us() / 1'000'000) + time_shift_;
    // Blocks of less than a second may share a timestamp; all others are strictly later than their
    // parent.
    const bool is_subsecond = block_interval_ms_ != 0 && block_interval_ms_ < 1000;
    const uint64_t earliest = is_subsecond ? parent_timestamp : parent_timestamp + 1;
    OpenBlockRecord inputs;
    inputs.number = head->header.number + 1;
    inputs.timestamp = forced_.timestamp.value_or(
        std::max(earliest, static_cast<uint64_t>(std::max<int64_t>(now_s, 0)))
    );
    const uint64_t governed_gas_limit = parts_.chain.next_parameters().gas_limit;
    inputs.gas_limit = governed_gas_limit != 0 ? governed_gas_limit : options_.gas_limit;
    inputs.beneficiary = options_.beneficiary;
    inputs.prev_randao =
        forced_.prev_randao.value_or(derived_prev_randao(head->hash, inputs.number));
    inputs.base_fee_per_gas = forced_.base_fee.value_or(parts_.chain.next_base_fee());
    if (head->l1) {
        L1Intake::Step step = l1_.next(*head->l1, inputs.timestamp, inputs.gas_limit);
        inputs.l1 = step.position;
        due_ = std::move(step.entries);
    }
    return inputs;
}

void Sequencer::open_next() {
    const OpenBlockRecord inputs = next_inputs();
    lowest_tip_.reset();
    block_data_ = 0;
    parts_.chain.open_block(inputs);
    append(inputs);
}

}  // namespace mega::sequencer
