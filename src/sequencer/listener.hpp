#pragma once

// Who wants to hear what happened: subscriptions, filters, metrics. Everything but on_accepted is
// durable when reported. Calls come one at a time, in the order of the chain, on the publisher's
// thread; a listener must not block.

#include "sequencer/open_block.hpp"

namespace mega::sequencer {

/// L1 took back blocks that were shown before.
struct Reorganisation {
    uint64_t kept = 0;           // the last block that stayed
    uint64_t previous_head = 0;  // the last one before
    std::string reason;
    /// Of transactions in the blocks taken back: those that are in no block any more, and those
    /// whose receipts have come out otherwise (status, gas or logs).
    std::vector<Hash256> dropped;
    std::vector<Hash256> changed;
};

class Listener {
  public:
    virtual ~Listener() = default;
    /// Accepted into the pool, executed at once or not.
    virtual void on_accepted(const mempool::TxPtr&) {}
    virtual void on_executed(const OpenBlock&, std::span<const ExecutedPtr>) {}
    virtual void on_mini_block(const MiniBlockPtr&) {}
    virtual void on_sealed(const SealedPtr&) {}
    /// The block after the last sealed one, from the start on; again when it is opened anew.
    virtual void on_opened(const OpenBlockPtr&) {}
    /// The chain went back to the end of this block. What is open now is told next.
    virtual void on_reverted(uint64_t /*number*/) {}
    /// Follows on_reverted, and what was executed again.
    virtual void on_reorganised(const Reorganisation&) {}

    Listener() = default;
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
};

}  // namespace mega::sequencer
