#pragma once

// The sequencer: decides what happens when. It takes transactions as they arrive, executes them at
// once, appends them to the write-ahead log, cuts mini-blocks and blocks by the clock, and answers
// each submitter when its transaction is durable.
//
// One thread runs the loop; everything else posts to it. A large batch is executed by several
// threads, and what is done goes on before the rest is, piece by piece. What the outside sees is
// published after the log's sync, in order, on the publisher's thread:
//
//   submit -> pool -> Chain::execute -> log append -> (next receipt while the disk works)
//                                           `-> durable -> publisher: OpenBlock, listeners, the
//                                           submitter's answer

#include "sequencer/chain.hpp"
#include "sequencer/checkpointer.hpp"
#include "sequencer/dictated_block.hpp"
#include "sequencer/head.hpp"
#include "sequencer/intake.hpp"
#include "sequencer/l1_intake.hpp"
#include "sequencer/publisher.hpp"
#include "storage/write_ahead_log.hpp"

#include <algorithm>
#include <atomic>
#include <future>

namespace mega::sequencer {

struct SequencerOptions {
    uint32_t block_interval_ms = 1000;
    uint32_t mini_block_interval_ms = 10;
    /// A mini-block every interval, also when nothing was executed.
    bool emit_empty_mini_blocks = false;
    uint64_t gas_limit = 1'000'000'000;
    Address beneficiary;
    /// What a block's transactions may take in a batch on L1 (execution::data_size): a block that
    /// is larger than the largest batch could never be posted. What does not fit waits for the
    /// next.
    uint64_t max_block_data_bytes = UINT64_MAX;
    /// A batch is what is ready, within a bound that moves between these two so that the clock is
    /// looked at several times a mini-block.
    size_t min_batch = 128;
    size_t max_batch = 4096;
    uint32_t checkpoint_interval_blocks = 10;
    /// All blocks are dictated (Sequencer::adopt): none is made here, and no transaction is taken.
    bool only_follows = false;
    /// Another sequencer leads until lead() is called: its blocks are followed (follow_...), none
    /// is made here, and no transaction is taken.
    bool starts_following = false;
    mempool::PoolLimits pool;
    /// Microseconds since 1970; the system clock unless a test brings its own.
    std::function<uint64_t()> now_us;
};

/// For metrics.
struct SequencerCounters {
    std::atomic<uint64_t> accepted{0};
    std::atomic<uint64_t> executed{0};
    std::atomic<uint64_t> refused{0};
    std::atomic<uint64_t> mini_blocks{0};
    std::atomic<uint64_t> blocks{0};
    std::atomic<uint64_t> gas{0};
    std::atomic<uint64_t> from_l1{0};       // deposits, forced transactions, L1 attributes
    std::atomic<uint64_t> reorganised{0};   // times that L1 took blocks back
    std::atomic<uint64_t> contradicted{0};  // transactions that came out otherwise, or not, then
    std::atomic<uint64_t> unchecked_l1_parts{0};  // of followed blocks: L1 was not known so far
    std::atomic<uint64_t> execute_ns{0};
    std::atomic<uint64_t> seal_ns{0};
};

/// What a log's replay leaves to go on with.
struct Resumption {
    std::vector<mempool::TxPtr> pooled;  // accepted, not executed
    std::vector<SealedPtr> unsaved;      // sealed, in no checkpoint
};

/// Why a sequencer takes nothing while another one leads: whoever is refused with these words may
/// ask that one.
inline constexpr std::string_view no_leader_words = "another sequencer leads";

class Sequencer final : public Intake {
  public:
    struct Parts {
        Chain& chain;
        storage::WriteAheadLog& log;
        Head& head;
        Publisher& publisher;
        Checkpointer& checkpointer;
    };

    Sequencer(SequencerOptions options, Parts parts);
    /// Stops, when still running.
    ~Sequencer() override;

    /// The first block is open before this returns.
    void start(Resumption resumption);
    /// Takes no more, makes everything durable, joins the thread. A block that is open stays open
    /// for the next start.
    void stop();

    /// `done` is called on the publisher's thread.
    void submit(mempool::TxPtr tx, SubmitMode mode, SubmitCallback done) override;

    // What L1 says. Any thread; the next block that opens takes it up.

    /// L1 blocks that are deep enough to be used: L1Intake::feed. Those up to the chain's origin
    /// contribute the entries from the chain's cursor on.
    void feed_l1(std::vector<rollup::L1Block> blocks);
    /// L1 has taken back its blocks after `number`: blocks whose origin is gone are taken back,
    /// and what users sent in them is executed again. Returns when done and published.
    [[nodiscard]] Result<void> rewind_l1(uint64_t number);
    /// After block `blocks.front().number - 1` the chain goes on with these blocks: what stood
    /// there is taken back and, beyond the last of them, executed again. Returns when done and
    /// published.
    [[nodiscard]] Result<void> adopt(std::vector<DictatedBlock> blocks);
    // Several sequencers, one of which leads (src/leadership). Any thread; each returns when it is
    // done and what it did is published.

