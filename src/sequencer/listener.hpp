#pragma once

// Who wants to hear what happened: subscriptions, filters, metrics. Everything but on_accepted is
// durable when reported. Calls come one at a time, in the order of the chain, on the publisher's
// thread; a listener must not block.

#include "sequencer/open_block.hpp"

namespace mega::sequencer {

class Listener {
  public:
    virtual ~Listener() = default;
    /// Accepted into the pool, executed at once or not.
    virtual void on_accepted(const mempool::TxPtr&) {}
    virtual void on_executed(const OpenBlock&, std::span<const ExecutedPtr>) {}
    virtual void on_mini_block(const MiniBlockPtr&) {}
    virtual void on_sealed(const SealedPtr&) {}
    /// The chain went back to the end of this block.
    virtual void on_reverted(uint64_t /*number*/) {}

    Listener() = default;
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
};

}  // namespace mega::sequencer
