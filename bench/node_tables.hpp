#pragma once

// The tables of `mega bench node`, each with the runs behind it. `work` is an existing directory on
// a disk.

#include "bench/bench.hpp"
#include "bench/report.hpp"

namespace mega::bench {

/// eth_sendRawTransactionSync at each rate, ours and anvil's in turns.
[[nodiscard]] Result<Table> latency_table(
    const NodeBenchOptions& options, const std::filesystem::path& work
);
/// Batches over WebSockets under several loads; then where the time of the best one goes.
[[nodiscard]] Result<std::vector<Table>> throughput_tables(
    const NodeBenchOptions& options, const std::filesystem::path& work
);
/// Memory and restart for each number of accounts.
[[nodiscard]] Result<Table> state_table(
    const NodeBenchOptions& options, const std::filesystem::path& work
);

}  // namespace mega::bench