    [[nodiscard]] bool is_leading() const { return is_leading_; }
    /// Goes on with the chain as it stands, in the midst of a block if need be.
    void lead();
    /// A submission that has not been executed.
    struct Submission {
        mempool::TxPtr tx;
        SubmitMode mode = SubmitMode::accepted;
        SubmitCallback done;  // may be empty
    };
    /// Ends the open block, makes no other, and gives back what waits, for the next leader.
    [[nodiscard]] std::vector<Submission> step_down();
    /// The next block opens like this. What is open must be untouched, or open like this.
    [[nodiscard]] Result<void> follow_opening(const OpenBlockRecord& opening);
    /// Executes exactly these, which must be what the header says. After an error the open block
    /// is given up.
    [[nodiscard]] Result<void> follow_mini_block(
        const MiniBlockHeader& header, std::span<const mempool::TxPtr> transactions
    );
    /// The open block ends, as `header`. After an error it has ended otherwise.
    [[nodiscard]] Result<void> follow_seal(const BlockHeader& header);
    /// Gives up the open block and those after `number`; what users had sent in them.
    [[nodiscard]] Result<std::vector<mempool::TxPtr>> follow_back_to(uint64_t number);

    /// Of the last block that opened; nothing on a chain without L1.
    [[nodiscard]] std::optional<rollup::L1Position> l1_position() const;

    // The pool, seen from any thread.
    [[nodiscard]] mempool::TxPtr find_pooled(const Hash256& hash) const override;
    [[nodiscard]] std::optional<uint64_t> next_pooled_nonce(const Address& sender) const override;
    [[nodiscard]] mempool::PoolStatus pool_status() const override;
    void visit_pool(const std::function<void(const mempool::Entry&, bool is_pending)>& visitor
    ) const override;

    [[nodiscard]] const SequencerCounters& counters() const { return counters_; }
    /// Any thread.
    [[nodiscard]] const ExecutionReports* execution_reports() const override {
        return &parts_.chain.execution_reports();
    }
    /// Words when the log or the database failed and the sequencer therefore takes no more.
    [[nodiscard]] std::optional<std::string> failure() const override;
    [[nodiscard]] uint64_t block_interval_ms() const override { return block_interval_ms_; }

    /// Runs `task` on the sequencer's thread between two transactions and waits until what it did
    /// is published. The calls below are for such tasks alone: what a development chain can be told
    /// to do.
    void run(const std::function<void()>& task);

    void mine_block();
    void set_automine(bool on) { automine_ = on; }
    [[nodiscard]] bool automine() const { return automine_; }
    /// 0: blocks only when mined by hand.
    void set_block_interval_ms(uint64_t interval_ms);
    /// Added to the clock for block timestamps.
    void shift_time(int64_t seconds);
    [[nodiscard]] int64_t time_shift() const { return time_shift_; }
    void set_next_timestamp(uint64_t timestamp);
    void set_next_base_fee(const u256& base_fee);
    void set_next_prev_randao(const Hash256& value);
    void set_gas_limit(uint64_t gas_limit);
    void set_beneficiary(const Address& beneficiary);
    void override_state(const OverrideRecord& change);
    /// Goes back to the end of block `number`; fails when its successors' diffs are not kept.
    [[nodiscard]] Result<void> revert_to(uint64_t number);
    mempool::TxPtr drop_pooled(const Hash256& hash);
    void drop_all_pooled();
    [[nodiscard]] Chain& chain() { return parts_.chain; }

  private:
    using Command = std::variant<Submission, std::function<void()>>;
    struct Waiter {
        SubmitMode mode;
        SubmitCallback done;
    };

