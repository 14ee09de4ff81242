#pragma once

// Brings withdrawals home: proves each on L1 as soon as a claim covers it, and finalises it when
// claim and proof are ripe. Which are open is found by reading the chain's logs from the first
// block that is not known to be done; L1 says what is done. It pays the gas and gains nothing.
//
// No thread of its own: whoever owns it calls tick() now and then, always from the same one.

#include "settlement/chain_proofs.hpp"
#include "settlement/deployment.hpp"

#include <deque>
#include <functional>

namespace mega::settlement {

struct RelayerOptions {
    Contracts contracts;
    uint64_t blocks_a_scan = 5'000;
};

/// For metrics; any thread reads.
struct RelayerCounters {
    std::atomic<uint64_t> proven{0};
    std::atomic<uint64_t> finalized{0};
    std::atomic<uint64_t> waiting{0};
    std::atomic<uint64_t> failures{0};
};

class Relayer {
  public:
    struct Parts {
        L1Client& client;
        TxManager& sender;
        ChainProofs& chain;
        const StopSignal& stop;
        std::function<void(const std::string&)> log;
    };
    /// Withdrawals before `first_block` are none of its business.
    Relayer(const RelayerOptions& options, uint64_t first_block, Parts parts)
        : options_(options), parts_(std::move(parts)), next_block_(first_block) {}

    /// One look; true when something was sent.
    [[nodiscard]] Result<bool> step();
    /// step(), with what went wrong logged once until it changes.
    void tick();

    [[nodiscard]] const RelayerCounters& counters() const { return counters_; }

  private:
    struct Open {
        ChainProofs::Sent sent;
        Hash256 hash;
        bool has_failed = false;  // it was tried and L1 said no: tried again with the next claim
        uint64_t tried_claim = 0;
    };
    struct Claimed {
        uint64_t index = 0;
        Claim claim;
    };
    [[nodiscard]] Result<void> scan(uint64_t last_block);
    [[nodiscard]] Result<std::optional<Claimed>> newest_claim();
    /// True when it needs no more care.
    [[nodiscard]] Result<bool> advance(Open& open, const Claimed& claimed, uint64_t l1_time);
    [[nodiscard]] Result<void> prove(Open& open, const Claimed& claimed);
    [[nodiscard]] Result<bool> finalize(Open& open);

    RelayerOptions options_;
    Parts parts_;
    uint64_t next_block_;
    std::deque<Open> open_;
    RelayerCounters counters_;
    bool has_sent_ = false;
    std::string last_words_;
};

}  // namespace mega::settlement
