#pragma once

// eth_callAfter: a call that waits until an account has reached a nonce, so that a client sees the
// effect of its transaction without asking again and again.

#include "rpc/backend.hpp"
#include "rpc/dispatcher.hpp"
#include "rpc/timer.hpp"
#include "rpc/worker_pool.hpp"
#include "sequencer/listener.hpp"

#include <unordered_map>

namespace mega::rpc {

class NonceWaiters final : public sequencer::Listener {
  public:
    NonceWaiters(const Backend& backend, WorkerPool& workers)
        : backend_(&backend), workers_(&workers) {}

    // Listener: the publisher's thread. Senders' nonces are known at once, others' (authorities,
    // contracts that create) with the mini-block.
    void on_executed(const sequencer::OpenBlock& block, std::span<const sequencer::ExecutedPtr>)
        override;
    void on_mini_block(const sequencer::MiniBlockPtr& mini_block) override;

    /// `done` is called once, with true on a worker when the account's nonce is at least `nonce`,
    /// or with false when `timeout_ms` have passed or there is no room. Any thread.
    void wait(
        const Address& address,
        uint64_t nonce,
        uint32_t timeout_ms,
        std::function<void(bool is_reached)> done
    );
    [[nodiscard]] size_t count() const;

  private:
    struct Waiter {
        uint64_t id = 0;
        uint64_t nonce = 0;
        Timer::Key deadline;
        std::function<void(bool)> done;
    };
    void nonce_reached(const Address& address, uint64_t nonce);
    void expire(const Address& address, uint64_t id);
    [[nodiscard]] std::vector<Waiter> take_reached(const Address& address, uint64_t nonce);

    const Backend* backend_;
    WorkerPool* workers_;
    mutable std::mutex mutex_;
    std::unordered_multimap<Address, Waiter> waiters_;  // guarded by mutex_
    uint64_t next_id_ = 0;                              // guarded by mutex_
};

/// eth_callAfter [call, {account, nonce, timeout}, stateOverride, blockOverrides].
void add_wait_methods(Dispatcher& dispatcher, const Backend& backend, NonceWaiters& waiters);

}  // namespace mega::rpc
