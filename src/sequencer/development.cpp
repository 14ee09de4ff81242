// What a development chain can be told to do (evm_*, anvil_*, hardhat_*). All of it runs on the
// sequencer's thread.

#include "sequencer/sequencer.hpp"

#include <set>

namespace mega::sequencer {

void Sequencer::mine_block() {
    execute_ready();
    settle_pooled();
    if (failure()) {
        return;
    }
    seal_and_open();
    next_block_us_ = now_us() + block_interval_ms_ * 1000;
}

void Sequencer::set_block_interval_ms(uint64_t interval_ms) {
    block_interval_ms_ = interval_ms;
    next_block_us_ = now_us() + interval_ms * 1000;
}

void Sequencer::reopen(const std::function<void()>& change) {
    if (failure()) {
        return;
    }
    if (!parts_.chain.is_untouched()) {
        seal_and_open();
        if (failure()) {
            return;
        }
    }
    change();
    open_next();
    publish_opening(nullptr);
    take_from_l1();
}

void Sequencer::shift_time(int64_t seconds) {
    reopen([&] { time_shift_ += seconds; });
}

void Sequencer::set_next_timestamp(uint64_t timestamp) {
    reopen([&] { forced_.timestamp = timestamp; });
}

void Sequencer::set_next_base_fee(const u256& base_fee) {
    reopen([&] { forced_.base_fee = base_fee; });
}

void Sequencer::set_next_prev_randao(const Hash256& value) {
    reopen([&] { forced_.prev_randao = value; });
}

void Sequencer::set_gas_limit(uint64_t gas_limit) {
    reopen([&] { options_.gas_limit = gas_limit; });
}

void Sequencer::set_beneficiary(const Address& beneficiary) {
    reopen([&] { options_.beneficiary = beneficiary; });
}

void Sequencer::override_state(const OverrideRecord& change) {
    if (failure()) {
        return;
    }
    parts_.chain.override_state(change);
    append(change);
    const std::lock_guard lock(pool_mutex_);
    pool_.account_changed(change.address, change.account.nonce);
}

Result<void> Sequencer::revert_to(uint64_t number) {
    if (auto gone = go_back_to(number); !gone) {
        return gone;
    }
    open_next();
    rejudge_pool();
    publish_return_to(number);
    take_from_l1();
    return {};
}

Result<void> Sequencer::go_back_to(uint64_t number) {
    if (const auto words = failure()) {
        return Err{Error{*words}};
    }
    // The database must hold every block before some are taken away again.
    if (!parts_.chain.is_untouched()) {
        if (!seal()) {
            return Err{Error{*failure()}};
        }
        open_next();
    }
    if (number > parts_.chain.head()->header.number) {
        return Err{Error{"block " + std::to_string(number) + " is not sealed yet"}};
    }
    if (!unsaved_.empty()) {
        checkpoint();
    }
    append(RevertRecord{number});
    if (auto flushed = parts_.log.flush(); !flushed) {
        return flushed;
    }
    if (auto reverted = parts_.checkpointer.revert(parts_.chain, number, last_sequence_);
        !reverted) {
        fail(reverted.error().message);
        return reverted;
    }
    forced_ = {};
    due_.clear();
    return {};
}

/// After nonces have gone back: what was ready may not be any more, and the other way round.
void Sequencer::rejudge_pool() {
    std::set<Address> senders;
    visit_pool([&](const mempool::Entry& entry, bool) { senders.insert(entry.tx->sender); });
    const std::lock_guard lock(pool_mutex_);
    for (const Address& sender : senders) {
        const auto account = parts_.chain.state().account(sender).value_or(Account{});
        pool_.account_changed(sender, account.nonce);
    }
}

mempool::TxPtr Sequencer::drop_pooled(const Hash256& hash) {
    mempool::TxPtr dropped;
    {
        const std::lock_guard lock(pool_mutex_);
        dropped = pool_.remove(hash);
    }
    if (dropped) {
        refuse(hash, "transaction was dropped");
        settle_dropped();
    }
    return dropped;
}

void Sequencer::drop_all_pooled() {
    std::vector<Hash256> hashes;
    visit_pool([&](const mempool::Entry& entry, bool) { hashes.push_back(entry.tx->hash); });
    for (const Hash256& hash : hashes) {
        drop_pooled(hash);
    }
}

}  // namespace mega::sequencer
