#include "sequencer/sequencer.hpp"

#include "execution/data_fee.hpp"

#include <algorithm>
#include <chrono>

namespace mega::sequencer {
namespace {

/// Submissions that may wait for the sequencer's thread.
constexpr size_t max_commands = 100'000;

/// Transactions that are handed on together while a batch is still being executed.
constexpr size_t prefix_size = 128;

uint64_t system_now_us() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now).count()
    );
}

SubmitOutcome refused(std::string message) {
    SubmitOutcome outcome;
    outcome.message = std::move(message);
    return outcome;
}

}  // namespace

Sequencer::Sequencer(SequencerOptions options, Parts parts)
    : options_(std::move(options)),
      parts_(parts),
      pool_(options_.pool),
      batch_bound_(options_.min_batch),
      is_leading_(!options_.only_follows && !options_.starts_following) {
    block_interval_ms_ = is_leading_ ? options_.block_interval_ms : 0;
    if (!options_.now_us) {
        options_.now_us = system_now_us;
    }
}

Sequencer::~Sequencer() { stop(); }

void Sequencer::start(Resumption resumption) {
    last_sequence_ = parts_.log.durable();
    unsaved_ = std::move(resumption.unsaved);
    for (auto& tx : resumption.pooled) {
        return_to_pool(tx);
    }
    const OpenBlockPtr open = parts_.chain.open();
    // With an L1, an untouched block may have lost what it was to take from there.
    if (!open || (is_leading_ && open->l1() && parts_.chain.is_untouched())) {
        open_next();
    }
    parts_.head.move_to(parts_.chain.head(), parts_.chain.open());
    parts_.publisher.post([this, open = parts_.chain.open()] {
        parts_.publisher.tell([&](Listener& listener) { listener.on_opened(open); });
    });
    if (is_leading_ || options_.only_follows) {
        finish_l1_part();
    }
    count_block_data();
    next_block_us_ = now_us() + block_interval_ms_ * 1000;
    thread_ = std::thread([this] { loop(); });
}

void Sequencer::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) {
        thread_.join();
    }
}

void Sequencer::submit(mempool::TxPtr tx, SubmitMode mode, SubmitCallback done) {
    std::unique_lock lock(mutex_);
    if (auto problem = reason_to_refuse()) {
        lock.unlock();
        parts_.publisher.post([done = std::move(done), message = std::move(*problem)] {
            done(refused(message));
        });
        return;
    }
    commands_.emplace_back(Submission{std::move(tx), mode, std::move(done)});
    lock.unlock();
    wake_.notify_one();
}

std::optional<std::string> Sequencer::reason_to_refuse() const {
    if (failure_) {
        return failure_;
    }
    if (stopping_) {
        return "the node is stopping";
    }
    if (options_.only_follows) {
        return "this node follows L1 and takes no transactions: send them to the sequencer";
    }
    if (!is_leading_) {
        return std::string(no_leader_words);
    }
    if (commands_.size() >= max_commands) {
        return "txpool is full";
    }
    return std::nullopt;
}

void Sequencer::run(const std::function<void()>& task) {
    std::promise<void> finished;
    {
        const std::lock_guard lock(mutex_);
        if (stopping_) {
            return;
        }
        commands_.emplace_back([&] {
            task();
            // Comes after all that the task publishes. A failed log is reported through failure().
            publish([&](const Result<void>&) { finished.set_value(); });
        });
    }
    wake_.notify_one();
    finished.get_future().wait();
}

void Sequencer::wait_until_published() {
    std::promise<void> finished;
    publish([&](const Result<void>&) { finished.set_value(); });
    finished.get_future().wait();
}

std::optional<std::string> Sequencer::failure() const {
    const std::lock_guard lock(mutex_);
    return failure_;
}

