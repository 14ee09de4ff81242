#pragma once

// A chain that settles on a real L1 (`mega dev`: anvil with mainnet's limits) while users send at a
// steady rate: what its batches cost L1, how often they come, and how long users wait at the
// bridge.

#include "bench/bench.hpp"
#include "bench/report.hpp"

namespace mega::bench {

/// Two tables: batches at each rate, and the bridge. Takes `live_seconds` a rate.
[[nodiscard]] Result<std::vector<Table>> settlement_live_tables(
    const SettlementBenchOptions& options
);

}  // namespace mega::bench
