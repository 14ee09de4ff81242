#pragma once

// One round: up to some thousands of transactions executed by all workers at once, committed in
// order. After Block-STM (Gelashvili et al., 2022), with these differences: an execution that does
// not stand is repeated at once by the worker that found it out, so that an estimate is always
// being worked on and who reads one waits for its writer; and nothing rests on validation being
// scheduled well, because the one validation that counts happens at commit, when all writes before
// are final.
//
//   phase of a transaction, in one word together with its number:
//
//     idle --claim--> executing --publish--> executed --check--> claimed --stands--> executed
//                         ^                                        |   `--commit---> idle
//                         `-------------does not stand-------------'
//
// Who moved a transaction to executing or claimed owns its record until the next move. Transactions
// in flight have a place in a ring of `window`: one starts only when the one a window before it is
// committed. Waiting goes to lower numbers only, and the lowest transaction that is not committed
// never waits: no deadlock.
//
// Neighbours stay together: a worker takes several light transactions at a time and commits those
// itself when their turn has come, so that records and receipts need not travel from core to core.
// Another worker commits them only when it has nothing else to do, or the window runs full.

#include "parallel/commit.hpp"
#include "parallel/dependencies.hpp"
#include "parallel/ledger.hpp"
#include "parallel/record_store.hpp"
#include "parallel/report.hpp"

#include <mutex>

namespace mega::parallel {

/// Moments at which a test may delay or disturb a worker.
enum class Moment : uint8_t {
    before_execution,
    before_publication,
    after_publication,
    before_check,
    before_commit
};
using Hook = std::function<void(Moment moment, size_t tx)>;

struct RoundOptions {
    /// Transactions in flight; 0: enough for the shares of all workers.
    uint32_t window = 0;
    size_t memory_limit_bytes = size_t{256} << 20;
    /// Ends the round early where most transactions have to be repeated at commit.
    bool gives_up = true;
    bool records_spans = false;
    Hook hook;                // for tests
    bool tracks_all = false;  // Job::tracks_all of every round: for tests
};

/// What a worker counts for itself.
struct WorkerTally {
    size_t executions = 0;
    std::vector<Span> spans;
};

class Round final : public EstimateWaiter {
  public:
    struct Job {
        RoundContext context;
        TransactionSpan transactions;
        size_t first_index = 0;   // in the batch
        uint32_t workers = 1;     // that may come
        bool tracks_all = false;  // origins.hpp in every execution
        uint64_t batch_began_ns = 0;
        Ledger* ledger = nullptr;
        Profiles* profiles = nullptr;
        Report* report = nullptr;              // aborts and native transfers are noted there
        state::AccessLog* accesses = nullptr;  // Batch
    };

    Round(
        MultiVersionMemory& memory,
        const DependencyGraph& graph,
        const RoundOptions& options,
        const std::atomic<size_t>& memory_bytes
    );
    ~Round() override;

    /// The memory has begun and the graph is that of the job's transactions. No worker is inside.
    void begin(const Job& job);
    /// Any number of threads, each with its own lane and tally. Returns when the round is over.
    void work(Lane& lane, uint32_t worker, WorkerTally& tally);
    /// How many transactions are done with. Meaningful once all workers have returned.
    [[nodiscard]] uint32_t committed() const { return committed_.load(); }

    void wait_for(uint32_t tx) override;

  private:
    enum class Phase : uint8_t { idle, executing, executed, claimed };
    struct Place;
    /// A worker inside work().
    struct Hand {
        Lane& lane;
        uint32_t worker;
        WorkerTally& tally;
        RecordShelf& shelf;
        // Taken and not yet looked at.
        uint32_t next = 0;
        uint32_t end = 0;
        // Of the share, which ends there as well: what it hashes is known. no_tx: of none.
        uint32_t hashed_from = no_tx;
    };
    enum class Whose : uint8_t { own, any };
    static constexpr uint32_t most_in_share = 16;
    /// Executions are looked at for what they hash: all until it is known, then some.
    static constexpr uint32_t notes_hashes_of_one_in = 32;
    static constexpr uint64_t closed_bit = uint64_t{1} << 63;

