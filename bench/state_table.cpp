#include "bench/big_state.hpp"
#include "bench/node_tables.hpp"

#include <fmt/format.h>

namespace mega::bench {

Result<Table> state_table(const NodeBenchOptions& options, const std::filesystem::path& work) {
    Table table{
        .key = "state",
        .title = fmt::format(
            "Memory and restart with many accounts (restart: kill -9, then until eth_chainId is "
            "answered, median of {})",
            options.runs
        ),
        .columns =
            {
                {"accounts", "accounts"},
                {"first_start_s", "first start s", 1},
                {"resident_mib", "resident MiB"},
                {"peak_mib", "peak MiB"},
                {"resident_after_transfers_mib", "after 10k transfers MiB"},
                {"restart_ms", "restart ms"},
                {"restarted_mib", "resident after restart MiB"},
                {"nothing_lost", "nothing lost"},
                {"disk_mib", "data MiB"},
            },
    };
    for (const uint64_t accounts : options.accounts) {
        const auto directory = work / fmt::format("state-{}", accounts);
        std::filesystem::create_directories(directory);
        const auto state = measure_big_state(options, accounts, directory);
        std::error_code ignored;
        std::filesystem::remove_all(directory, ignored);
        if (!state) {
            return Err{state.error()};
        }
        table.rows.push_back(
            {static_cast<double>(accounts),
             state->first_start_s,
             state->first_start.resident_mib,
             state->first_start.peak_resident_mib,
             state->used.resident_mib,
             state->restart_ms,
             state->restarted.resident_mib,
             state->nothing_lost ? "yes" : "NO",
             state->database_mib}
        );
    }
    return table;
}

}  // namespace mega::bench