void Sequencer::fail(const std::string& message) {
    {
        const std::lock_guard lock(mutex_);
        if (failure_) {
            return;
        }
        failure_ = message;
        // Wakes the thread, which has to turn away those who wait.
        commands_.emplace_back(std::function<void()>([] {}));
    }
    wake_.notify_one();
}

uint64_t Sequencer::next_deadline_us() const {
    uint64_t deadline = next_expiry_us_;
    if (failure()) {
        return deadline;
    }
    if (block_interval_ms_ != 0) {
        deadline = std::min(deadline, next_block_us_);
    }
    if (is_leading_ &&
        (parts_.chain.has_unclosed_transactions() || options_.emit_empty_mini_blocks)) {
        deadline = std::min(deadline, next_mini_block_us_);
    }
    return deadline;
}

std::deque<Sequencer::Command> Sequencer::wait_for_commands() {
    const uint64_t now = now_us();
    const uint64_t deadline = next_deadline_us();
    const auto timeout = std::chrono::microseconds(deadline > now ? deadline - now : 0);
    std::deque<Command> taken;
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, timeout, [this] { return stopping_ || !commands_.empty(); });
    taken.swap(commands_);
    return taken;
}

void Sequencer::loop() {
    while (true) {
        for (Command& command : wait_for_commands()) {
            if (auto* submission = std::get_if<Submission>(&command)) {
                handle(std::move(*submission));
            } else {
                std::get<std::function<void()>>(command)();
            }
        }
        if (automine_ && is_leading_) {
            execute_ready();
        }
        settle_pooled();
        tick();
        if (const auto words = failure()) {
            answer_all_waiters(refused(*words));
        }
        const std::lock_guard lock(mutex_);
        if (stopping_ && commands_.empty()) {
            break;
        }
    }
    // What was not executed waits in the log for the next start.
    SubmitOutcome pooled;
    pooled.kind = SubmitOutcome::Kind::pooled;
    answer_all_waiters(pooled);
    if (!failure() && parts_.chain.is_untouched() && !unsaved_.empty()) {
        checkpoint();
    }
    wait_until_published();
}

void Sequencer::answer_all_waiters(const SubmitOutcome& outcome) {
    for (auto& [hash, waiters] : std::exchange(waiters_, {})) {
        for (Waiter& waiter : waiters) {
            answer_when_durable(std::move(waiter.done), outcome);
        }
    }
}

bool Sequencer::has_nonce_gap(const SignedTransaction& tx, const Account& account) const {
    const uint64_t expected = pool_.next_nonce(tx.sender).value_or(account.nonce);
    return tx.tx.nonce > std::max(expected, account.nonce);
}

void Sequencer::handle(Submission submission) {
    if (!is_leading_) {
        // It was on its way while the lead changed.
        answer_when_durable(std::move(submission.done), refused(std::string(no_leader_words)));
        return;
    }
    if (submission.tx->tx.gas_limit > options_.gas_limit) {
        ++counters_.refused;
        answer_when_durable(std::move(submission.done), refused("exceeds block gas limit"));
        return;
    }
    const Account account = parts_.chain.state().account(submission.tx->sender).value_or(Account{});
    const std::lock_guard lock(pool_mutex_);
    // The nonce may have moved without a transaction of the sender's (EIP-7702, a chain gone back).
    pool_.account_changed(submission.tx->sender, account.nonce);
    if (submission.mode == SubmitMode::executed && has_nonce_gap(*submission.tx, account)) {
        SubmitOutcome outcome;
        outcome.kind = SubmitOutcome::Kind::nonce_gap;
        outcome.expected_nonce = std::max(
            pool_.next_nonce(submission.tx->sender).value_or(account.nonce), account.nonce
        );
        answer_when_durable(std::move(submission.done), std::move(outcome));
        return;
    }
    const u256 base_fee = parts_.chain.open()->env().context.base_fee_per_gas;
    auto added = pool_.add(submission.tx, account, base_fee, now_us() / 1000);
    if (!added) {
        ++counters_.refused;
        answer_when_durable(std::move(submission.done), refused(added.error().message));
        return;
    }
    ++counters_.accepted;
    if (added->replaced) {
        refuse(added->replaced->hash, "transaction was replaced");
    }
    for (const auto& evicted : added->evicted) {
        refuse(evicted->hash, "transaction was evicted from the full pool by a dearer one");
    }
    waiters_[submission.tx->hash].push_back({submission.mode, std::move(submission.done)});
    newly_pooled_.push_back(submission.tx);
    parts_.publisher.post([this, tx = std::move(submission.tx)] {
        parts_.publisher.tell([&](Listener& listener) { listener.on_accepted(tx); });
    });
}

