#pragma once

// Duties as L1 has them (contracts/src/staking/LeaderSchedule.sol): for the present slot and the
// next one, who is in charge and who stands behind. Asked for ahead of time by a thread of its own,
// so that a slot's end is met without a question. While L1 is away the last known order stays.
//
// Also the one who takes over on L1, for as long as this node leads without being in charge: L1
// takes a batch from nobody else.

#include "settlement/stop_signal.hpp"
#include "staking/l1_staking.hpp"

#include <atomic>
#include <functional>
#include <mutex>
#include <thread>

namespace mega::leadership {

/// A slot [start, end) of L1 time, in seconds.
struct SlotDuties {
    uint64_t start = 0;
    uint64_t end = 0;
    std::vector<Address> ranks;  // operators, the one in charge first
};

class Duties {
  public:
    struct Options {
        settlement::L1ClientOptions l1;
        settlement::StakingContracts contracts;
        uint64_t l1_chain_id = 0;
        crypto::SecretKey operator_key;
        uint32_t poll_ms = 250;
        std::function<void(const std::string&)> log;
    };
    [[nodiscard]] static Result<std::unique_ptr<Duties>> start(const Options& options);
    ~Duties();
    Duties(const Duties&) = delete;
    Duties& operator=(const Duties&) = delete;

    // Any thread.

    /// Of the present slot; of the last one that is known when L1 is away. Nothing before the first
    /// answer.
    [[nodiscard]] std::optional<SlotDuties> present() const;
    /// The key that this operator signs mini-blocks with; nothing when L1 has not told.
    [[nodiscard]] std::optional<Address> signer_of(const Address& operator_address) const;
    /// From now on, until told otherwise, L1 is asked to let this node take over.
    void want_to_take_over(bool wanted) { wants_to_take_over_ = wanted; }
    [[nodiscard]] uint64_t takeovers() const { return takeovers_; }

  private:
    Duties(const Options& options, std::unique_ptr<settlement::L1Client> client);
    void run();
    [[nodiscard]] Result<void> refresh();
    [[nodiscard]] Result<SlotDuties> ask_for(uint64_t time_s);
    [[nodiscard]] Result<Address> operator_of(uint32_t id);
    void take_over();

    Options options_;
    std::unique_ptr<settlement::L1Client> client_;
    settlement::StopSignal stop_;
    settlement::TxManager transactions_;
    std::unique_ptr<staking::L1Staking> staking_;  // null until L1 has answered once
    std::map<uint32_t, Address> operators_;        // by validator id: they never change
    std::string last_words_;
    std::atomic<bool> wants_to_take_over_{false};
    std::atomic<uint64_t> takeovers_{0};
    mutable std::mutex mutex_;
    std::vector<SlotDuties> slots_;       // guarded by mutex_; ascending
    std::map<Address, Address> signers_;  // guarded by mutex_; by operator
    std::thread thread_;
};

}  // namespace mega::leadership
