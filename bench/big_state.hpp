#pragma once

// A chain with many accounts: memory of the node, and how fast it is back after kill -9.

#include "bench/bench.hpp"
#include "bench/process.hpp"
#include "bench/report.hpp"

namespace mega::bench {

struct BigState {
    uint64_t accounts = 0;
    double first_start_s = 0;        // reads the genesis file, fills the database
    NodeProcess::Usage first_start;  // right after
    NodeProcess::Usage used;         // after transfers to random ones of the accounts
    double restart_ms = 0;           // after kill -9, until eth_chainId is answered
    NodeProcess::Usage restarted;
    bool nothing_lost = false;  // every acknowledged transaction was there after each restart
    double database_mib = 0;
};

/// `directory` is made and removed.
[[nodiscard]] Result<BigState> measure_big_state(
    const NodeBenchOptions& options, uint64_t accounts, const std::filesystem::path& directory
);

}  // namespace mega::bench
