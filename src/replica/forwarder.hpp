#pragma once

// Where a replica's clients hand in their transactions: they are sent on to the node that is
// followed, and answered when they have arrived here.
//
//   submit -> queue -> one of a few threads -> eth_sendRawTransaction(Sync) of the leader
//                                                  | refused: so is the submission
//                                                  v
//             executed: waits for on_executed, the transaction in the replica's own chain
//
// What was sent on and has not come back yet shows as the pool.
//
// Where several sequencers take turns (src/leadership) it can be led elsewhere: it waits while
// nobody leads, and what had been sent to a leader that is gone is sent again. A submission that
// waits for its execution is among the jobs or among those sent, in one of them at any moment.

#include "net/url.hpp"
#include "sequencer/intake.hpp"
#include "sequencer/publisher.hpp"

#include <condition_variable>
#include <deque>
#include <map>
#include <thread>
#include <unordered_map>

namespace mega::replica {

struct ForwarderOptions {
    /// Its HTTP, or WebSocket, URL. None: waits for lead_to.
    std::optional<net::Url> leader;
    /// A leader that cannot be reached is tried again, for `patience_ms`.
    bool is_patient = false;
    size_t threads = 8;
    size_t max_waiting = 50'000;
    uint32_t timeout_ms = 10'000;
    /// How long the leader holds a request for its receipt, and with it one of the threads.
    uint32_t hold_ms = 20;
    /// How long a transaction may take to come back.
    uint32_t patience_ms = 90'000;
    uint64_t block_interval_ms = 1000;
};

class Forwarder final : public sequencer::Intake, public sequencer::Listener {
  public:
    Forwarder(const ForwarderOptions& options, sequencer::Publisher& publisher);
    ~Forwarder() override;

    /// Sends everything there from now on, also what another leader was sent and did not execute
    /// as far as is known here. Nothing: waits.
    void lead_to(std::optional<net::Url> leader);
    /// Hands everything to an intake of this process instead, which must outlive this. What it
    /// knows already came there another way: it is not refused, it is answered once executed.
    void lead_home(sequencer::Intake& intake);

    /// Answers everything that waits, and takes no more.
    void stop();

    // Intake
    void submit(mempool::TxPtr tx, sequencer::SubmitMode mode, sequencer::SubmitCallback done)
        override;
    [[nodiscard]] mempool::TxPtr find_pooled(const Hash256& hash) const override;
    [[nodiscard]] std::optional<uint64_t> next_pooled_nonce(const Address& sender) const override;
    [[nodiscard]] mempool::PoolStatus pool_status() const override;
    void visit_pool(const std::function<void(const mempool::Entry&, bool is_pending)>& visitor
    ) const override;
    [[nodiscard]] std::optional<std::string> failure() const override { return std::nullopt; }
    [[nodiscard]] uint64_t block_interval_ms() const override { return options_.block_interval_ms; }

    // Listener
    void on_executed(
        const sequencer::OpenBlock& block, std::span<const sequencer::ExecutedPtr> executed
    ) override;
    void on_opened(const sequencer::OpenBlockPtr& block) override;

  private:
    struct Job {
        uint64_t id = 0;
        mempool::TxPtr tx;
        sequencer::SubmitMode mode;
        sequencer::SubmitCallback done;
        uint64_t arrived_ms = 0;
        uint64_t destination = 0;  // that it was sent to last
    };
    struct Waiter {
        uint64_t id = 0;  // of its job
        sequencer::SubmitCallback done;
    };
    struct Sent {
        mempool::Entry entry;
        bool is_taken = false;        // the leader has it
        std::vector<Waiter> waiters;  // for its execution
    };
    class LeaderCall;

    void work();
    void forward(const Job& job, LeaderCall& leader);
    /// What was sent becomes jobs again. Under mutex_.
    void take_back_sent();
    /// Under mutex_.
    [[nodiscard]] bool has_destination() const { return options_.leader || home_ != nullptr; }
    void hand_home(const Job& job, sequencer::Intake& home);
    void came_home(const Job& job, const sequencer::SubmitOutcome& outcome);
    void wait_for_leader(const Job& job);
    /// The home's pool has it, and shows it.
    void forget_accepted(const Job& job);
    /// The leader is gone: later, or elsewhere. False when the job has waited long enough.
    [[nodiscard]] bool try_again(const Job& job);
    /// Under mutex_.
    void note_sent(const Job& job);
    /// What became of it is no news any more: it goes elsewhere, or has been answered.
    [[nodiscard]] bool is_overtaken(const Job& job) const;
    /// The leader has this transaction, whatever it says of a second one.
    [[nodiscard]] static bool has_transaction(const Hash256& hash, LeaderCall& leader);
    /// Those that wait to be sent and have happened meanwhile.
    [[nodiscard]] std::vector<Job> take_jobs(std::span<const sequencer::ExecutedPtr> executed);
    void taken(const Job& job);
    void answer(const Job& job, const sequencer::SubmitOutcome& outcome);
    /// Out of the pool, with whoever waits for it.
    [[nodiscard]] std::vector<Waiter> take(const Hash256& hash);
    void remove(std::unordered_map<Hash256, Sent>::iterator sent);
    void drop_overdue();

    ForwarderOptions options_;
    sequencer::Publisher* publisher_;
    sequencer::OpenBlockPtr open_;  // the publisher's thread alone

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Job> jobs_;                                      // guarded by mutex_
    std::unordered_map<Hash256, Sent> sent_;                    // guarded by mutex_
    std::map<Address, std::map<uint64_t, Hash256>> by_sender_;  // guarded by mutex_
    uint64_t submissions_ = 0;                                  // guarded by mutex_
    sequencer::Intake* home_ = nullptr;                         // guarded by mutex_
    uint64_t destination_ = 0;                                  // guarded by mutex_; counts changes
    bool stopping_ = false;                                     // guarded by mutex_
    std::vector<std::thread> threads_;
};

}  // namespace mega::replica