    /// Why a submission cannot be queued, if so. The caller holds mutex_.
    [[nodiscard]] std::optional<std::string> reason_to_refuse() const;
    void loop();
    [[nodiscard]] std::deque<Command> wait_for_commands();
    [[nodiscard]] uint64_t next_deadline_us() const;
    void handle(Submission submission);
    [[nodiscard]] bool has_nonce_gap(const SignedTransaction& tx, const Account& account) const;
    void execute_ready();
    [[nodiscard]] std::vector<mempool::TxPtr> take_ready();
    /// Leaves of `batch` what the block's data has room for; returns the rest.
    [[nodiscard]] std::vector<mempool::TxPtr> fit_data(std::vector<mempool::TxPtr>& batch);
    [[nodiscard]] uint64_t data_left() const {
        return options_.max_block_data_bytes - std::min(options_.max_block_data_bytes, block_data_);
    }
    /// After a start, or when the lead changes, in the midst of a block.
    void count_block_data();
    void note_tips(std::span<const ExecutedPtr> executed);
    std::vector<ExecutedPtr> execute_batch(std::span<const mempool::TxPtr> batch);
    /// Logs and publishes what was executed, and answers those who wait for it. For a large batch,
    /// prefix by prefix: then called one at a time by any of the executing threads, while this one
    /// waits for the batch.
    void record_executed(const std::vector<ExecutedPtr>& executed);
    void fit_batch_bound(size_t taken, uint64_t elapsed_us);
    void note_nonces(std::span<const ExecutedPtr> executed);
    void note_authorities(std::span<const ExecutedPtr> executed);
    void settle_pooled();
    /// Answers those who wait for a transaction that has left the pool.
    void refuse(const Hash256& hash, const std::string& message);
    void settle_dropped();
    void answer_all_waiters(const SubmitOutcome& outcome);
    void answer_when_durable(SubmitCallback done, SubmitOutcome outcome);
    void return_to_pool(const mempool::TxPtr& tx);
    void settle_refused(const mempool::TxPtr& tx, const execution::TxError& refusal);
    void tick();
    void cut_mini_block();
    void seal_and_open();
    [[nodiscard]] SealedPtr seal();
    void open_next();
    using Results = std::unordered_map<Hash256, ExecutedPtr>;
    /// Executes what the block that just opened takes from L1. Comes after the publication of
    /// whatever ended the block before.
    void take_from_l1();
    /// After a restart: a block may have been left between what it takes from L1 and the mini-block
    /// of that.
    void finish_l1_part();
    void execute_from_l1(std::span<const mempool::TxPtr> transactions);
    /// `sealed`: the block before, if nobody was told of it yet; the same is returned.
    SealedPtr build(const DictatedBlock& block, SealedPtr sealed, Results* results);
    /// Goes back to the end of block `number`, builds `dictated`, executes what was sent since.
    [[nodiscard]] Result<void> reorganise(
        uint64_t number, std::span<const DictatedBlock> dictated, const std::string& reason
    );
    /// Takes the blocks after `number` back and returns what users had sent in them.
    [[nodiscard]] Result<std::vector<ExecutedPtr>> withdraw_after(uint64_t number);
    void execute_again(std::span<const ExecutedPtr> sent, Results& results);
    /// The open block as if it had never been.
    void give_up_open_block();
    /// Words when the open block takes from L1 what L1 does not hold, as far as it is known here.
    [[nodiscard]] std::optional<std::string> objection_to_l1_part();
    /// Words when a block of this chain cannot open like this after the head.
    [[nodiscard]] std::optional<std::string> objection_to(const OpenBlockRecord& opening) const;
    [[nodiscard]] std::vector<Submission> take_waiting();
    /// Shows that the chain has gone back, and what is open now.
    void publish_return_to(uint64_t number);
    /// Shows that block `sealed` ended, if any, and which one is open.
    void publish_opening(SealedPtr sealed);
    /// The part of revert_to up to where the next block can open.
    [[nodiscard]] Result<void> go_back_to(uint64_t number);
    /// Makes `change`, which concerns the next block's environment, and opens that block anew.
    void reopen(const std::function<void()>& change);
    /// Notes in due_ what the block takes from L1.
    [[nodiscard]] OpenBlockRecord next_inputs();
    /// Not random: a sequencer alone could choose anything. Contracts must not draw lots with it.
    [[nodiscard]] static Hash256 derived_prev_randao(const Hash256& parent_hash, uint64_t number);
    void checkpoint();
    void rejudge_pool();
    storage::WriteAheadLog::Sequence append(const LogRecord& record);
    /// Runs on the publisher's thread once everything appended so far is durable.
    /// Gets the error instead when the log failed.
    using Publication = std::function<void(const Result<void>& durable)>;
    void publish(Publication publication);
    void wait_until_published();
    void fail(const std::string& message);
    [[nodiscard]] uint64_t now_us() const { return options_.now_us(); }

    SequencerOptions options_;
    Parts parts_;
    SequencerCounters counters_;

    mutable std::mutex pool_mutex_;
    mempool::Pool pool_;  // guarded by pool_mutex_: written by the thread, read by any

    // Touched by the thread alone, or on its behalf while it executes a batch.
    std::unordered_map<Hash256, std::vector<Waiter>> waiters_;
    std::optional<u256> lowest_tip_;            // of what was executed in the open block
    uint64_t block_data_ = 0;                   // bytes of the open block's transactions on L1
    std::vector<mempool::TxPtr> newly_pooled_;  // accepted in this pass, not executed yet
    std::vector<Hash256> dropped_;              // refused in this pass
    std::vector<SealedPtr> unsaved_;            // sealed since the last checkpoint
    storage::WriteAheadLog::Sequence last_sequence_ = 0;
    uint64_t next_mini_block_us_ = 0;
    uint64_t next_block_us_ = 0;
    uint64_t next_expiry_us_ = 0;
    size_t batch_bound_ = 0;
    bool automine_ = true;
    int64_t time_shift_ = 0;
    L1Intake l1_;
    std::vector<rollup::QueueEntry> due_;  // of the open block, not executed yet
    /// What the next block to be sealed was told to have.
    struct Forced {
        std::optional<uint64_t> timestamp;
        std::optional<u256> base_fee;
        std::optional<Hash256> prev_randao;
    };
    Forced forced_;
    std::atomic<uint64_t> block_interval_ms_;
    std::atomic<bool> is_leading_;

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Command> commands_;        // guarded by mutex_
    bool stopping_ = false;               // guarded by mutex_
    std::optional<std::string> failure_;  // guarded by mutex_
    std::thread thread_;
};

}  // namespace mega::sequencer
