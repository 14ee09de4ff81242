#pragma once

// Which rules hold when: the fork schedule of an Ethereum chain, by block number before the merge,
// by total difficulty at it, by timestamp after it (EIP-6122), with the blob schedule that
// blob-parameter-only forks change without touching the rules of execution (EIP-7840, EIP-7892).

#include "execution/block.hpp"

#include <map>
#include <optional>
#include <string_view>
#include <vector>

namespace mega::ethereum {

struct ForkByBlock {
    uint64_t block_number = 0;
    Fork fork = Fork::frontier;
};
struct ForkByTime {
    uint64_t timestamp = 0;  // seconds
    Fork fork = Fork::shanghai;
};
struct BlobsByTime {
    uint64_t timestamp = 0;  // seconds
    execution::BlobSchedule schedule;
};

struct ChainConfig {
    uint64_t chain_id = 1;
    std::vector<ForkByBlock> by_block;  // ascending; up to London
    /// Paris from the first block whose parent has at least this total difficulty; never when
    /// absent.
    std::optional<u256> terminal_total_difficulty;
    std::vector<ForkByTime> by_time;    // ascending; Shanghai and later
    std::vector<BlobsByTime> blobs;     // ascending; Cancun's, Prague's, BPO1 to BPO4
    std::optional<uint64_t> dao_block;  // where the accounts of the DAO are drained (EIP-779)
};

/// Ethereum mainnet, up to BPO2.
[[nodiscard]] const ChainConfig& mainnet();

/// The networks of the official tests: a fork ("Osaka", "BPO1") or a transition
/// ("CancunToPragueAtTime15k", "HomesteadToDaoAt5", "ArrowGlacierToParisAtDiffC0000").
[[nodiscard]] std::optional<ChainConfig> config_of_network(std::string_view network);

/// The rules of a block; `is_merged`: its parent has reached the terminal total difficulty.
[[nodiscard]] Fork fork_at(
    const ChainConfig& config, uint64_t block_number, uint64_t timestamp, bool is_merged
);
/// Zeros before Cancun.
[[nodiscard]] execution::BlobSchedule blobs_at(const ChainConfig& config, uint64_t timestamp);

}  // namespace mega::ethereum
