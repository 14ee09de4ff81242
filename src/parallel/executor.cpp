#include "parallel/executor.hpp"

#include "execution/transfer.hpp"
#include "parallel/clock.hpp"
#include "parallel/transfer_batch.hpp"
#include "state/recording_view.hpp"

namespace mega::parallel {

namespace {

/// How long to go on sequentially after a round gave up, or where a chain was foreseen; doubled
/// each time, until there has been a round that did not.
constexpr size_t first_sequential_stretch = 64;
constexpr size_t longest_sequential_stretch = 1024;
/// How far to look for a chain before all of a stretch is analysed.
constexpr size_t probe_size = 64;
/// Transactions that show what a call does.
constexpr size_t lesson_size = 8;
/// What a transaction costs more in a round than alone, as a weight: versions, records, commit.
constexpr double round_overhead = 5000;

}  // namespace

struct ParallelExecutor::Run {
    const Batch& batch;
    Ledger ledger;
    uint64_t began_ns;
    /// The state after the stretches so far: the view itself, then an overlay on it.
    const state::StateView* view;
    state::Overlay overlay;
    size_t sequential_stretch = first_sequential_stretch;
    bool gave_up = false;  // the stretch before
    /// After a transfer that could not be made: the end of those in a row with it.
    size_t transfers_end = 0;

    Run(const state::StateView& base, const Batch& the_batch, const OnCommit& on_commit)
        : batch(the_batch),
          ledger(the_batch, on_commit),
          began_ns(now_ns()),
          view(&base),
          overlay(base) {}

