// Several sequencers keep one chain and take turns: what a sequencer does while another one leads,
// and how the lead changes hands. All of it runs on the sequencer's thread.
//
// A follower executes what the leader tells, mini-block by mini-block, and keeps the leader's
// signatures: whoever takes over goes on in the midst of the block, and every receipt stands.

#include "base/hex.hpp"
#include "rollup/config.hpp"
#include "rollup/deposits.hpp"
#include "sequencer/opening.hpp"
#include "sequencer/sequencer.hpp"

#include <algorithm>

namespace mega::sequencer {
namespace {

const Error stopping{"the node is stopping"};

}  // namespace

void Sequencer::lead() {
    run([&] {
        if (is_leading_ || failure()) {
            return;
        }
        block_interval_ms_ = options_.block_interval_ms;
        is_leading_ = true;
        if (parts_.chain.is_untouched()) {
            open_next();
            publish_opening(nullptr);
            take_from_l1();
        }
        count_block_data();
        next_block_us_ = now_us() + block_interval_ms_ * 1000;
    });
}

std::vector<Sequencer::Submission> Sequencer::step_down() {
    std::vector<Submission> waiting;
    run([&] {
        if (is_leading_ && !failure() && !parts_.chain.is_untouched()) {
            if (const SealedPtr sealed = seal()) {
                if (unsaved_.size() >= options_.checkpoint_interval_blocks) {
                    checkpoint();
                }
                open_next();
                due_.clear();
                publish_opening(sealed);
            }
        }
        is_leading_ = false;
        block_interval_ms_ = 0;
        waiting = take_waiting();
    });
    return waiting;
}

/// In the order of arrival; the log need not keep them any more.
std::vector<Sequencer::Submission> Sequencer::take_waiting() {
    settle_pooled();
    std::vector<mempool::Entry> entries;
    visit_pool([&](const mempool::Entry& entry, bool) { entries.push_back(entry); });
    std::ranges::sort(entries, {}, &mempool::Entry::arrival);
    std::vector<Submission> waiting;
    for (const mempool::Entry& entry : entries) {
        {
            const std::lock_guard lock(pool_mutex_);
            static_cast<void>(pool_.remove(entry.tx->hash));
        }
        append(DroppedRecord{entry.tx->hash});
        auto waiters = waiters_.extract(entry.tx->hash);
        if (!waiters) {
            waiting.push_back({entry.tx, SubmitMode::accepted, {}});
            continue;
        }
        for (Waiter& waiter : waiters.mapped()) {
            waiting.push_back({entry.tx, waiter.mode, std::move(waiter.done)});
        }
    }
    return waiting;
}

std::optional<std::string> Sequencer::objection_to(const OpenBlockRecord& opening) const {
    const SealedPtr& head = parts_.chain.head();
    if (opening.number != head->header.number + 1) {
        return "does not follow block " + std::to_string(head->header.number);
    }
    if (opening.timestamp < head->header.timestamp) {
        return "opens before its parent";
    }
    if (opening.gas_limit < rollup::min_block_gas_limit ||
        opening.gas_limit > rollup::max_block_gas_limit) {
        return "has a gas limit of " + std::to_string(opening.gas_limit);
    }
    if (opening.base_fee_per_gas != parts_.chain.next_base_fee()) {
        return "has a base fee of " + to_decimal(opening.base_fee_per_gas) + " instead of " +
               to_decimal(parts_.chain.next_base_fee());
    }
    if (opening.prev_randao != derived_prev_randao(head->hash, opening.number)) {
        return "has another prev_randao than follows from its parent";
    }
    const bool goes_back = head->l1 && opening.l1 &&
                           (opening.l1->origin.number < head->l1->origin.number ||
                            opening.l1->cursor < head->l1->cursor);
    if (head->l1.has_value() != opening.l1.has_value() || goes_back) {
        return "goes back in L1";
    }
    return std::nullopt;
}

Result<void> Sequencer::follow_opening(const OpenBlockRecord& opening) {
    Result<void> done = Err{stopping};
    run([&] {
        if (const auto words = failure()) {
            done = Err{Error{*words}};
            return;
        }
        done = {};
        const OpenBlockPtr& open = parts_.chain.open();
        if (!parts_.chain.is_untouched()) {
            if (inputs_of(*open) != opening) {
                done = Err{Error{
                    "block " + std::to_string(opening.number) + " opens anew after mini-blocks"
                }};
            }
            return;
        }
        if (const auto words = objection_to(opening)) {
            done = Err{Error{"block " + std::to_string(opening.number) + " " + *words}};
            return;
        }
        due_.clear();
        lowest_tip_.reset();
        parts_.chain.open_block(opening);
        append(opening);
        publish_opening(nullptr);
    });
    return done;
}

Result<void> Sequencer::follow_mini_block(
    const MiniBlockHeader& header, std::span<const mempool::TxPtr> transactions
) {
    Result<void> done = Err{stopping};
    run([&] {
        if (const auto words = failure()) {
            done = Err{Error{*words}};
            return;
        }
        std::vector<ExecutedPtr> executed;
        const auto refused = parts_.chain.execute(transactions, [&](const ExecutedPtr& one) {
            executed.push_back(one);
        });
        if (!refused.empty()) {
            done = Err{Error{
                "transaction " + to_hex(transactions[refused.front().index]->hash) + " of block " +
                std::to_string(header.block_number) +
                " cannot be executed: " + refused.front().error.message
            }};
            give_up_open_block();
            return;
        }
        const auto taken = parts_.chain.take_mini_block(header);
        if (!taken) {
            done = Err{taken.error()};
            give_up_open_block();
            return;
        }
        done = {};
        record_executed(executed);
        append(SignedMiniBlockRecord{header});
        ++counters_.mini_blocks;
        publish([this, open = parts_.chain.open(), mini_block = *taken](const Result<void>& durable
                ) {
            if (durable) {
                open->publish(mini_block);
                parts_.publisher.tell([&](Listener& listener) {
                    listener.on_mini_block(mini_block);
                });
            }
        });
    });
    return done;
}

Result<void> Sequencer::follow_seal(const BlockHeader& header) {
    Result<void> done = Err{stopping};
    run([&] {
        if (const auto words = failure()) {
            done = Err{Error{*words}};
            return;
        }
        const auto objection = objection_to_l1_part();
        const SealedPtr sealed = seal();
        if (!sealed) {
            done = Err{Error{*failure()}};
            return;
        }
        if (unsaved_.size() >= options_.checkpoint_interval_blocks) {
            checkpoint();
        }
        open_next();
        due_.clear();
        publish_opening(sealed);
        done = {};
        if (objection) {
            done = Err{Error{*objection}};
        } else if (sealed->header != header) {
            done = Err{Error{
                "block " + std::to_string(sealed->header.number) + " comes out as " +
                to_hex(sealed->hash) + " (state root " + to_hex(sealed->header.state_root) +
                "), its leader says " + to_hex(hash_of(header)) + " (state root " +
                to_hex(header.state_root) + ")"
            }};
        }
    });
    return done;
}

/// Looked at when a block ends: by then what it takes from L1 has been seen here as well, unless L1
/// is away. Followers of L1 alone find out in any case, and what they find is what counts.
std::optional<std::string> Sequencer::objection_to_l1_part() {
    const OpenBlockPtr& open = parts_.chain.open();
    const SealedPtr& head = parts_.chain.head();
    if (!open->l1() || !head->l1) {
        return std::nullopt;
    }
    std::vector<Hash256> expected;
    if (rollup::needs_l1_attributes(*head->l1, *open->l1())) {
        const auto entries = l1_.entries_between(*head->l1, *open->l1());
        if (!entries) {
            ++counters_.unchecked_l1_parts;
            return std::nullopt;
        }
        for (const SignedTransaction& tx : rollup::transactions_from_l1(
                 parts_.chain.config().chain_id,
                 open->opening_header().number,
                 *head->l1,
                 *open->l1(),
                 *entries
             )) {
            if (tx.tx.type == TxType::deposit) {
                expected.push_back(tx.hash);
            }
        }
    }
    std::vector<Hash256> deposits;
    for (const ExecutedPtr& one : open->transactions()) {
        if (one->tx->tx.type == TxType::deposit) {
            deposits.push_back(one->tx->hash);
        }
    }
    if (deposits != expected) {
        return "block " + std::to_string(open->opening_header().number) + " holds " +
               std::to_string(deposits.size()) + " deposit(s) that are not the " +
               std::to_string(expected.size()) + " of L1";
    }
    return std::nullopt;
}

Result<std::vector<mempool::TxPtr>> Sequencer::follow_back_to(uint64_t number) {
    Result<std::vector<mempool::TxPtr>> done = Err{stopping};
    run([&] {
        if (const auto words = failure()) {
            done = Err{Error{*words}};
            return;
        }
        std::vector<mempool::TxPtr> sent;
        const uint64_t head = parts_.chain.head()->header.number;
        auto earlier = parts_.checkpointer.sent_in(number + 1, head);
        if (!earlier) {
            done = Err{earlier.error()};
            return;
        }
        for (const ExecutedPtr& one : *earlier) {
            sent.push_back(one->tx);
        }
        for (const ExecutedPtr& one : parts_.chain.open()->transactions()) {
            if (one->tx->tx.type != TxType::deposit) {
                sent.push_back(one->tx);
            }
        }
        give_up_open_block();
        if (number < head) {
            if (auto gone = go_back_to(number); !gone) {
                done = Err{gone.error()};
                return;
            }
            open_next();
            due_.clear();
            publish_return_to(number);
        }
        done = std::move(sent);
    });
    return done;
}

void Sequencer::give_up_open_block() {
    if (parts_.chain.is_untouched()) {
        return;
    }
    const SealedPtr& head = parts_.chain.head();
    append(RevertRecord{head->header.number});
    parts_.chain.revert_to(head, {});
    open_next();
    due_.clear();
    publish_return_to(head->header.number);
}

void Sequencer::publish_return_to(uint64_t number) {
    publish([this, number, head = parts_.chain.head(), open = parts_.chain.open()](
                const Result<void>& durable
            ) {
        if (durable) {
            parts_.head.move_to(head, open);
            parts_.publisher.tell([&](Listener& listener) {
                listener.on_reverted(number);
                listener.on_opened(open);
            });
        }
    });
}

}  // namespace mega::sequencer