/// The last tenth of a block's gas is for transactions that pay more than the cheapest one in it,
/// until shortly before its end: whoever floods the chain at the lowest price cannot make others
/// wait for the next block. The caller holds pool_mutex_.
std::vector<mempool::TxPtr> Sequencer::take_ready() {
    const u256& base_fee = parts_.chain.open()->env().context.base_fee_per_gas;
    const uint64_t gas_left = parts_.chain.gas_left();
    const uint64_t release_us = uint64_t{2000} * options_.mini_block_interval_ms;
    const bool is_reserving =
        lowest_tip_ && block_interval_ms_ != 0 && now_us() + release_us < next_block_us_;
    const uint64_t reserve = parts_.chain.open()->opening_header().gas_limit / 10;
    const uint64_t open_to_all = is_reserving ? gas_left - std::min(gas_left, reserve) : gas_left;
    auto batch = pool_.take_ready(batch_bound_, open_to_all, base_fee);
    if (batch.empty() && is_reserving) {
        batch = pool_.take_ready(batch_bound_, gas_left, base_fee, *lowest_tip_ + u256{1});
    }
    return batch;
}

void Sequencer::note_tips(std::span<const ExecutedPtr> executed) {
    const u256& base_fee = parts_.chain.open()->env().context.base_fee_per_gas;
    for (const ExecutedPtr& tx : executed) {
        if (tx->tx->tx.type != TxType::deposit) {
            const u256 tip = tx->effective_gas_price - base_fee;
            lowest_tip_ = std::min(lowest_tip_.value_or(tip), tip);
        }
    }
}

void Sequencer::execute_ready() {
    while (!failure()) {
        std::vector<mempool::TxPtr> batch;
        {
            const std::lock_guard lock(pool_mutex_);
            batch = take_ready();
        }
        const auto waits = fit_data(batch);
        const uint64_t began_us = now_us();
        execute_batch(batch);
        for (const mempool::TxPtr& tx : waits) {
            return_to_pool(tx);
        }
        if (batch.empty()) {
            return;
        }
        fit_batch_bound(batch.size(), now_us() - began_us);
        tick();
    }
}

std::vector<mempool::TxPtr> Sequencer::fit_data(std::vector<mempool::TxPtr>& batch) {
    if (options_.max_block_data_bytes == UINT64_MAX) {
        return {};
    }
    size_t fitting = 0;
    for (; fitting < batch.size(); ++fitting) {
        const uint64_t size = execution::data_size(*batch[fitting]);
        if (size > data_left()) {
            break;
        }
        block_data_ += size;
    }
    // All that follow: they may be of the same senders.
    std::vector<mempool::TxPtr> rest(
        batch.begin() + static_cast<std::ptrdiff_t>(fitting), batch.end()
    );
    batch.resize(fitting);
    return rest;
}

void Sequencer::count_block_data() {
    block_data_ = 0;
    if (options_.max_block_data_bytes == UINT64_MAX || !parts_.chain.open()) {
        return;
    }
    for (const ExecutedPtr& one : parts_.chain.open()->transactions()) {
        if (one->tx->tx.type != TxType::deposit) {
            block_data_ += execution::data_size(*one->tx);
        }
    }
}

