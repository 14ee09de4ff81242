#pragma once

// How long a transaction takes from sending to receipt, at a given rate.
//
// Open loop: transaction k is due at k / rate, whatever became of those before it, and its latency
// counts from when it was due. A server that stalls is charged for all that it kept waiting
// (no coordinated omission). The next free connection takes the next transaction.

#include "bench/process.hpp"
#include "bench/statistics.hpp"
#include "bench/transfers.hpp"

#include <optional>

namespace mega::bench {

struct LatencyLoad {
    double rate = 0;  // transactions per second
    uint32_t seconds = 0;
    uint32_t connections = 0;
    /// Beyond the schedule by this much, the run is cut off: what is still unsent counts with the
    /// time that it has waited, a lower bound.
    uint32_t grace_ms = 3000;
};

struct LatencyRun {
    Quantiles latency_ns;
    double completed_share = 0;  // with a receipt of status 1, of those scheduled
    double achieved_rate = 0;    // receipts per second
    uint64_t samples = 0;
    std::optional<std::string> first_error;
};

/// Sends through eth_sendRawTransactionSync over HTTP with kept-alive connections.
[[nodiscard]] LatencyRun measure_latency(
    const net::Url& url, TransactionSource& source, const LatencyLoad& load
);

}  // namespace mega::bench
