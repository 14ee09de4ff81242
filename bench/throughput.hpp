#pragma once

// How many transactions a node takes per second when they come in batches over WebSockets: closed
// loop, each connection keeps a few batches under way. Requests are signed and written beforehand.

#include "bench/process.hpp"
#include "bench/transfers.hpp"

namespace mega::bench {

struct ThroughputLoad {
    uint32_t connections = 1;
    uint32_t batch = 100;    // transactions a message
    uint32_t under_way = 2;  // messages of one connection that wait for their answer
    uint64_t transactions = 0;
};

struct ThroughputRun {
    double tps = 0;            // executed, until the last was both executed and answered
    double node_cpu_us = 0;    // processor time of the node per transaction
    double execute_us = 0;     // of it, by the node's own counter, executing
    double seal_us = 0;        // wall time of sealing per transaction
    double client_cpu_us = 0;  // what the client took on the same machine
};

/// Fails when any transaction is refused or does not execute in time.
[[nodiscard]] Result<ThroughputRun> measure_throughput(
    const NodeProcess& node, TransactionSource& source, const ThroughputLoad& load
);

}  // namespace mega::bench