/// A full batch should take a small part of a mini-block's time.
void Sequencer::fit_batch_bound(size_t taken, uint64_t elapsed_us) {
    const uint64_t wanted_us = uint64_t{options_.mini_block_interval_ms} * 1000 / 4;
    if (elapsed_us > wanted_us) {
        batch_bound_ = std::max(options_.min_batch, batch_bound_ / 2);
    } else if (taken == batch_bound_ && elapsed_us < wanted_us / 2) {
        batch_bound_ = std::min(options_.max_batch, batch_bound_ * 2);
    }
}

std::vector<ExecutedPtr> Sequencer::execute_batch(std::span<const mempool::TxPtr> batch) {
    const uint64_t began_us = now_us();
    uint64_t recording_us = 0;
    std::vector<ExecutedPtr> executed;
    std::vector<ExecutedPtr> prefix;
    const auto record_prefix = [&] {
        const uint64_t recording_began_us = now_us();
        record_executed(std::exchange(prefix, {}));
        recording_us += now_us() - recording_began_us;
    };
    const auto refused = parts_.chain.execute(batch, [&](const ExecutedPtr& done) {
        executed.push_back(done);
        prefix.push_back(done);
        if (prefix.size() == prefix_size) {
            record_prefix();
        }
    });
    record_prefix();
    counters_.execute_ns += (now_us() - began_us - recording_us) * 1000;
    for (const RefusedTransaction& one : refused) {
        settle_refused(batch[one.index], one.error);
    }
    return executed;
}

void Sequencer::record_executed(const std::vector<ExecutedPtr>& executed) {
    if (executed.empty()) {
        return;
    }
    BatchRecord record;
    std::vector<std::pair<SubmitCallback, SubmitOutcome>> answers;
    for (const ExecutedPtr& done : executed) {
        record.items.push_back({done->tx->raw, done->tx->sender});
        counters_.gas += done->gas_used;
        if (auto waiting = waiters_.extract(done->tx->hash)) {
            for (Waiter& waiter : waiting.mapped()) {
                SubmitOutcome outcome{
                    SubmitOutcome::Kind::executed, done, parts_.chain.open(), 0, {}
                };
                answers.emplace_back(std::move(waiter.done), std::move(outcome));
            }
        }
    }
    counters_.executed += executed.size();
    note_authorities(executed);
    note_tips(executed);
    append(record);
    publish([this, open = parts_.chain.open(), executed, answers = std::move(answers)](
                const Result<void>& durable
            ) {
        if (durable) {
            open->publish(executed);
            parts_.publisher.tell([&](Listener& listener) { listener.on_executed(*open, executed); }
            );
        }
        for (const auto& [done, outcome] : answers) {
            done(durable ? outcome : refused(durable.error().message));
        }
    });
}

/// Of senders whose transactions did not come out of the pool.
void Sequencer::note_nonces(std::span<const ExecutedPtr> executed) {
    for (const ExecutedPtr& done : executed) {
        const auto account = parts_.chain.state().account(done->tx->sender).value_or(Account{});
        const std::lock_guard lock(pool_mutex_);
        pool_.account_changed(done->tx->sender, account.nonce);
    }
}

/// A delegation (EIP-7702) raises the nonce of whoever signed it: theirs in the pool are judged
/// anew.
void Sequencer::note_authorities(std::span<const ExecutedPtr> executed) {
    for (const ExecutedPtr& done : executed) {
        for (const Authorization& authorization : done->tx->tx.authorization_list) {
            const auto authority = recover_authority(authorization);
            if (!authority) {
                continue;
            }
            const auto account = parts_.chain.state().account(*authority).value_or(Account{});
            const std::lock_guard lock(pool_mutex_);
            pool_.account_changed(*authority, account.nonce);
        }
    }
}

