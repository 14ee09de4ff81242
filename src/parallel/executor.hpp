#pragma once

// ParallelExecutor: executes batches of transactions on several threads with exactly the outcome of
// executing them one after the other: results, diffs, gas, receipts, refusals, bit for bit.
//
// A batch goes in stretches. Plain transfers in a row are settled account by account
// (transfer_batch.hpp). Where there is little to do, where a look at the first transactions shows a
// chain, or where a round gave up because nearly everything had to be repeated, the stretch is
// executed sequentially by the caller; else it is a round (round.hpp) on all threads, the caller's
// included. Where most call what nothing is known of, a lesson comes first: the caller executes a
// few in a round of its own, in which nothing can run in vain, and learns what they write. What a
// stretch changed lies in an overlay for the next one.
//
// Threads live as long as the executor and sleep between batches. Memory is bounded by the options
// plus what the gas of one share of transactions (round.hpp) lets it read and write, a worker. One
// execute() at a time, from any thread.

#include "parallel/round.hpp"
#include "state/overlay.hpp"

#include <condition_variable>
#include <thread>

namespace mega::parallel {

class TransferBatch;

struct ExecutorOptions {
    /// The caller's included. 0 and 1 execute sequentially; more than max_threads count as that
    /// many.
    uint32_t threads = 1;
    static constexpr uint32_t max_threads = 256;
    /// Always rounds, with one thread too: for tests and measurements of the parallel path.
    bool is_always_parallel = false;
    /// A round begins when all threads are awake: for tests, where blocks are short.
    bool starts_together = false;
    /// Fewer transactions than this, or with less weight foreseen (dependencies.hpp), are executed
    /// sequentially: waking threads up takes as long.
    size_t min_parallel = 8;
    uint64_t min_gas = 400'000;
    /// A foreseen parallelism below this is not worth a round.
    double min_parallelism = 1.25;
    /// Fewer threads than this gain nothing from letting sums run side by side (origins.hpp): being
    /// tracked costs as much.
    uint32_t min_threads_for_sums = 3;
    /// Plain transfers in a row that are settled together, and that are worth waking threads up.
    size_t min_transfers = 32;
    static constexpr size_t never = SIZE_MAX;
    size_t min_shared_transfers = 512;
    /// Transactions of a stretch.
    size_t round_limit = size_t{1} << 14;
    RoundOptions round;
};

class ParallelExecutor {
  public:
    explicit ParallelExecutor(const ExecutorOptions& options);
    ~ParallelExecutor();
    ParallelExecutor(const ParallelExecutor&) = delete;
    ParallelExecutor& operator=(const ParallelExecutor&) = delete;

    /// `view` must allow reads from many threads at once and outlive the call.
    [[nodiscard]] BatchResult execute(
        const state::StateView& view, const Batch& batch, const OnCommit& on_commit = {}
    );
    /// Of the last execute().
    [[nodiscard]] const Report& report() const { return report_; }
    /// Drops what earlier batches taught about contracts; between batches. For measurements, where
    /// a block that is executed again must not profit from having been.
    void forget() {
        profiles_ = Profiles{};
        believed_ = 0;
    }
    [[nodiscard]] uint32_t threads() const { return static_cast<uint32_t>(workers_.size()); }
    /// For what surrounds a batch (system calls, end of block) on the caller's thread.
    [[nodiscard]] evm::Vm& vm() { return workers_.front()->lane.vm; }

  private:
    struct Worker {
        Worker(MultiVersionMemory& memory, std::atomic<size_t>& total_bytes)
            : lane(memory, total_bytes) {}
        Lane lane;
        WorkerTally tally;
        uint64_t cpu_ns = 0;
    };
    struct Stretch {
        enum class Kind : uint8_t { sequential, lesson, round, transfers };
        size_t first = 0;
        size_t last = 0;
        Kind kind = Kind::sequential;
        [[nodiscard]] size_t size() const { return last - first; }
    };
    struct Run;  // one execute()

    [[nodiscard]] Stretch plan(Run& run, size_t done);
    [[nodiscard]] size_t transfers_from(const Run& run, size_t first, size_t most) const;
    [[nodiscard]] bool ends_transfers(const Run& run, size_t done);
    [[nodiscard]] bool foresees_no_gain(const Run& run, const Stretch& stretch);
    [[nodiscard]] bool gains_by_round(size_t transactions) const;
    [[nodiscard]] bool deserves_round(const Run& run, const Stretch& stretch);
    [[nodiscard]] Stretch next_sequential(Run& run, size_t done) const;
    [[nodiscard]] bool meets_strangers(const Run& run, size_t first) const;
    void analyse(const Run& run, const Stretch& stretch);
    [[nodiscard]] size_t run_stretch(Run& run, const Stretch& stretch);
    [[nodiscard]] size_t run_transfers(Run& run, const Stretch& stretch);
    [[nodiscard]] size_t run_round(Run& run, const Stretch& stretch);
    [[nodiscard]] size_t run_lesson(Run& run, const Stretch& stretch);
    [[nodiscard]] Round::Job round_job(Run& run, const Stretch& stretch);
    [[nodiscard]] bool lets_sums_run() const;
    void run_sequentially(Run& run, const Stretch& stretch);
    void look_ahead(const Run& run, size_t first, size_t last);
    void note_span(const Run& run, size_t tx, uint64_t began_ns);
    void carry_over(Run& run, const Stretch& stretch, size_t first_result) const;
    /// Calls work(i) on thread i, for all of them: 0 is the caller's.
    void work_with_all(const std::function<void(uint32_t)>& work);
    void serve(uint32_t index);
    void collect(Run& run);

    ExecutorOptions options_;
    std::atomic<size_t> memory_bytes_{0};
    MultiVersionMemory memory_;
    DependencyGraph graph_;
    Profiles profiles_;
    /// Transactions executed one after the other because of what profiles say, since the last
    /// lesson: they may say it no longer.
    size_t believed_ = 0;
    HashForecast forecast_;  // of a sequential stretch
    Round round_;
    std::unique_ptr<TransferBatch> transfers_;
    state::Journal journal_;  // of sequential stretches
    Report report_;
    std::vector<std::unique_ptr<Worker>> workers_;  // the caller's first

    std::mutex mutex_;
    std::condition_variable changed_;
    const std::function<void(uint32_t)>* work_ = nullptr;  // guarded by mutex_, as all below
    bool is_open_ = false;                                 // work that may be joined
    bool is_stopping_ = false;
    uint64_t round_number_ = 0;
    uint32_t joined_ = 0;  // threads that came to this work, and of them
    // those that have not left it. Changed under the mutex; looked at without it, too.
    std::atomic<uint32_t> inside_{0};
    std::vector<std::thread> threads_;
};

}  // namespace mega::parallel