    /// What looks like a transfer may turn out to be a call, which is remembered.
    [[nodiscard]] bool is_call(size_t index, TransferBatch& transfers) const {
        const Address& to = *batch.transactions[index].tx.to;
        const auto account = view->account(to);
        const bool has_code = account && account->has_code();
        if (has_code) {
            transfers.remember_contract(to);
        }
        return has_code;
    }
};

ParallelExecutor::ParallelExecutor(const ExecutorOptions& options)
    : options_(options),
      round_(memory_, graph_, options_.round, memory_bytes_),
      transfers_(std::make_unique<TransferBatch>()) {
    options_.round.gives_up = options_.round.gives_up && !options_.is_always_parallel;
    options_.min_transfers = std::max<size_t>(options_.min_transfers, 1);
    options_.round_limit = std::clamp<size_t>(options_.round_limit, 1, size_t{1} << 20);
    const uint32_t count = std::clamp<uint32_t>(options_.threads, 1, ExecutorOptions::max_threads);
    for (uint32_t i = 0; i < count; ++i) {
        workers_.push_back(std::make_unique<Worker>(memory_, memory_bytes_));
    }
    for (uint32_t i = 1; i < count; ++i) {
        threads_.emplace_back([this, i] { serve(i); });
    }
}

ParallelExecutor::~ParallelExecutor() {
    {
        const std::lock_guard lock{mutex_};
        is_stopping_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) {
        thread.join();
    }
}

BatchResult ParallelExecutor::execute(
    const state::StateView& view, const Batch& batch, const OnCommit& on_commit
) {
    const uint64_t cpu_began_ns = thread_cpu_ns();
    report_ = {};
    report_.transactions = batch.transactions.size();
    report_.threads = threads();
    Run run{view, batch, on_commit};
    const size_t size = batch.transactions.size();
    for (size_t done = 0; done < size && !run.ledger.is_stopped();) {
        const size_t first_result = run.ledger.result().results.size();
        const Stretch stretch = plan(run, done);
        done += run_stretch(run, stretch);
        if (stretch.kind == Stretch::Kind::sequential) {
            continue;
        }
        const bool is_transfers = stretch.kind == Stretch::Kind::transfers;
        run.gave_up = done < stretch.last && !(is_transfers && ends_transfers(run, done));
        run.transfers_end = is_transfers && run.gave_up
                                ? done + transfers_from(run, done, longest_sequential_stretch)
                                : 0;
        if (!run.gave_up && stretch.kind != Stretch::Kind::lesson) {
            run.sequential_stretch = first_sequential_stretch;
        }
        if (done < size) {
            carry_over(run, stretch, first_result);
        }
    }
    report_.cpu_ns += thread_cpu_ns() - cpu_began_ns;
    collect(run);
    return run.ledger.take();
}

// -----------------------------------------------------------------------------------------------
// adaptation

/// What to do from `done` on.
ParallelExecutor::Stretch ParallelExecutor::plan(Run& run, size_t done) {
    const size_t left = run.batch.transactions.size() - done;
    Stretch stretch{done, done + std::min(left, options_.round_limit)};
    const bool gave_up = std::exchange(run.gave_up, false);
    const size_t enough = std::max(options_.min_transfers, options_.min_shared_transfers);
    const size_t transfers = gave_up ? 0 : transfers_from(run, done, enough);
    if (transfers >= options_.min_transfers && !run.is_call(done, *transfers_)) {
        // Where there are many, the batch itself sees where they end. It needs no limit: what it
        // holds is less than the results.
        return {done, done + (transfers < enough ? transfers : left), Stretch::Kind::transfers};
    }
    if (options_.is_always_parallel) {
        analyse(run, stretch);
        stretch.kind = Stretch::Kind::round;
        return stretch;
    }
    if (gave_up) {
        return next_sequential(run, done);
    }
    const Stretch lesson{done, done + std::min(left, lesson_size), Stretch::Kind::lesson};
    if (left >= options_.min_parallel && meets_strangers(run, done)) {
        return lesson;
    }
    if (workers_.size() == 1 || left < options_.min_parallel) {
        stretch.last = done + left;
        return stretch;
    }
    if (foresees_no_gain(run, stretch)) {
        if (believed_ >= longest_sequential_stretch) {
            believed_ = 0;
            return lesson;
        }
        stretch = next_sequential(run, done);
        believed_ += stretch.size();
        return stretch;
    }
    if (deserves_round(run, stretch)) {
        stretch.kind = Stretch::Kind::round;
    }
    return stretch;
}

/// Where going on in parallel is not worth it for a while.
ParallelExecutor::Stretch ParallelExecutor::next_sequential(Run& run, size_t done) const {
    const size_t left = run.batch.transactions.size() - done;
    Stretch stretch{done, done + std::min(left, run.sequential_stretch)};
    if (run.transfers_end > done) {
        stretch.last = std::min(stretch.last, run.transfers_end);
    }
    run.sequential_stretch = std::min(2 * run.sequential_stretch, longest_sequential_stretch);
    return stretch;
}

/// How many in a row are for a batch of transfers, up to `most`.
size_t ParallelExecutor::transfers_from(const Run& run, size_t first, size_t most) const {
    const size_t left = run.batch.transactions.size() - first;
    const size_t last = first + std::min(left, most);
    size_t end = first;
    while (end < last && transfers_->takes(run.batch.env.fork, run.batch.transactions[end].tx)) {
        ++end;
    }
    return end - first;
}

/// What stands where transfers came to an end is none: it looks like none, or turns out to be a
/// call.
bool ParallelExecutor::ends_transfers(const Run& run, size_t done) {
    return !transfers_->takes(run.batch.env.fork, run.batch.transactions[done].tx) ||
           run.is_call(done, *transfers_);
}

/// Most of the next ones make the same call, and nothing is known of it.
bool ParallelExecutor::meets_strangers(const Run& run, size_t first) const {
    const size_t size = std::min(run.batch.transactions.size() - first, probe_size);
    const auto next = run.batch.transactions.subspan(first, size);
    // Different ones cancel each other out: what is left may be most, and nothing else may.
    size_t candidate = 0;
    size_t votes = 0;
    for (size_t i = 0; i < size; ++i) {
        if (votes == 0) {
            candidate = i;
        }
        votes += Profiles::share_one(next[i].tx, next[candidate].tx) ? 1 : SIZE_MAX;
    }
    const Transaction& tx = next[candidate].tx;
    if (!tx.to || execution::looks_like_transfer(run.batch.env.fork, tx) ||
        profiles_.find(tx) != nullptr) {
        return false;
    }
    size_t same = 0;
    for (size_t i = 0; i < size; ++i) {
        same += Profiles::share_one(next[i].tx, tx) ? 1 : 0;
    }
    return 2 * same > size;
}

bool ParallelExecutor::lets_sums_run() const { return threads() >= options_.min_threads_for_sums; }

void ParallelExecutor::analyse(const Run& run, const Stretch& stretch) {
    const uint64_t began_ns = now_ns();
    graph_.analyse(
        run.batch.transactions.subspan(stretch.first, stretch.size()),
        profiles_,
        run.batch.env.fork,
        lets_sums_run()
    );
    report_.analysis_ns += now_ns() - began_ns;
}

/// A chain, or transactions too light to be shared, are seen in the first of them; analysing all
/// would cost what it is to save.
bool ParallelExecutor::foresees_no_gain(const Run& run, const Stretch& stretch) {
    if (stretch.size() < 2 * probe_size) {
        return false;
    }
    analyse(run, {stretch.first, stretch.first + probe_size});
    return !gains_by_round(probe_size);
}

bool ParallelExecutor::deserves_round(const Run& run, const Stretch& stretch) {
    analyse(run, stretch);
    return graph_.weight_of_all() >= options_.min_gas && gains_by_round(stretch.size());
}

/// By what was analysed. Transfers alone are so light that two threads take longer for them than
/// one.
bool ParallelExecutor::gains_by_round(size_t transactions) const {
    if (graph_.parallelism() < options_.min_parallelism) {
        return false;
    }
    const auto weight = static_cast<double>(graph_.weight_of_all());
    const double side_by_side = std::min<double>(graph_.parallelism(), threads());
    const double in_round = weight + round_overhead * static_cast<double>(transactions);
    return in_round / side_by_side < weight;
}

// -----------------------------------------------------------------------------------------------
// stretches

/// Gives how many of its transactions are done with.
size_t ParallelExecutor::run_stretch(Run& run, const Stretch& stretch) {
    switch (stretch.kind) {
        case Stretch::Kind::transfers:
            return run_transfers(run, stretch);
        case Stretch::Kind::lesson:
            return run_lesson(run, stretch);
        case Stretch::Kind::round:
            return run_round(run, stretch);
        case Stretch::Kind::sequential:
            break;
    }
    run_sequentially(run, stretch);
    return stretch.size();
}

size_t ParallelExecutor::run_transfers(Run& run, const Stretch& stretch) {
    const uint64_t began_ns = now_ns();
    TransferBatch::Job job;
    job.view = run.view;
    job.env = &run.batch.env;
    job.options = run.batch.options;
    job.transactions = run.batch.transactions.subspan(stretch.first, stretch.size());
    job.first_index = stretch.first;
    job.ledger = &run.ledger;
    job.accesses = run.batch.accesses;
    job.batch_began_ns = run.began_ns;
    transfers_->begin(job);
    const auto work = [this](uint32_t thread) {
        auto& spans = workers_[thread]->tally.spans;
        transfers_->work(thread, options_.round.records_spans ? &spans : nullptr);
    };
    const bool is_shared =
        options_.is_always_parallel || stretch.size() >= options_.min_shared_transfers;
    if (is_shared) {
        work_with_all(work);
    } else {
        work(0);
    }
    report_.executions += transfers_->done();
    report_.native_transfers += transfers_->done();
    report_.transfers_ns += now_ns() - began_ns;
    return transfers_->done();
}

size_t ParallelExecutor::run_round(Run& run, const Stretch& stretch) {
    const uint64_t began_ns = now_ns();
    report_.foreseen_parallelism = std::max(report_.foreseen_parallelism, graph_.parallelism());
    round_.begin(round_job(run, stretch));
    work_with_all([this](uint32_t thread) {
        Worker& worker = *workers_[thread];
        round_.work(worker.lane, thread, worker.tally);
    });
    for (const auto& worker : workers_) {
        worker->lane.end_round();
    }
    ++report_.rounds;
    report_.rounds_ns += now_ns() - began_ns;
    return round_.committed();
}

/// Nobody else is there, so each sees what those before it wrote, and none runs twice.
size_t ParallelExecutor::run_lesson(Run& run, const Stretch& stretch) {
    analyse(run, stretch);
    const uint64_t began_ns = now_ns();
    Round::Job job = round_job(run, stretch);
    job.workers = 1;
    job.tracks_all = lets_sums_run();
    round_.begin(job);
    Worker& worker = *workers_.front();
    round_.work(worker.lane, 0, worker.tally);
    worker.lane.end_round();
    ++report_.lessons;
    report_.rounds_ns += now_ns() - began_ns;
    return round_.committed();
}

/// The memory is ready for it then.
Round::Job ParallelExecutor::round_job(Run& run, const Stretch& stretch) {
    memory_.begin(*run.view, stretch.size(), run.batch.env.fork >= Fork::spurious_dragon);
    Round::Job job;
    job.context.env = &run.batch.env;
    job.context.options = run.batch.options;
    job.context.options.block_gas_left = UINT64_MAX;  // commit knows what is left
    job.transactions = run.batch.transactions.subspan(stretch.first, stretch.size());
    job.first_index = stretch.first;
    job.workers = threads();
    job.batch_began_ns = run.began_ns;
    job.ledger = &run.ledger;
    job.profiles = &profiles_;
    job.report = &report_;
    job.accesses = run.batch.accesses;
    return job;
}

void ParallelExecutor::run_sequentially(Run& run, const Stretch& stretch) {
    const uint64_t began_ns = now_ns();
    run.view = &run.overlay;
    state::AccessLog* const log = run.batch.accesses;
    std::optional<state::RecordingView> recorder;
    if (log != nullptr) {
        recorder.emplace(run.overlay, *log);
    }
    const state::StateView& view = recorder ? *recorder : *run.view;
    const LookAhead& ahead = workers_.front()->lane.ahead;
    for (size_t i = stretch.first; i < stretch.last && !run.ledger.is_stopped(); ++i) {
        const SignedTransaction& tx = run.batch.transactions[i];
        const size_t place = (i - stretch.first) % LookAhead::most;
        if (place == 0) {
            look_ahead(run, i, std::min(stretch.last, i + LookAhead::most));
        }
        ahead.give(place, vm().hashes());
        if (auto fault = run.ledger.find_blob_fault(tx.tx)) {
            run.ledger.refuse(i, std::move(*fault));
            continue;
        }
        execution::ExecutionOptions options = run.batch.options;
        options.block_gas_left = run.ledger.gas_left();
        const uint64_t tx_began_ns = options_.round.records_spans ? now_ns() : 0;
        const auto mark = log == nullptr ? state::AccessLog::Mark{} : log->mark();
        auto result =
            execution::execute_transaction(vm(), journal_, view, run.batch.env, tx, options);
        ++report_.executions;
        note_span(run, i, tx_began_ns);
        if (!result) {
            if (log != nullptr) {
                log->return_to(mark);
            }
            run.ledger.refuse(i, result.error());
            continue;
        }
        run.overlay.apply(result->diff);
        Receipt receipt = execution::take_receipt(tx.tx, *result, 0);
        run.ledger.accept(i, std::move(*result), std::move(receipt));
    }
    report_.sequential_transactions += stretch.last - stretch.first;
    report_.sequential_ns += now_ns() - began_ns;
}

/// Hashes and slots of those that make the same call as the first, where that is known; accounts of
/// all.
void ParallelExecutor::look_ahead(const Run& run, size_t first, size_t last) {
    const Transaction& call = run.batch.transactions[first].tx;
    const Profiles::Profile* profile = profiles_.find(call);
    const bool is_known = profile != nullptr && profile->is_settled();
    forecast_ = is_known ? profile->preimages.forecast() : HashForecast{};
    LookAhead& ahead = workers_.front()->lane.ahead;
    ahead.begin();
    for (size_t i = first; i < last; ++i) {
        const SignedTransaction& tx = run.batch.transactions[i];
        const bool is_foreseen = is_known && Profiles::share_one(tx.tx, call);
        ahead.add(tx, is_foreseen ? &forecast_ : nullptr);
    }
    ahead.hash(vm().hashes());
    ahead.announce(*run.view);
}

/// Sequential stretches are the first worker's.
void ParallelExecutor::note_span(const Run& run, size_t tx, uint64_t began_ns) {
    if (options_.round.records_spans) {
        workers_.front()->tally.spans.push_back(
            {tx, 0, Span::Kind::execution, began_ns - run.began_ns, now_ns() - run.began_ns}
        );
    }
}

/// What a stretch changed, for the one after it.
void ParallelExecutor::carry_over(Run& run, const Stretch& stretch, size_t first_result) const {
    run.view = &run.overlay;
    if (stretch.kind == Stretch::Kind::transfers && transfers_->is_complete()) {
        transfers_->visit_accounts([&](const Address& address, const Account& account) {
            run.overlay.set_account(address, account);
        });
        return;
    }
    const auto& results = run.ledger.result().results;
    for (size_t i = first_result; i < results.size(); ++i) {
        run.overlay.apply(results[i].diff);
    }
}

// -----------------------------------------------------------------------------------------------
// threads

void ParallelExecutor::work_with_all(const std::function<void(uint32_t)>& work) {
    if (!threads_.empty()) {
        {
            const std::lock_guard lock{mutex_};
            work_ = &work;
            is_open_ = true;
            joined_ = 0;
            ++round_number_;
        }
        changed_.notify_all();
    }
    if (options_.starts_together) {
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [this] { return joined_ == threads_.size(); });
    }
    work(0);
    if (!threads_.empty()) {
        std::unique_lock lock{mutex_};
        is_open_ = false;  // who has not woken up yet stays out
        lock.unlock();
        // The others leave at once: sleeping and being woken up would take longer.
        constexpr int spins = 4096;
        for (int i = 0; i < spins && inside_.load() != 0; ++i) {
            relax();
        }
        lock.lock();
        changed_.wait(lock, [this] { return inside_ == 0; });
    }
}