    [[nodiscard]] static uint64_t word(uint32_t tx, Phase phase) {
        return uint64_t{tx} << 8 | static_cast<uint64_t>(phase);
    }
    void set_window(uint32_t workers);
    [[nodiscard]] Place& place_of(uint32_t tx);

    [[nodiscard]] uint32_t take_task(Hand& hand);
    [[nodiscard]] uint32_t claim(Hand& hand);
    [[nodiscard]] bool take_share(Hand& hand);
    [[nodiscard]] bool is_memory_full() const {
        // Relaxed: a sum that only steers, and that grows until the round is over.
        return memory_bytes_->load(std::memory_order_relaxed) > options_->memory_limit_bytes;
    }
    [[nodiscard]] uint32_t share_end(uint32_t first) const;
    void look_ahead(Hand& hand);
    [[nodiscard]] const CallForecast* forecast_of(uint32_t tx) const;
    [[nodiscard]] uint64_t reach_of(uint32_t tx) const;
    void learn(Lane& lane, uint32_t tx, const Record& record);
    [[nodiscard]] uint32_t take_resumed();
    [[nodiscard]] uint32_t release_dependants(uint32_t tx);
    /// `conflict`: why the execution before does not stand; null for a first one.
    void run(const Hand& hand, uint32_t tx, Phase phase_after, const Conflict* conflict);
    void fill_record(Lane& lane, uint32_t tx, Record& record, bool tracks_origins);
    void publish(Lane& lane, uint32_t tx, Record& record);
    void repeat(const Hand& hand, uint32_t tx, const Conflict& conflict, Phase phase_after);

    [[nodiscard]] bool check_one(const Hand& hand);
    void check_from(uint32_t tx);

    void commit_ready(const Hand& hand, Whose whose);
    [[nodiscard]] bool may_commit(const Hand& hand, uint32_t head, Whose whose);
    [[nodiscard]] bool commit_head(const Hand& hand);
    void settle(const Hand& hand, uint32_t tx, Record& record);
    void advance(uint32_t tx, bool was_repeated);

    [[nodiscard]] bool has_work() const;
    void rest(uint32_t& idle_turns);
    void wake();
    void meet(Moment moment, uint32_t tx) const {
        if (options_->hook) {
            options_->hook(moment, job_.first_index + tx);
        }
    }
    void note_span(const Hand& hand, uint32_t tx, Span::Kind kind, uint64_t began_ns) const;

    MultiVersionMemory* memory_;
    const DependencyGraph* graph_;
    const RoundOptions* options_;
    const std::atomic<size_t>* memory_bytes_;
    Job job_;
    uint32_t size_ = 0;
    FeeAccounts fees_;  // guarded by is_committing_

    uint32_t window_ = 0;
    uint32_t most_places_ = 0;  // that there is room for
    std::unique_ptr<Place[]> places_;
    RecordStore records_;
    std::vector<RecordShelf> shelves_;  // of each worker
    /// Predecessors that have not run yet, and the claim itself.
    std::unique_ptr<std::atomic<uint32_t>[]> missing_;
    size_t missing_capacity_ = 0;
    /// Of each call of the graph; null: not known yet. Written by whoever commits.
    std::unique_ptr<std::atomic<const CallForecast*>[]> forecasts_;
    size_t forecast_capacity_ = 0;

    alignas(64) std::atomic<uint64_t> cursor_{0};  // next to claim; closed_bit: none any more
    alignas(64) std::atomic<uint32_t> committed_{0};
    std::atomic<bool> is_over_{false};
    alignas(64) std::atomic<bool> is_committing_{false};  // guards the ledger, profiles, report
    uint32_t repeat_score_ = 0;                           // guarded by is_committing_
    std::atomic<uint32_t> check_next_{0};  // [next, end): executions that may not stand
    std::atomic<uint32_t> check_end_{0};

    std::mutex mutex_;
    std::vector<uint32_t> resumed_;  // guarded by mutex_; a heap, lowest first
    std::atomic<uint32_t> resumed_count_{0};

    alignas(64) std::atomic<uint32_t> sleepers_{0};
    std::atomic<uint32_t> epoch_{0};
};

}  // namespace mega::parallel
