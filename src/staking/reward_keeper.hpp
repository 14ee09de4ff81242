#pragma once

// Keeps rewards coming, for an operator: what `mega staking report --propose`, `--object` and the
// first `claim` do by hand.
//
//   proposes an epoch's root, once L1 cannot take back anything that its report is made of
//   objects to a root that is not what L1 gives, whoever proposed it
//   makes a right root final when its window is over, so that bonds come back
//
// Roots are taken in order, and one is enough: who leads goes first, the others after a while, each
// later than the one before. An epoch in which nobody earned anything waits for a vote to skip it.
//
// What it cannot do: pay the bond from nothing. An operator without MEGA on L1 is told so, once.
//
// No thread of its own: whoever owns it calls tick() now and then, always from the same one.

#include "staking/staker.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>

namespace mega::staking {

struct RewardKeeperOptions {
    /// So long after it was seen to be due, an epoch's root is proposed by one that does not lead;
    /// in steps of as much for each validator before it.
    std::chrono::milliseconds standby{30'000};
    /// After something that failed.
    std::chrono::milliseconds pause{30'000};
};

/// For metrics; any thread reads.
struct RewardKeeperCounters {
    std::atomic<uint64_t> proposed{0};
    std::atomic<uint64_t> objections{0};
    std::atomic<uint64_t> finalized{0};
    std::atomic<uint64_t> failures{0};
};

class RewardKeeper {
  public:
    struct Parts {
        settlement::L1Client& client;
        settlement::TxManager& sender;  // of the operator
        const settlement::RollupFile& rollup;
        const settlement::StopSignal& stop;
        std::function<void(const std::string&)> log;
        /// This node posts batches now; empty: it always does.
        std::function<bool()> is_leading{};
        /// Held while something is sent; whoever else sends with this key does the same. Null:
        /// nobody.
        std::mutex* turn = nullptr;
    };
    RewardKeeper(const RewardKeeperOptions& options, Parts parts)
        : options_(options), parts_(std::move(parts)) {}

    /// One look, with a report for each root that it has not seen yet; true when something was
    /// sent.
    [[nodiscard]] Result<bool> step();
    /// step(), with what went wrong logged once until it changes, and a pause after it.
    void tick();

    [[nodiscard]] const RewardKeeperCounters& counters() const { return counters_; }

  private:
    using Clock = std::chrono::steady_clock;

    /// Nothing: the sender is no operator in office.
    [[nodiscard]] Result<std::optional<uint32_t>> own_id();
    [[nodiscard]] Result<bool> look_at_roots(uint64_t closed_end, uint64_t l1_time);
    [[nodiscard]] Result<bool> judge(uint64_t epoch, uint64_t l1_time);
    [[nodiscard]] Result<bool> propose_next(uint64_t closed_end, uint32_t id);
    [[nodiscard]] Result<uint64_t> next_epoch();
    [[nodiscard]] std::unique_lock<std::mutex> take_turn() const;
    void say(const std::string& words);

    RewardKeeperOptions options_;
    Parts parts_;
    RewardKeeperCounters counters_;
    std::unique_ptr<L1Staking> staking_;  // null until L1 has answered
    std::unique_ptr<RewardSource> source_;
    std::unique_ptr<Staker> staker_;
    std::map<uint64_t, Hash256> right_;          // roots that were compared, by epoch
    std::map<uint64_t, Clock::time_point> due_;  // the next epoch, since when
    std::optional<uint64_t> without_rewards_;    // the next epoch, when nobody earned anything
    Clock::time_point paused_until_;
    std::string last_words_;
};

}  // namespace mega::staking