void ParallelExecutor::serve(uint32_t index) {
    Worker& worker = *workers_[index];
    uint64_t last_round = 0;
    std::unique_lock lock{mutex_};
    while (true) {
        changed_.wait(lock, [&] {
            return is_stopping_ || (is_open_ && round_number_ != last_round);
        });
        if (is_stopping_) {
            return;
        }
        last_round = round_number_;
        ++joined_;
        ++inside_;
        if (options_.starts_together) {
            changed_.notify_all();
            changed_.wait(lock, [this] { return joined_ == threads_.size(); });
        }
        const std::function<void(uint32_t)>& work = *work_;  // lasts as long as somebody is inside
        lock.unlock();
        const uint64_t began_ns = thread_cpu_ns();
        work(index);
        worker.cpu_ns += thread_cpu_ns() - began_ns;
        lock.lock();
        if (--inside_ == 0) {
            changed_.notify_all();
        }
    }
}

void ParallelExecutor::collect(Run& run) {
    for (const auto& worker : workers_) {
        report_.executions += std::exchange(worker->tally.executions, 0);
        report_.cpu_ns += std::exchange(worker->cpu_ns, 0);
        const auto spans = std::exchange(worker->tally.spans, {});
        report_.spans.insert(report_.spans.end(), spans.begin(), spans.end());
    }
    report_.wall_ns = now_ns() - run.began_ns;
    report_.parallelism = report_.wall_ns == 0 ? 1
                                               : static_cast<double>(report_.cpu_ns) /
                                                     static_cast<double>(report_.wall_ns);
}

}  // namespace mega::parallel
