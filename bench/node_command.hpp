#pragma once

// How the nodes under test are started.

#include "bench/bench.hpp"
#include "bench/process.hpp"

namespace mega::bench {

/// Of the development chain; anvil is told to use the same.
inline constexpr uint64_t dev_chain_id = 6342;

/// Its own file.
[[nodiscard]] std::filesystem::path this_program();

/// `mega dev` with its data in `data`, every acknowledgement synced to disk.
[[nodiscard]] NodeProcess::Command dev_node(
    const NodeBenchOptions& options,
    const std::filesystem::path& data,
    std::vector<std::string> more = {}
);
/// anvil, mining each transaction at once, which is its default; told to keep no old states, so
/// that a long chain burdens it less.
[[nodiscard]] NodeProcess::Command anvil_node(
    const NodeBenchOptions& options, const std::filesystem::path& directory
);

}  // namespace mega::bench