void Sequencer::settle_refused(const mempool::TxPtr& tx, const execution::TxError& refusal) {
    using enum execution::TxErrorCode;
    const bool may_come_later = refusal.code == nonce_too_high || refusal.code == gas_limit_reached;
    if (may_come_later) {
        return_to_pool(tx);
        return;
    }
    ++counters_.refused;
    refuse(tx->hash, refusal.message);
    const auto account = parts_.chain.state().account(tx->sender).value_or(Account{});
    const std::lock_guard lock(pool_mutex_);
    pool_.account_changed(tx->sender, account.nonce);
}

void Sequencer::return_to_pool(const mempool::TxPtr& tx) {
    const auto account = parts_.chain.state().account(tx->sender).value_or(Account{});
    const std::lock_guard lock(pool_mutex_);
    pool_.account_changed(tx->sender, account.nonce);
    if (auto added = pool_.add(tx, account, 0, now_us() / 1000); !added) {
        refuse(tx->hash, added.error().message);
    }
}

void Sequencer::settle_pooled() {
    for (const mempool::TxPtr& tx : std::exchange(newly_pooled_, {})) {
        const auto waiting = waiters_.find(tx->hash);
        if (waiting == waiters_.end()) {
            continue;  // executed or refused meanwhile
        }
        append(PooledRecord{tx->raw, tx->sender});
        auto& waiters = waiting->second;
        const auto satisfied = std::partition(waiters.begin(), waiters.end(), [](const Waiter& w) {
            return w.mode == SubmitMode::executed;
        });
        for (auto waiter = satisfied; waiter != waiters.end(); ++waiter) {
            SubmitOutcome outcome;
            outcome.kind = SubmitOutcome::Kind::pooled;
            answer_when_durable(std::move(waiter->done), std::move(outcome));
        }
        waiters.erase(satisfied, waiters.end());
        if (waiters.empty()) {
            waiters_.erase(waiting);
        }
    }
    settle_dropped();
}

/// Those that never waited in the log are written too: replay passes over them.
void Sequencer::settle_dropped() {
    for (const Hash256& hash : std::exchange(dropped_, {})) {
        append(DroppedRecord{hash});
    }
}

void Sequencer::refuse(const Hash256& hash, const std::string& message) {
    dropped_.push_back(hash);
    if (auto waiting = waiters_.extract(hash)) {
        for (Waiter& waiter : waiting.mapped()) {
            answer_when_durable(std::move(waiter.done), refused(message));
        }
    }
}

void Sequencer::answer_when_durable(SubmitCallback done, SubmitOutcome outcome) {
    publish([done = std::move(done), outcome = std::move(outcome)](const Result<void>& durable) {
        done(durable ? outcome : refused(durable.error().message));
    });
}

storage::WriteAheadLog::Sequence Sequencer::append(const LogRecord& record) {
    last_sequence_ = parts_.log.append(encode(record));
    return last_sequence_;
}

void Sequencer::publish(Publication publication) {
    parts_.log.when_durable(
        last_sequence_,
        [this, publication = std::move(publication)](const Result<void>& durable) {
            if (!durable) {
                fail(durable.error().message);
            }
            parts_.publisher.post([publication, durable] { publication(durable); });
        }
    );
}

mempool::TxPtr Sequencer::find_pooled(const Hash256& hash) const {
    const std::lock_guard lock(pool_mutex_);
    return pool_.find(hash);
}

std::optional<uint64_t> Sequencer::next_pooled_nonce(const Address& sender) const {
    const std::lock_guard lock(pool_mutex_);
    return pool_.next_nonce(sender);
}

mempool::PoolStatus Sequencer::pool_status() const {
    const std::lock_guard lock(pool_mutex_);
    return pool_.status();
}

void Sequencer::visit_pool(
    const std::function<void(const mempool::Entry&, bool is_pending)>& visitor
) const {
    const std::lock_guard lock(pool_mutex_);
    pool_.visit(visitor);
}

}  // namespace mega::sequencer
