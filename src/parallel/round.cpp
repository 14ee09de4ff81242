#include "parallel/round.hpp"

#include "parallel/accesses.hpp"
#include "parallel/clock.hpp"

#include <algorithm>
#include <thread>
#include <utility>

namespace mega::parallel {

/// A transaction's place in the ring.
struct alignas(64) Round::Place {
    std::atomic<uint64_t> word{UINT64_MAX};
    /// Who executed it last. A hint: relaxed, written before the word.
    std::atomic<uint32_t> owner{0};
    Record* record = nullptr;  // from its first execution to its commit
};

Round::Round(
    MultiVersionMemory& memory,
    const DependencyGraph& graph,
    const RoundOptions& options,
    const std::atomic<size_t>& memory_bytes
)
    : memory_(&memory),
      graph_(&graph),
      options_(&options),
      memory_bytes_(&memory_bytes),
      fees_(memory) {}

Round::~Round() = default;

void Round::begin(const Job& job) {
    job_ = job;
    job_.tracks_all = job.tracks_all || options_->tracks_all;
    size_ = static_cast<uint32_t>(job.transactions.size());
    if (shelves_.size() < job.workers) {
        shelves_.resize(job.workers);
    }
    for (uint32_t i = 0; i < window_; ++i) {
        places_[i].word.store(UINT64_MAX);
        if (Record* const left = std::exchange(places_[i].record, nullptr)) {
            records_.give_back(shelves_.front(), left);
        }
    }
    set_window(job.workers);
    if (missing_capacity_ < size_) {
        missing_ = std::make_unique<std::atomic<uint32_t>[]>(size_);
        missing_capacity_ = size_;
    }
    for (uint32_t i = 0; i < size_; ++i) {
        missing_[i].store(graph_->predecessors(i) + 1, std::memory_order_relaxed);
    }
    if (forecast_capacity_ < graph_->calls()) {
        forecast_capacity_ = std::bit_ceil(graph_->calls());
        forecasts_ = std::make_unique<std::atomic<const CallForecast*>[]>(forecast_capacity_);
    }
    for (uint32_t call = 0; call < graph_->calls(); ++call) {
        forecasts_[call].store(graph_->forecast_of(call), std::memory_order_relaxed);
    }
    cursor_.store(0);
    committed_.store(0);
    check_next_.store(0);
    check_end_.store(0);
    resumed_.clear();
    resumed_count_.store(0);
    repeat_score_ = 0;
    fees_.begin_round(fee_addresses(*job.context.env));
    is_over_.store(size_ == 0);
}

/// The places are empty.
void Round::set_window(uint32_t workers) {
    constexpr uint32_t least = 128;
    constexpr uint32_t shares = 4;  // of each worker
    const uint32_t enough = std::max(least, shares * most_in_share * workers);
    const uint32_t wanted = options_->window != 0 ? options_->window : enough;
    const uint32_t window = std::bit_ceil(std::clamp<uint32_t>(wanted, 1, 1U << 16));
    if (window > most_places_) {
        places_ = std::make_unique<Place[]>(window);
        most_places_ = window;
    }
    window_ = window;
}

Round::Place& Round::place_of(uint32_t tx) { return places_[tx & (window_ - 1)]; }

void Round::work(Lane& lane, uint32_t worker, WorkerTally& tally) {
    Hand hand{lane, worker, tally, shelves_[worker]};
    lane.view.begin_round(fee_addresses(*job_.context.env));
    uint32_t next = no_tx;
    uint32_t idle_turns = 0;
    while (!is_over_.load()) {
        if (next == no_tx && check_one(hand)) {
            idle_turns = 0;
            continue;
        }
        const uint32_t tx = next != no_tx ? next : take_task(hand);
        if (tx == no_tx) {
            commit_ready(hand, Whose::any);
            rest(idle_turns);
            continue;
        }
        idle_turns = 0;
        run(hand, tx, Phase::executed, nullptr);
        next = release_dependants(tx);
        if (job_.workers == 1 || (next == no_tx && hand.next == hand.end)) {
            commit_ready(hand, Whose::own);
        }
    }
}

// -----------------------------------------------------------------------------------------------
// who runs what

uint32_t Round::take_task(Hand& hand) {
    const uint32_t tx = take_resumed();
    return tx != no_tx ? tx : claim(hand);
}

/// The next transaction in order whose predecessors have all run. Those that miss some are passed
/// over: who finishes the last predecessor takes them.
uint32_t Round::claim(Hand& hand) {
    do {
        while (hand.next != hand.end) {
            const uint32_t tx = hand.next++;
            // Acquire and release: what the predecessors published is there for who runs this one.
            if (missing_[tx].fetch_sub(1, std::memory_order_acq_rel) == 1) {
                return tx;
            }
        }
    } while (take_share(hand));
    return no_tx;
}

bool Round::take_share(Hand& hand) {
    uint64_t next = cursor_.load();
    while (true) {
        const uint64_t committed = committed_.load();
        if ((next & closed_bit) != 0 || next >= size_ || next >= committed + window_) {
            return false;
        }
        if (is_memory_full() && committed < next) {
            return false;  // the next commit ends the round
        }
        const uint32_t end = share_end(static_cast<uint32_t>(next));
        if (cursor_.compare_exchange_weak(next, end)) {
            hand.next = static_cast<uint32_t>(next);
            hand.end = end;
            look_ahead(hand);
            return true;
        }
    }
}

/// What the share's transactions will need, as far as it is foreseen.
void Round::look_ahead(Hand& hand) {
    static_assert(most_in_share <= LookAhead::most);
    LookAhead& ahead = hand.lane.ahead;
    ahead.begin();
    for (uint32_t tx = hand.next; tx < hand.end; ++tx) {
        const CallForecast* known = forecast_of(tx);
        ahead.add(job_.transactions[tx], known != nullptr ? &known->hashes : nullptr);
    }
    hand.hashed_from = ahead.is_any_foreseen() ? hand.next : no_tx;
    ahead.hash(hand.lane.vm.hashes());
    ahead.announce(*memory_);
}

/// What it may take, in gas, by what is known now.
uint64_t Round::reach_of(uint32_t tx) const {
    const CallForecast* known = forecast_of(tx);
    return known == nullptr ? graph_->reach(tx) : known->gas;
}

const CallForecast* Round::forecast_of(uint32_t tx) const {
    const uint32_t call = graph_->call_of(tx);
    // Acquire: who sees the pointer must see what it points to.
    return call == DependencyGraph::no_call ? nullptr
                                            : forecasts_[call].load(std::memory_order_acquire);
}

/// What its like are found to do is told to those who take shares from now on.
void Round::learn(Lane& lane, uint32_t tx, const Record& record) {
    const Profiles::Profile* profile = job_.profiles->learn(job_.transactions[tx], record);
    const uint32_t call = graph_->call_of(tx);
    if (record.notes_hashes && call != DependencyGraph::no_call && profile != nullptr &&
        profile->is_settled() && forecasts_[call].load(std::memory_order_relaxed) == nullptr) {
        forecasts_[call].store(
            lane.arena.make<CallForecast>(profile->forecast()), std::memory_order_release
        );
    }
}

/// As much as is light together; a small part of what is left, so that all finish together.
uint32_t Round::share_end(uint32_t first) const {
    constexpr uint64_t light = 800'000;  // gas
    const uint32_t window_end = committed_.load() + window_;
    const uint32_t part = (size_ - first) / (4 * job_.workers);
    const uint32_t last =
        std::min({size_, window_end, first + std::clamp(part, 1U, most_in_share)});
    uint64_t reach = reach_of(first);
    uint32_t end = first + 1;
    while (end < last && (reach += reach_of(end)) <= light) {
        ++end;
    }
    return end;
}

uint32_t Round::take_resumed() {
    if (resumed_count_.load() == 0) {
        return no_tx;
    }
    const std::lock_guard lock{mutex_};
    if (resumed_.empty()) {
        return no_tx;
    }
    std::pop_heap(resumed_.begin(), resumed_.end(), std::greater<>{});
    const uint32_t tx = resumed_.back();
    resumed_.pop_back();
    resumed_count_.store(static_cast<uint32_t>(resumed_.size()));
    return tx;
}

/// Gives one that can run now, for the same worker; the others are for whoever is free.
uint32_t Round::release_dependants(uint32_t tx) {
    uint32_t first = no_tx;
    bool has_more = false;
    graph_->visit_dependants(tx, [&](uint32_t dependant) {
        if (missing_[dependant].fetch_sub(1, std::memory_order_acq_rel) != 1) {
            return;
        }
        if (first == no_tx) {
            first = dependant;
            return;
        }
        const std::lock_guard lock{mutex_};
        resumed_.push_back(std::max(first, dependant));
        std::push_heap(resumed_.begin(), resumed_.end(), std::greater<>{});
        resumed_count_.store(static_cast<uint32_t>(resumed_.size()));
        first = std::min(first, dependant);
        has_more = true;
    });
    if (has_more) {
        wake();
    }
    return first;
}

// -----------------------------------------------------------------------------------------------
// execution

void Round::run(const Hand& hand, uint32_t tx, Phase phase_after, const Conflict* conflict) {
    const bool is_repeated = conflict != nullptr;
    const bool meets_at_slot = is_repeated && conflict->slot;
    const uint64_t began_ns = options_->records_spans ? now_ns() : 0;
    Place& place = place_of(tx);
    // Release: who finds it executing only waits, and looks again.
    place.word.store(word(tx, Phase::executing), std::memory_order_release);
    place.owner.store(hand.worker, std::memory_order_relaxed);
    meet(Moment::before_execution, tx);
    if (!is_repeated) {
        place.record = records_.take(hand.shelf);
    }
    Record& record = *place.record;
    record.clear_outcome();
    if (hand.hashed_from <= tx && tx < hand.end) {
        hand.lane.ahead.give(tx - hand.hashed_from, hand.lane.vm.hashes());
    }
    record.began_as_head = committed_.load(std::memory_order_acquire) == tx;
    if (meets_at_slot) {
        record.conflict_before = {conflict->address, *conflict->slot};
    }
    // Who has met others at a slot may only have added to it.
    fill_record(hand.lane, tx, record, meets_at_slot || graph_->tracks_origins(tx));
    meet(Moment::before_publication, tx);
    publish(hand.lane, tx, record);
    record.drop_stale_values();
    meet(Moment::after_publication, tx);
    ++hand.tally.executions;
    note_span(hand, tx, is_repeated ? Span::Kind::re_execution : Span::Kind::execution, began_ns);
    place.word.store(word(tx, phase_after));
    if (is_repeated) {
        place.word.notify_all();  // only then were there estimates to wait for
    }
}

void Round::fill_record(Lane& lane, uint32_t tx, Record& record, bool tracks_origins) {
    const SignedTransaction& signed_tx = job_.transactions[tx];
    lane.view.begin(tx, record, *this);
    if (graph_->is_transfer(tx) && run_transfer(lane, job_.context, signed_tx, record)) {
        return;
    }
    lane.view.begin(tx, record, *this);
    record.notes_hashes = forecast_of(tx) == nullptr || tx % notes_hashes_of_one_in == 0;
    run_general(lane, job_.context, signed_tx, record, tracks_origins || job_.tracks_all);
}

void Round::publish(Lane& lane, uint32_t tx, Record& record) {
    for (AccountWrite& write : record.account_writes) {
        if (write.change != nullptr) {
            write.node = write.location->node_of(lane.arena, tx);
            write.node->publish(write.change);
        }
    }
    for (SlotWrite& write : record.slot_writes) {
        write.node = write.location->node_of(lane.arena, tx);
        const u256 value =
            write.is_sum ? write.change.after - write.change.before : write.change.after;
        write.node->publish(lane.arena.make<SlotVersion>(value, write.is_sum));
    }
}

void Round::repeat(const Hand& hand, uint32_t tx, const Conflict& conflict, Phase phase_after) {
    {
        const std::lock_guard lock{mutex_};
        ++job_.report->aborts;
        if (job_.report->first_aborts.size() < Report::max_listed_aborts) {
            Abort& abort = job_.report->first_aborts.emplace_back();
            abort.tx = job_.first_index + tx;
            abort.address = conflict.address;
            abort.slot = conflict.slot;
            if (conflict.writer != no_tx) {
                abort.writer = job_.first_index + conflict.writer;
            }
        }
    }
    place_of(tx).record->mark_estimates();
    run(hand, tx, phase_after, &conflict);
    check_from(tx + 1);
}

/// Estimates belong to lower transactions that are being executed again, or will be in a moment.
void Round::wait_for(uint32_t tx) {
    constexpr int spins = 256;
    const std::atomic<uint64_t>& state = place_of(tx).word;
    const uint64_t executing = word(tx, Phase::executing);
    for (int i = 0; i < spins; ++i) {
        if (const uint64_t seen = state.load(); seen != executing) {
            // Claimed: about to begin, which nobody announces. Else: published, or gone.
            if (seen == word(tx, Phase::claimed)) {
                std::this_thread::yield();
            }
            return;
        }
        relax();
    }
    // What is executing after there was an estimate is a repetition, and its end is announced.
    state.wait(executing);
}

// -----------------------------------------------------------------------------------------------
// checks ahead of commit: not needed for the result, but they find in parallel what commit would
// find one by one

void Round::check_from(uint32_t tx) {
    check_end_.store(static_cast<uint32_t>(cursor_.load() & ~closed_bit));
    uint32_t next = check_next_.load();
    while (next > tx && !check_next_.compare_exchange_weak(next, tx)) {
    }
}

bool Round::check_one(const Hand& hand) {
    uint32_t tx = check_next_.load();
    if (tx >= check_end_.load()) {
        return false;
    }
    if (!check_next_.compare_exchange_strong(tx, tx + 1)) {
        return true;
    }
    Place& place = place_of(tx);
    uint64_t expected = word(tx, Phase::executed);
    if (!place.word.compare_exchange_strong(expected, word(tx, Phase::claimed))) {
        return true;
    }
    meet(Moment::before_check, tx);
    if (const auto conflict = find_conflict(*memory_, *place.record, tx)) {
        repeat(hand, tx, *conflict, Phase::executed);
    } else {
        place.word.store(word(tx, Phase::executed));
    }
    commit_ready(hand, Whose::any);  // who wanted to commit it may have found it claimed
    return true;
}

// -----------------------------------------------------------------------------------------------
// commit

/// Commits what is ready, unless another worker is at it. That one looks again after it has let go,
/// and whoever runs out of work looks too, so that nothing is left lying.
void Round::commit_ready(const Hand& hand, Whose whose) {
    while (!is_over_.load()) {
        if (!may_commit(hand, committed_.load(), whose) || is_committing_.exchange(true)) {
            return;
        }
        while (!is_over_.load() && may_commit(hand, committed_.load(), whose) && commit_head(hand)
        ) {
        }
        const uint64_t room = committed_.load() + window_ - (cursor_.load() & ~closed_bit);
        is_committing_.store(false);
        if (is_over_.load() || room >= window_ / 2) {
            wake();
        }
    }
}

bool Round::may_commit(const Hand& hand, uint32_t head, Whose whose) {
    if (head == size_ || place_of(head).word.load() != word(head, Phase::executed)) {
        return false;
    }
    if (whose == Whose::any ||
        place_of(head).owner.load(std::memory_order_relaxed) == hand.worker) {
        return true;
    }
    // Relaxed: a matter of taste.
    const uint64_t ahead = (cursor_.load(std::memory_order_relaxed) & ~closed_bit) - head;
    return ahead > window_ / 2 || sleepers_.load(std::memory_order_relaxed) != 0;
}

bool Round::commit_head(const Hand& hand) {
    const uint32_t tx = committed_.load();
    Place& place = place_of(tx);
    uint64_t expected = word(tx, Phase::executed);
    if (tx == size_ || !place.word.compare_exchange_strong(expected, word(tx, Phase::claimed))) {
        return false;
    }
    const uint64_t began_ns = options_->records_spans ? now_ns() : 0;
    meet(Moment::before_commit, tx);
    if (place.record->meets_fee_account) {
        fees_.publish(hand.lane.arena);
    }
    // Fees of those before it were not there to be read.
    const bool may_conflict = !place.record->began_as_head || place.record->meets_fee_account;
    const auto conflict = may_conflict ? find_conflict(*memory_, *place.record, tx) : std::nullopt;
    if (conflict) {
        // All that it can read is final by now: this time it stands. It may come to other places.
        fees_.publish(hand.lane.arena);
        repeat(hand, tx, *conflict, Phase::claimed);
    }
    settle(hand, tx, *place.record);
    note_span(hand, tx, Span::Kind::commit, began_ns);
    if (place.record->meets_fee_account) {
        fees_.forget(hand.lane.arena);
    }
    place.record->trim();
    records_.give_back(hand.shelf, std::exchange(place.record, nullptr));
    place.word.store(word(tx, Phase::idle), std::memory_order_release);
    if (job_.ledger->is_stopped()) {
        is_over_.store(true);
        return false;
    }
    advance(tx, conflict.has_value());
    return true;
}

void Round::settle(const Hand& hand, uint32_t tx, Record& record) {
    const size_t index = job_.first_index + tx;
    const Transaction& transaction = job_.transactions[tx].tx;
    auto refusal = job_.ledger->find_blob_fault(transaction);
    if (!refusal) {
        refusal = std::move(record.refusal);
    }
    if (!refusal) {
        refusal = job_.ledger->find_gas_fault(transaction);
    }
    if (refusal) {
        withdraw_writes(record);
        job_.ledger->refuse(index, std::move(*refusal));
        return;
    }
    if (job_.accesses != nullptr) {
        note_accesses(*job_.accesses, fees_, record);
    }
    record.result.diff = commit_writes(*memory_, hand.lane.arena, fees_, record, tx);
    if (record.is_native) {
        ++job_.report->native_transfers;
    } else {
        job_.report->tracked_executions += record.is_tracked ? 1 : 0;
        learn(hand.lane, tx, record);
    }
    job_.ledger->accept(index, std::move(record.result), std::move(record.receipt));
}

void Round::advance(uint32_t tx, bool was_repeated) {
    constexpr uint32_t whole = 1024;
    constexpr uint32_t memory_span = 32;  // commits that the score remembers
    constexpr uint32_t too_many = whole * 3 / 5;
    repeat_score_ += (was_repeated ? whole : 0) / memory_span;
    repeat_score_ -= repeat_score_ / memory_span;
    if (is_memory_full() || (options_->gives_up && repeat_score_ > too_many)) {
        cursor_.fetch_or(closed_bit);
    }
    const uint64_t cursor = cursor_.load();
    const bool is_closed = (cursor & closed_bit) != 0;
    const uint32_t end = is_closed ? static_cast<uint32_t>(cursor & ~closed_bit) : size_;
    // Release: what was committed is there for whoever sees it. That a worker which goes to sleep
    // is not overlooked rests on the store to is_committing_ after it, which is ordered with all.
    committed_.store(tx + 1, std::memory_order_release);
    if (tx + 1 == end) {
        is_over_.store(true);
    }
}

// -----------------------------------------------------------------------------------------------
// rest

bool Round::has_work() const {
    const uint64_t next = cursor_.load();
    const uint32_t head = committed_.load();
    const bool can_claim = next < size_ && next < uint64_t{head} + window_;
    return is_over_.load() || can_claim || resumed_count_.load() != 0 ||
           check_next_.load() < check_end_.load() ||
           (!is_committing_.load() && head < size_ &&
            places_[head & (window_ - 1)].word.load() == word(head, Phase::executed));
}

/// A short wait that burns the core, then one that does not.
void Round::rest(uint32_t& idle_turns) {
    constexpr uint32_t spinning_turns = 32;
    if (idle_turns < spinning_turns) {
        for (uint32_t i = 0; i < 4 * idle_turns; ++i) {
            relax();
        }
        ++idle_turns;
        return;
    }
    sleepers_.fetch_add(1);
    const uint32_t epoch = epoch_.load();
    // Announced first, looked after: who makes work after this look sees the sleeper and wakes it.
    if (!has_work()) {
        epoch_.wait(epoch);
    }
    sleepers_.fetch_sub(1);
    idle_turns = 0;
}

void Round::wake() {
    if (sleepers_.load() != 0) {
        epoch_.fetch_add(1);
        epoch_.notify_all();
    }
}

void Round::note_span(const Hand& hand, uint32_t tx, Span::Kind kind, uint64_t began_ns) const {
    if (options_->records_spans) {
        hand.tally.spans.push_back(
            {job_.first_index + tx,
             hand.worker,
             kind,
             began_ns - job_.batch_began_ns,
             now_ns() - job_.batch_began_ns}
        );
    }
}

}  // namespace mega::parallel
